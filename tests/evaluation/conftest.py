"""The slow reference, and splits in memory."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from lvmctl.data import Split
from lvmctl.evaluation.fivecat import latency
from lvmctl.testing.text_store import text_store


@pytest.fixture(scope="session")
def reference():
    """The module ``reference.py`` beside this file."""
    name = "evaluation_reference"
    spec = importlib.util.spec_from_file_location(name, Path(__file__).with_name("reference.py"))
    module = sys.modules[name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _split_of(vectors: np.ndarray, lengths: Sequence[int], **details) -> Split:
    lengths = np.array(lengths, np.int64)
    return Split(
        vectors=vectors,
        starts=np.cumsum(lengths) - lengths,
        lengths=lengths,
        articles=[{"id": i} for i in range(len(lengths))],
        name="made",
        source={},
        **details,
    )


@pytest.fixture(scope="session")
def split_of():
    """``split_of(vectors, lengths)``: a split of articles that lie one after another."""
    return _split_of


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    """The path of a small store of texts."""
    return text_store(tmp_path_factory.mktemp("reading") / "s", articles=16, chunks=10).path


@pytest.fixture
def few_calls(monkeypatch):
    """Latency is measured in a few calls."""
    monkeypatch.setattr(latency, "BLOCKS", {1: (6, 1), 256: (1, 1)})
