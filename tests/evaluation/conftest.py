"""The slow reference, and splits in memory."""

from __future__ import annotations

import made
import pytest
from evaluation import reference as module

from lvmctl.evaluation.fivecat import latency
from lvmctl.testing.text_store import text_store


@pytest.fixture(scope="session")
def reference():
    """The module ``reference.py`` beside this file."""
    return module


@pytest.fixture(scope="session")
def split_of():
    """``split_of(vectors, lengths)``: a split of articles that lie one after another."""
    return lambda vectors, lengths, **more: made.split_of(vectors, lengths, vectors.dtype, **more)


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    """The path of a small store of texts."""
    return text_store(tmp_path_factory.mktemp("reading") / "s", articles=16, chunks=10).path


@pytest.fixture
def few_calls(monkeypatch):
    """Latency is measured in a few calls."""
    monkeypatch.setattr(latency, "BLOCKS", {1: (6, 1), 256: (1, 1)})
