"""Mean, spectrum and effective rank, against closed forms and slow sums."""

from __future__ import annotations

import math

import numpy as np
import pytest
from made import sphere, split_of

from lvmctl.data.moments import moments
from lvmctl.diagnostics.data.spectrum import eigenvalues as spectrum
from lvmctl.diagnostics.data.spectrum.eigenvalues import (
    figures,
    grouped,
    intervals,
    isotropic,
    summed,
)


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
    values = figures(moments(split_of(two_blocks(40_000, 0.6, 2, 8, 0), [100] * 400)))
    entropy = -(2 * 0.3 * math.log(0.3) + 8 * 0.05 * math.log(0.05))
    assert values["participation"] == pytest.approx(1 / (2 * 0.3**2 + 8 * 0.05**2), rel=0.01)
    assert values["effective_rank"] == pytest.approx(math.exp(entropy), rel=0.01)
    assert values["top_1"] == pytest.approx(0.3, abs=0.01)
    assert values["top_3"] == pytest.approx(0.65, abs=0.01)
    assert values["mean_norm"] < 0.02


def test_a_mean_that_was_chosen():
    rows = np.hstack([np.full((20_000, 1), 0.6), 0.8 * sphere(20_000, 30)])
    values = figures(moments(split_of(rows, [50] * 400)))
    assert values["mean_norm"] == pytest.approx(0.6, abs=0.002)
    assert values["mean_cosine"] == pytest.approx(0.36, abs=0.002)
    assert values["participation"] == pytest.approx(30, rel=0.01)


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
        ends, values = intervals(groups, seed), figures(summed(groups))
        for name, value in truth.items():
            low, high = ends[name]
            assert low <= values[name] <= high
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
        seen = np.array([each[name] for each in draws])
        slack = 0.12 * abs(value) if name == "top_1" else 0.03 * abs(value) + 0.1 / chunks
        assert seen.mean() == pytest.approx(value, abs=slack + 3 * seen.std() / 20**0.5), name


def test_one_article_has_no_interval_and_no_cosine_between_articles():
    groups = grouped(split_of(sphere(9, 2), [9]), 0)
    assert all(math.isnan(low) and math.isnan(high) for low, high in intervals(groups, 0).values())
    assert math.isnan(figures(groups[0])["mean_cosine"])


def test_chunks_that_are_all_alike_have_no_rank():
    values = figures(moments(split_of(np.ones((8, 3)), [4, 4])))
    assert values["mean_norm"] == pytest.approx(1)
    assert values["mean_cosine"] == pytest.approx(1)
    assert math.isnan(values["effective_rank"])
    assert math.isnan(values["participation"])


def test_two_opposite_chunks_lie_on_a_line():
    values = figures(moments(split_of(np.array([[1.0, 1.0], [-1.0, -1.0]]), [1, 1])))
    assert values["mean_norm"] == 0
    assert values["mean_cosine"] == pytest.approx(-1)
    assert values["effective_rank"] == pytest.approx(1)
    assert values["participation"] == pytest.approx(1)
    assert values["top_1"] == pytest.approx(1)
