"""Mean, spectrum and effective rank, against closed forms and slow sums."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lvmctl.data import Split
from lvmctl.data.arrays import unit64
from lvmctl.diagnostics.geometry import spectrum
from lvmctl.diagnostics.geometry.spectrum import (
    figures,
    grouped,
    intervals,
    isotropic,
    moments,
    summed,
)


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


def sphere(count: int, dim: int, seed: int = 0) -> np.ndarray:
    """Uniform on the sphere."""
    return unit64(np.random.default_rng(seed).standard_normal((count, dim)))


def two_blocks(count: int, share: float, few: int, many: int, seed: int) -> np.ndarray:
    """Uniform on the sphere of ``few`` axes with probability ``share``, else on that of ``many``
    others: ``few`` eigenvalues of share/few and ``many`` of (1 − share)/many."""
    rng = np.random.default_rng(seed)
    first = rng.random(count) < share
    rows = np.zeros((count, few + many))
    rows[first, :few] = sphere(first.sum(), few, seed + 1)
    rows[~first, few:] = sphere((~first).sum(), many, seed + 2)
    return rows


def test_eigenvalues_that_were_chosen():
    found = figures(moments(split_of(two_blocks(40_000, 0.6, 2, 8, 0), [100] * 400)))
    entropy = -(2 * 0.3 * math.log(0.3) + 8 * 0.05 * math.log(0.05))
    assert found["participation"] == pytest.approx(1 / (2 * 0.3**2 + 8 * 0.05**2), rel=0.01)
    assert found["effective_rank"] == pytest.approx(math.exp(entropy), rel=0.01)
    assert found["top_1"] == pytest.approx(0.3, abs=0.01)
    assert found["top_3"] == pytest.approx(0.65, abs=0.01)
    assert found["mean_norm"] < 0.02


@pytest.mark.parametrize("ratio", [1.0, 3.0, 20.0])
def test_a_gaussian_of_chosen_covariance_in_the_plane(ratio):
    """For x ~ N(0, diag(s²r², s²)), x₁²/‖x‖² is r/(1 + r) on average, and r is the ratio."""
    rng = np.random.default_rng(1)
    turn = np.array([[0.6, -0.8], [0.8, 0.6]])
    rows = rng.standard_normal((60_000, 2)) * [ratio, 1.0] @ turn
    found = moments(split_of(rows, [300] * 200))
    assert found.shares == pytest.approx([ratio / (1 + ratio), 1 / (1 + ratio)], abs=0.005)
    values, axes = found.spectrum
    assert values == pytest.approx(found.eigenvalues)
    if ratio > 1:
        assert abs(axes[:, 0] @ turn[0]) == pytest.approx(1, abs=1e-3)


def test_a_mean_that_was_chosen():
    rows = np.hstack([np.full((20_000, 1), 0.6), 0.8 * sphere(20_000, 30)])
    found = figures(moments(split_of(rows, [50] * 400)))
    assert found["mean_norm"] == pytest.approx(0.6, abs=0.002)
    assert found["mean_cosine"] == pytest.approx(0.36, abs=0.002)
    assert found["participation"] == pytest.approx(30, rel=0.01)


lengths = st.lists(st.integers(1, 9), min_size=1, max_size=8)


@given(lengths, st.integers(1, 5), st.integers(0, 10**6))
@settings(max_examples=40)
def test_sums_are_those_of_a_loop(lengths, dim, seed):
    rng = np.random.default_rng(seed)
    split = split_of(rng.standard_normal((sum(lengths), dim)) + 1, lengths)
    rows, low = unit64(split.vectors), 0
    total, second, own = np.zeros(dim), np.zeros((dim, dim)), 0.0
    for length in lengths:
        article = rows[low : low + length]
        low += length
        total += article.sum(axis=0)
        own += float(article.sum(axis=0) @ article.sum(axis=0))
        for x in article:
            second += np.outer(x, x)
    told = []
    found = summed(grouped(split, seed, told.append))
    assert sum(told) == found.chunks == len(rows)
    assert found.total == pytest.approx(total, abs=1e-4)
    assert found.second == pytest.approx(second, abs=1e-4)
    assert found.own == pytest.approx(own, abs=1e-4)
    owner = np.repeat(np.arange(len(lengths)), lengths)
    cosines = (rows @ rows.T)[owner[:, None] != owner]
    if len(cosines):
        assert found.mean_cosine == pytest.approx(cosines.mean(), abs=1e-5)
    else:
        assert math.isnan(found.mean_cosine)


def test_articles_that_lie_in_many_blocks(monkeypatch):
    split = split_of(sphere(40, 3), [1, 17, 2, 20])
    whole = moments(split)
    for size in (1, 3 * 8 * 5):
        monkeypatch.setattr(spectrum, "BLOCK_BYTES", size)
        found = moments(split)
        assert found.own == pytest.approx(whole.own)
        assert found.second == pytest.approx(whole.second, abs=1e-5)
        assert (found.chunks, found.squares) == (40, 1 + 289 + 4 + 400)


def test_groups_hold_every_article_once_and_subtract():
    split = split_of(sphere(300, 4), [5] * 60)
    groups = grouped(split, 3)
    assert [group.chunks for group in groups] == [15] * 20
    whole = moments(split)
    rest, left_out = whole - groups[0], summed(groups[1:])
    assert rest.second == pytest.approx(left_out.second, abs=1e-4)
    assert figures(rest)["participation"] == pytest.approx(figures(left_out)["participation"])
    assert len(grouped(split.take(np.arange(3)), 0)) == 3


def test_wide_vectors_have_fewer_groups(monkeypatch):
    monkeypatch.setattr(spectrum, "GROUP_BYTES", 8 * 16 * 7)
    split = split_of(sphere(60, 4), [1] * 60)
    assert len(grouped(split, 0)) == 7
    monkeypatch.setattr(spectrum, "GROUP_BYTES", 1)
    assert len(grouped(split, 0)) == 5


def test_intervals_cover_what_they_are_of():
    truth = {"participation": 1 / (2 * 0.3**2 + 8 * 0.05**2), "mean_cosine": 0.0}
    covered = dict.fromkeys(truth, 0)
    for seed in range(40):
        split = split_of(two_blocks(1200, 0.6, 2, 8, 10 * seed), [20] * 60)
        groups = grouped(split, seed)
        ends, found = intervals(groups, seed), figures(summed(groups))
        for name, value in truth.items():
            low, high = ends[name]
            assert low <= found[name] <= high
            covered[name] += low <= value <= high
    assert all(33 <= count <= 40 for count in covered.values()), covered


def test_intervals_widen_when_articles_are_alike_inside():
    rows = sphere(50, 6)
    apart = split_of(sphere(1000, 6, 1), [20] * 50)
    alike = split_of(np.repeat(rows, 20, axis=0), [20] * 50)
    wide, narrow = (intervals(grouped(split, 0), 0)["participation"] for split in (alike, apart))
    assert wide[1] - wide[0] > 2 * (narrow[1] - narrow[0])


@pytest.mark.parametrize(("chunks", "dim"), [(2000, 20), (200, 40), (40, 40), (20, 60)])
def test_what_isotropic_chunks_have(chunks, dim):
    draws = [figures(moments(split_of(sphere(chunks, dim, s), [1] * chunks))) for s in range(20)]
    for name, value in isotropic(chunks, dim).items():
        seen = np.array([found[name] for found in draws])
        slack = 0.12 * abs(value) if name == "top_1" else 0.03 * abs(value) + 0.1 / chunks
        assert seen.mean() == pytest.approx(value, abs=slack + 3 * seen.std() / 20**0.5), name


def test_one_article_has_no_interval_and_no_cosine_between_articles():
    groups = grouped(split_of(sphere(9, 2), [9]), 0)
    assert all(math.isnan(low) and math.isnan(high) for low, high in intervals(groups, 0).values())
    assert math.isnan(figures(groups[0])["mean_cosine"])


def test_chunks_that_are_all_alike_have_no_rank():
    found = figures(moments(split_of(np.ones((8, 3)), [4, 4])))
    assert found["mean_norm"] == pytest.approx(1)
    assert found["mean_cosine"] == pytest.approx(1)
    assert math.isnan(found["effective_rank"])
    assert math.isnan(found["participation"])


def test_two_opposite_chunks_lie_on_a_line():
    found = figures(moments(split_of(np.array([[1.0, 1.0], [-1.0, -1.0]]), [1, 1])))
    assert found["mean_norm"] == 0
    assert found["mean_cosine"] == pytest.approx(-1)
    assert found["effective_rank"] == pytest.approx(1)
    assert found["participation"] == pytest.approx(1)
    assert found["top_1"] == pytest.approx(1)


def test_one_dimension():
    split = split_of(np.array([[1.0], [-1.0], [1.0]]), [1, 1, 1])
    assert figures(moments(split))["participation"] == pytest.approx(1)
    assert isotropic(3, 1)["effective_rank"] == 1
