"""Transforms do what their names say, and their gain in retrieval is the one that was built in."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

from lvmctl.data import Split, Windows, open_split
from lvmctl.data.arrays import unit64
from lvmctl.diagnostics.geometry import transforms as module
from lvmctl.diagnostics.geometry.spectrum import moments
from lvmctl.diagnostics.geometry.transform_trial import best, direct, trial
from lvmctl.diagnostics.geometry.transforms import Transform, moved, transforms
from lvmctl.errors import DataError
from lvmctl.evaluation.figures import figures


def split_of(vectors: np.ndarray, lengths: list[int]) -> Split:
    """A split whose articles lie one after another."""
    lengths = np.array(lengths, np.int64)
    return Split(
        vectors=np.asarray(vectors, np.float32),
        starts=np.cumsum(lengths) - lengths,
        lengths=lengths,
        articles=[{"id": i} for i in range(len(lengths))],
        name="made",
        source={},
    )


def leaning(seed: int = 0, dim: int = 8, count: int = 600) -> Split:
    """Chunks around a mean, with variances 16, 4, 1, 1, …."""
    rng = np.random.default_rng(seed)
    scale = np.r_[4.0, 2.0, np.ones(dim - 2)]
    return split_of(rng.standard_normal((count, dim)) * scale + 3, [20] * (count // 20))


def before_scaling(split: Split, transform: Transform) -> np.ndarray:
    """(x − mean)·matrix in float64."""
    shifted = unit64(split.vectors) - transform.mean
    return shifted if transform.matrix is None else shifted @ transform.matrix


def test_centred_takes_the_mean_off():
    split = leaning()
    centred = transforms(moments(split))["centred"]
    assert before_scaling(split, centred).mean(axis=0) == pytest.approx(0, abs=1e-6)
    rows = unit64(split.vectors)
    expected = unit64(rows - rows.mean(axis=0))
    assert centred(rows.astype(np.float32)) == pytest.approx(expected, abs=1e-5)


def test_minus_n_leaves_nothing_on_the_leading_axes():
    split = leaning()
    rows = unit64(split.vectors)
    _, axes = np.linalg.eigh(np.cov(rows.T))
    for removed in (1, 2, 3):
        transform = transforms(moments(split))[f"minus-{removed}"]
        left = transform(rows.astype(np.float32))
        assert left @ axes[:, -removed:] == pytest.approx(0, abs=1e-4)
        assert np.linalg.norm(left, axis=1) == pytest.approx(1, abs=1e-5)
        assert (left @ axes[:, :-removed]).std(axis=0).min() > 0.1


def test_whitened_has_the_same_variance_along_every_axis():
    split = leaning()
    white = before_scaling(split, transforms(moments(split))["whitened"])
    assert white.T @ white / len(white) == pytest.approx(np.eye(8), abs=1e-3)


def test_axes_without_variance_are_not_blown_up():
    rows = np.hstack([leaning(dim=4).vectors, np.zeros((600, 3))])
    found = transforms(moments(split_of(rows, [600])))
    assert found["whitened"].matrix.shape == (7, 4)
    assert "minus-3" in found


@pytest.mark.parametrize(
    ("rows", "names"),
    [
        (np.array([[1.0, 0], [0, 1], [1, 1], [-1, 0]]), ["centred", "minus-1", "whitened"]),
        (np.array([[1.0, 0], [0, 1]]), ["centred"]),
        (np.array([[1.0, 0], [1, 0]]), ["centred"]),
    ],
    ids=["plane", "line", "point"],
)
def test_only_transforms_that_leave_something(rows, names):
    assert list(transforms(moments(split_of(rows, [len(rows)])))) == names


def test_a_chunk_of_which_nothing_is_left_has_no_direction():
    centred = Transform(np.array([1, 0], np.float32))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = centred(np.array([[1, 0], [0, 1]], np.float32))
    assert np.isnan(found[0]).all()
    assert found[1] == pytest.approx([-(0.5**0.5), 0.5**0.5])


def test_moved_keeps_the_articles_that_were_chosen(monkeypatch):
    split = leaning().take(np.array([3, 1]))
    monkeypatch.setattr(module, "BLOCK_BYTES", 7 * 8 * 8)
    same = moved(split, None)
    rows = unit64(split.vectors)
    assert same.vectors == pytest.approx(np.vstack([rows[60:80], rows[20:40]]), abs=1e-6)
    assert same.starts.tolist() == [0, 20]
    assert [article["id"] for article in same.articles] == [3, 1]
    transform = transforms(moments(split))["centred"]
    assert moved(split, transform).vectors == pytest.approx(transform(same.vectors))


def disturbed(seed: int, chunks: int = 30, articles: int = 40) -> Split:
    """A world in which ``direct`` finds its target, but for one axis of noise that outweighs it."""
    source = f"synth:ar1?articles={articles}&chunks={chunks}&dim=12&a=0.8&seed={seed}"
    rows = np.array(open_split(source).vectors)
    noise = np.random.default_rng(seed).standard_normal((len(rows), 1)) * 3
    return split_of(np.hstack([rows, noise]), [chunks] * articles)


def test_raw_figures_are_those_of_the_evaluation():
    split = disturbed(0)
    found = trial(split, (5, 1), {}, 0)
    windows = Windows(split, 5, 1)
    last = windows.context(np.arange(len(windows)))[:, -1]
    expected = figures(windows, last)["in_article"]["filtered"]
    assert found["raw"]["r@5"]["value"] == expected["r@5"]
    assert found["raw"]["mrr@10"]["value"] == expected["mrr@10"]
    assert found["raw"]["r@5"]["chance"] == expected["chance_r@5"]
    assert found["windows"] == expected["windows"] == 40 * 25
    assert best(found) is None


def test_the_transform_that_takes_the_noise_away_is_named():
    split, told = disturbed(1), []
    tried = transforms(moments(disturbed(2)))
    found = trial(split, (5, 1), tried, 0, told.append)
    assert best(found) == "minus-1"
    clean = split_of(split.vectors[:, :12], [30] * 40)
    wanted = trial(clean, (5, 1), {}, 0)["raw"]["r@5"]["value"]
    gained = found["transforms"]["minus-1"]["r@5"]
    assert gained["value"] == pytest.approx(wanted, abs=0.02)
    raw = found["raw"]["r@5"]["value"]
    assert gained["difference"] == pytest.approx(gained["value"] - raw)
    assert gained["value"] > raw + 0.2
    assert gained["ci"][0] < gained["difference"] < gained["ci"][1]
    assert gained["sure"][0] < gained["ci"][0]
    assert gained["p"] < 0.001
    assert sum(told) == 1 + len(tried)


def test_where_there_is_nothing_to_gain_no_transform_is_named():
    named = 0
    for seed in range(8):
        split = open_split(f"synth:ar1?articles=15&chunks=22&dim=6&a=0.7&seed={seed}")
        named += best(trial(split, (5, 1), transforms(moments(split)), seed)) is not None
    assert named <= 2


def test_a_transform_that_leaves_nothing_ranks_last():
    split = split_of(np.tile([[1.0, 0.0]], (12, 1)), [6, 6])
    gone = Transform(np.array([1, 0], np.float32))
    _, after, sizes = direct(split, gone, (1, 1))
    assert sizes.tolist() == [5] * 10
    assert after["r@5"].tolist() == [1] * 10  # the last of five
    assert after["mrr@10"].tolist() == [0.2] * 10


def test_articles_that_are_too_short_are_refused():
    with pytest.raises(DataError, match="needs articles of 6 chunks"):
        trial(split_of(np.eye(4), [4]), (5, 1), {}, 0)
