"""What several processes measure together is what one measures."""

from __future__ import annotations

import forked
import numpy as np
import pytest
from evaluation.cases import unit_rows

from lvmctl import processes
from lvmctl.data import Windows
from lvmctl.evaluation.retrieval import global_ranks as module
from lvmctl.evaluation.retrieval.global_ranks import global_ranks


@pytest.mark.skipif(not forked.is_possible(), reason="needs fork")
def test_the_figures_of_two_processes_are_those_of_one(run_cli, cli_env, tmp_path):
    words = ["eval", "baselines", "--data", "synth:ar1?articles=12&chunks=22&dim=8", "--json"]
    one = run_cli(*words)
    first, second = forked.torchrun(words, tmp_path, cli_env, tmp_path / "streams")
    assert (first.returncode, second.returncode) == (0, 0)
    assert first.stdout == one.stdout
    assert first.stderr == one.stderr
    assert second.stdout + second.stderr == ""


@pytest.mark.parametrize("size", [1, 2, 5])
def test_the_chunks_of_a_pool_are_counted_in_parts(monkeypatch, split_of, size):
    """The counts of each process alone, then their sum in each."""
    windows = Windows(split_of(unit_rows(np.random.default_rng(0), 60, 8), [9, 14, 30, 7]), 3, 1)
    index = np.arange(len(windows))
    q = windows.target()[::-1].copy()
    q[1] = np.nan
    expected = global_ranks(windows, index, q)
    counted = []
    monkeypatch.setattr(processes._job, "size", size)
    monkeypatch.setattr(module.processes, "gather", lambda value: counted.append(value) or [value])
    for rank in range(size):
        monkeypatch.setattr(processes._job, "rank", rank)
        global_ranks(windows, index, q, shared=True)
    assert len(counted) == size
    monkeypatch.setattr(module.processes, "gather", lambda value: counted)
    ranks, sizes = global_ranks(windows, index, q, shared=True)
    np.testing.assert_array_equal(ranks, expected[0])
    np.testing.assert_array_equal(sizes, expected[1])
