"""The slow reference, and splits in memory."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from lvmctl.data import Split


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
