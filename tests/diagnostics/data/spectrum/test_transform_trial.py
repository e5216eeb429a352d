"""The gain of a transform in retrieval is the one that was built in."""

from __future__ import annotations

import numpy as np
import pytest
from evaluation.means import mean_metrics
from made import split_of

from lvmctl.core.errors import DataError
from lvmctl.data import Split, Windows, open_split
from lvmctl.data.moments import moments
from lvmctl.data.transforms import Transform, transforms
from lvmctl.diagnostics.data.spectrum.transform_trial import best, trial


def disturbed(seed: int, chunks: int = 30, articles: int = 40) -> Split:
    """A world in which ``direct`` finds its target, but for one axis of noise that outweighs it."""
    source = f"synth:ar1?articles={articles}&chunks={chunks}&dim=12&a=0.8&seed={seed}"
    rows = np.array(open_split(source).vectors)
    noise = np.random.default_rng(seed).standard_normal((len(rows), 1)) * 3
    return split_of(np.hstack([rows, noise]), [chunks] * articles)


def test_raw_figures_are_those_of_the_evaluation():
    split = disturbed(0)
    results = trial(split, (5, 1), {}, 0)
    windows = Windows(split, 5, 1)
    last = windows.context(np.arange(len(windows)))[:, -1]
    expected = mean_metrics(windows, last)["in_article"]["filtered"]
    assert results["raw"]["r@5"]["value"] == expected["r@5"]
    assert results["raw"]["mrr@10"]["value"] == expected["mrr@10"]
    assert results["raw"]["r@5"]["chance"] == expected["chance_r@5"]
    assert results["windows"] == expected["windows"] == 40 * 25
    assert best(results) is None


def test_the_transform_that_takes_the_noise_away_is_named():
    split, steps = disturbed(1), []
    tried = transforms(moments(disturbed(2)))
    results = trial(split, (5, 1), tried, 0, steps.append)
    assert best(results) == "minus-1"
    clean = split_of(split.vectors[:, :12], [30] * 40)
    wanted = trial(clean, (5, 1), {}, 0)["raw"]["r@5"]["value"]
    gained = results["transforms"]["minus-1"]["r@5"]
    assert gained["value"] == pytest.approx(wanted, abs=0.02)
    raw = results["raw"]["r@5"]["value"]
    assert gained["difference"] == pytest.approx(gained["value"] - raw)
    assert gained["value"] > raw + 0.2
    assert gained["ci"][0] < gained["difference"] < gained["ci"][1]
    assert gained["sure"][0] < gained["ci"][0]
    assert gained["p"] < 0.001
    assert sum(steps) == (1 + len(tried)) * results["windows"]


def test_where_there_is_nothing_to_gain_no_transform_is_named():
    named = 0
    for seed in range(8):
        split = open_split(f"synth:ar1?articles=15&chunks=22&dim=6&a=0.7&seed={seed}")
        named += best(trial(split, (5, 1), transforms(moments(split)), seed)) is not None
    assert named <= 2


def test_a_transform_that_leaves_nothing_of_a_chunk_is_not_offered():
    split = split_of(np.tile([[1.0, 0.0]], (12, 1)), [6, 6])
    tried = {
        "centred": Transform("centred", np.array([1, 0], np.float32)),
        "minus-1": Transform("minus-1", np.array([0, 1], np.float32)),
    }
    steps = []
    assert list(trial(split, (1, 1), tried, 0, steps.append)["transforms"]) == ["minus-1"]
    assert sum(steps) == 3 * 10  # windows, raw and twice transformed


def test_articles_that_are_too_short_are_refused():
    with pytest.raises(DataError, match="no article has the 6 chunks"):
        trial(split_of(np.eye(4), [4]), (5, 1), {}, 0)
