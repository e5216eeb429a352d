"""The tiny models, trained once."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parent))


@pytest.fixture(scope="session")
def made(tmp_path_factory):
    """Folders of a tiny encoder and its models: ``.good``, ``.raw`` (untrained), ``.corrector``."""
    pytest.importorskip("transformers", reason="transformers is not installed")
    pytest.importorskip("safetensors", reason="safetensors is not installed")
    from tiny import Made

    made = Made(tmp_path_factory.mktemp("tiny"))
    made.good, made.raw = made.inversion("good", 150), made.inversion("raw", 0)
    made.right = made.corrector("right", 150)
    return made


@pytest.fixture(scope="session")
def store(made, tmp_path_factory):
    """A store of the texts in the space of the tiny encoder."""
    from tiny import TEXTS

    return written(tmp_path_factory.mktemp("store") / "s", made.vectors.numpy(), TEXTS)


def written(place: Path, vectors: np.ndarray, texts: list[str]):
    """A store of one article."""
    import lvmctl

    place.mkdir()
    np.save(place / "vectors.npy", vectors.astype(np.float32))
    np.save(place / "offsets.npy", np.array([0, len(vectors)], np.int64))
    lines = "".join(json.dumps(text) + "\n" for text in texts)
    (place / "chunks.jsonl").write_text(lines)
    return lvmctl.open_store(place)
