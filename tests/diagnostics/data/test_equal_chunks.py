"""Chunks that are equal, or nearly so, break no diagnostic that factorises their moments."""

from __future__ import annotations

import numpy as np
import pytest

import lvmctl


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    """12 articles of 12 chunks, which are one chunk but for noise."""
    path, rng = tmp_path_factory.mktemp("equal"), np.random.default_rng(0)
    rows = rng.standard_normal((1, 4)) + 1e-8 * rng.standard_normal((144, 4))
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    np.save(path / "vectors.npy", rows.astype(np.float32))
    np.save(path / "offsets.npy", np.arange(0, 145, 12))
    return str(path)


@pytest.mark.parametrize("name", ["geometry", "direction", "ceilings"])
def test_a_diagnostic_ends_with_a_verdict(store, name):
    assert lvmctl.diagnose(name, store).verdict
