"""The tiny models, trained once."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))


@pytest.fixture(scope="session")
def made(tmp_path_factory):
    """Folders of a tiny encoder and its models: ``.good``, ``.raw`` (untrained), ``.corrector``."""
    pytest.importorskip("transformers", reason="transformers is not installed")
    pytest.importorskip("safetensors", reason="safetensors is not installed")
    from tiny_vec2text import Made

    made = Made(tmp_path_factory.mktemp("tiny"))
    made.good, made.raw = made.inversion("good", 150), made.inversion("raw", 0)
    made.right = made.corrector("right", 150)
    return made


@pytest.fixture(scope="session")
def store(made, tmp_path_factory):
    """A store of the texts in the space of the tiny encoder."""
    from tiny_vec2text import TEXTS, written

    return written(tmp_path_factory.mktemp("store") / "s", made.vectors.numpy(), TEXTS)
