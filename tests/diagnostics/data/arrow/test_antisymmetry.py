"""A_k against slow float64 sums, closed forms, its level and power, and a real store."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pytest
from diagnostics.directed import articles_of, draws, split_of
from hypothesis import assume, given
from hypothesis import strategies as st

from lvmctl.data import Split, open_split
from lvmctl.diagnostics.data.arrow import antisymmetry as module
from lvmctl.diagnostics.data.arrow.antisymmetry import (
    LaggedSums,
    antisymmetry,
    corrected,
    groups_of,
    lagged_sums,
    student_quantile,
)
from lvmctl.diagnostics.data.arrow.predictability import reversed_split

DATA = Path(__file__).parents[5] / "shared" / "data"


def gammas(articles: list[np.ndarray], mean: np.ndarray, lag: int) -> list[np.ndarray]:
    """S_a of each article, by an explicit loop over its pairs."""
    ps = []
    for chunks in articles:
        total = np.zeros((len(mean), len(mean)))
        for t in range(len(chunks) - lag):
            total += np.outer(chunks[t] - mean, chunks[t + lag] - mean)
        ps.append(total)
    return ps


def slow(articles: list[np.ndarray], lag: int) -> float:
    """A_k from its definition."""
    gamma = sum(gammas(articles, np.concatenate(articles).mean(axis=0), lag))
    return float(np.linalg.norm(gamma - gamma.T) / np.linalg.norm(gamma))


def uneven(lengths: list[int], seed: int = 0, dim: int = 5) -> Split:
    rng = np.random.default_rng(seed)
    return split_of(*(rng.standard_normal((length, dim)) for length in lengths))


@given(
    lengths=st.lists(st.integers(1, 7), min_size=2, max_size=6).filter(lambda x: max(x) > 1),
    seed=st.integers(0, 999),
)
def test_a_lag_is_its_definition_and_reversals_are_of_real_articles(lengths, seed):
    split = uneven(lengths, seed)
    articles = articles_of(split)
    lags, _ = antisymmetry(split, permutations=5, seed=seed)
    assert list(lags) == [lag for lag in (1, 2, 3) if lag < max(lengths)]
    signs = np.random.default_rng(seed).integers(0, 2, (5, len(lengths)))
    for lag, each in lags.items():
        assert each["A"] == pytest.approx(slow(articles, lag), abs=1e-4)
        assert each["pairs"] == sum(max(length - lag, 0) for length in lengths)
        null = [
            slow([x[::sign] for x, sign in zip(articles, drawn)], lag) for drawn in 2 * signs - 1
        ]
        assert each["null_mean"] == pytest.approx(np.mean(null), abs=1e-4)
        assert each["null_std"] == pytest.approx(np.std(null), abs=1e-4)
        apart = np.array(null) - slow(articles, lag)
        # Values that differ by float32's rounding only are no ties and could count as either.
        assume(not any((abs(apart) > 1e-9) & (abs(apart) < 1e-4)))
        reached = sum(apart >= -1e-9)
        assert each["p"] == pytest.approx((1 + reached) / 6)


@pytest.mark.parametrize("block", [40, 1500, 1 << 25])
def test_sums_do_not_depend_on_the_blocks(monkeypatch, block):
    monkeypatch.setattr(module, "MEMORY", block)
    split = uneven([4, 6, 2, 5])
    articles = articles_of(split)
    for lag, sums in lagged_sums(split, (1, 2, 3)).items():
        parts = gammas(articles, np.concatenate(articles).mean(axis=0), lag)
        turned = np.array([part - part.T for part in parts]).reshape(4, -1)
        parts = np.array(parts).reshape(4, -1)
        assert sums.gram == pytest.approx(turned @ turned.T, abs=1e-4)
        assert sums.shares == pytest.approx(parts @ parts.sum(axis=0), abs=1e-4)
        assert sums.squares == pytest.approx((parts**2).sum(axis=1), abs=1e-4)


def test_many_articles_are_reversed_in_groups_of_neighbours(monkeypatch):
    split = uneven([4, 6, 2, 5, 3, 4, 7])
    alone, _ = antisymmetry(split)
    monkeypatch.setattr(module, "GROUPS", 3)
    assert groups_of(split).tolist() == [0, 0, 0, 1, 1, 2, 2]
    together = lagged_sums(split, (1,))[1]
    monkeypatch.undo()
    apart = lagged_sums(split, (1,))[1]
    add = np.eye(3)[groups_of(split) * 3 // 7]
    assert together.gram == pytest.approx(add.T @ apart.gram @ add, abs=1e-4)
    assert together.shares == pytest.approx(add.T @ apart.shares, abs=1e-4)
    monkeypatch.setattr(module, "GROUPS", 3)
    assert antisymmetry(split)[0][1]["A"] == pytest.approx(alone[1]["A"], abs=1e-6)


def test_wide_stores_have_fewer_groups():
    split = uneven([2] * 300, dim=4)
    assert groups_of(split).tolist() == list(range(300))
    wide = Split(**{**vars(split), "vectors": np.zeros((600, 5000), np.float16)})
    assert groups_of(wide).max() == 99
    assert np.bincount(groups_of(wide)).tolist() == [3] * 100


@pytest.mark.parametrize("theta", [40.0, 75.0])
def test_the_effect_of_a_rotation_is_twice_the_sine_of_its_angle(theta):
    (split,) = draws("rotation", 1, articles=60, chunks=20, dim=8, theta=theta)
    lags, p = antisymmetry(split, permutations=199)
    assert p == pytest.approx(1 / 200)
    for lag, each in lags.items():
        true = 2 * abs(math.sin(math.radians(lag * theta)))
        assert each["corrected"]["value"] == pytest.approx(true, abs=0.05)
        assert each["corrected"]["ci"][0] - 0.02 < true < each["corrected"]["ci"][1] + 0.02
        assert each["corrected"]["ci"][0] < each["corrected"]["value"] < each["corrected"]["ci"][1]


def test_the_interval_holds_the_truth_about_as_often_as_it_says():
    """On both sides: where an arrow is, and where none is."""
    held = {"rotation": [], "ar1": []}
    for name, truth in (("rotation", 2 * math.sin(math.radians(40))), ("ar1", 0.0)):
        for split in draws(name, 120, articles=24, chunks=8):
            effect, (low, high) = corrected(lagged_sums(split, (1,))[1])
            assert low <= effect <= high
            held[name].append(low <= truth <= high)
    assert 0.90 <= np.mean(held["rotation"]) <= 0.99
    assert np.mean(held["ar1"]) >= 0.93


def test_the_numerator_is_unbiased():
    """Without an arrow its mean is zero, while A_k itself is far from it."""
    ratios, values = [], []
    for split in draws("ar1", 200):
        sums = lagged_sums(split, (1,))[1]
        ratios.append((sums.gram.sum() - np.trace(sums.gram)) / sums.shares.sum())
        values.append(sums.gram.sum() / sums.shares.sum())
    error = np.std(ratios) / math.sqrt(len(ratios))
    assert abs(np.mean(ratios)) < 3 * error
    assert np.mean(values) > 10 * error


@pytest.mark.parametrize("world", ["ar1", "topic", "shuffled"])
def test_the_verdicts_p_holds_its_level_where_there_is_no_arrow(world):
    results = [
        antisymmetry(split, permutations=99, seed=i) for i, split in enumerate(draws(world, 200))
    ]
    assert 0.01 <= np.mean([p <= 0.05 for _, p in results]) <= 0.10
    for lag in (1, 2, 3):
        assert 0.01 <= np.mean([each[lag]["p"] <= 0.05 for each, _ in results]) <= 0.10


def test_a_rotation_is_found():
    ps = [antisymmetry(split, permutations=99)[1] for split in draws("rotation", 20, 50, 40, 16)]
    assert np.mean([p <= 0.05 for p in ps]) >= 0.95


def test_an_arrow_at_one_lag_alone_is_found():
    """At 60° three steps are half a turn, which is symmetric; at 90° two are."""
    for theta, blind in ((60.0, 3), (90.0, 2)):
        (split,) = draws("rotation", 1, articles=40, chunks=20, theta=theta)
        lags, p = antisymmetry(split)
        assert lags[blind]["corrected"]["value"] < 0.3
        assert lags[1]["corrected"]["value"] > 1
        assert p < 0.01


@pytest.mark.parametrize("seed", range(3))
def test_the_verdicts_p_is_of_the_lag_that_stands_out_most_from_its_own_null(seed):
    """A lag of few pairs has small sums, and counts as much as one of many."""
    split = uneven([2] * 20 + [4] * 6, seed)
    lags, together = antisymmetry(split, permutations=99, seed=seed)
    signs = 2.0 * np.random.default_rng(seed).integers(0, 2, (99, 26)) - 1
    every = []
    for sums in lagged_sums(split, (1, 2, 3)).values():
        every.append([row @ sums.gram @ row for row in (np.ones(26), *signs)])
    every = np.array(every)
    scores = (every - every.mean(axis=1, keepdims=True)) / every.std(axis=1, keepdims=True)
    largest = scores.max(axis=0)
    assert together == pytest.approx((largest >= largest[0] - 1e-9).mean())
    assert together > min(each["p"] for each in lags.values())
    assert together != pytest.approx((every.max(axis=0) >= every[:, 0].max()).mean())


def test_reading_backward_changes_nothing():
    (split,) = draws("rotation", 1)
    first, other = antisymmetry(split), antisymmetry(reversed_split(split))
    assert other[1] == first[1]
    assert other[0][1]["A"] == pytest.approx(first[0][1]["A"], rel=1e-5)


def test_one_article_cannot_show_an_arrow():
    (split,) = draws("rotation", 1, articles=1, chunks=30)
    lags, p = antisymmetry(split, permutations=19)
    assert p == 1
    assert lags[1]["p"] == 1
    assert lags[1]["corrected"]["value"] == 0
    assert lags[1]["corrected"]["ci"] is None


def test_chunks_that_are_all_the_same_have_no_arrow():
    same = np.tile(np.eye(4)[0], (6, 1))
    lags, p = antisymmetry(split_of(same, same, same), permutations=19)
    assert p == 1
    assert lags[1]["A"] == lags[1]["corrected"]["value"] == 0


def test_short_articles_leave_lags_out():
    assert antisymmetry(uneven([1, 1])) == ({}, 1.0)
    assert list(antisymmetry(uneven([1, 3, 2]), permutations=19)[0]) == [1, 2]


def test_noise_is_not_divided_by_noise():
    """The denominator without its noise counts as half of the whole at least."""
    gram = np.array([[2.0, 0.5, 0.5], [0.5, 2.0, 0.5], [0.5, 0.5, 2.0]])
    effect, _ = corrected(LaggedSums(gram, np.full(3, 2.0), np.full(3, 1.9), 9))
    assert effect == pytest.approx(math.sqrt(3.0 / 3.0))
    effect, _ = corrected(LaggedSums(gram, np.full(3, 2.0), np.full(3, 0.5), 9))
    assert effect == pytest.approx(math.sqrt(3.0 / 4.5))
    effect, _ = corrected(LaggedSums(-gram, np.full(3, 2.0), np.full(3, 0.5), 9))
    assert effect == 0


@pytest.mark.parametrize(
    ("products", "variance"),
    [
        # Rows 6, 6, 2, 2 against 4 expected of each: the jackknife says 4·16 = 64. The rows explain
        # all but 4/3 of one pair and -1/3 of four, and 2·2·(16/9 + 4/9) = 80/9 is counted twice.
        ([[0, 4, 1, 1], [4, 0, 1, 1], [1, 1, 0, 0], [1, 1, 0, 0]], 64 - 80 / 9),
        # Rows all alike say 0, and what they leave, 2/3 of two pairs and -1/3 of four, is all:
        # 2·2·(8/9 + 4/9) = 16/3.
        ([[0, 1, 0, 0], [1, 0, 0, 0], [0, 0, 0, 1], [0, 0, 1, 0]], 16 / 3),
    ],
)
def test_the_interval_counts_the_remainder_once(products, variance):
    products, whole = np.array(products, float), 4 * 3.0
    effect, (_, high) = corrected(LaggedSums(products, np.full(4, 3.0), np.zeros(4), 9))
    ratio, reach = products.sum() / whole, student_quantile(0.975, 3) * math.sqrt(variance) / whole
    assert effect == pytest.approx(math.sqrt(ratio))
    assert high == pytest.approx(math.sqrt(ratio + reach))


@pytest.mark.parametrize(
    ("freedom", "expected"), [(5, 2.571), (10, 2.228), (30, 2.042), (10**6, 1.960)]
)
def test_quantiles_are_students(freedom, expected):
    assert student_quantile(0.975, freedom) == pytest.approx(expected, rel=0.01)


@pytest.mark.skipif(
    not (DATA / "expected.json").is_file(), reason=f"there are no shared stores at {DATA}"
)
def test_a_real_store_agrees_with_what_others_measured():
    expected = json.loads((DATA / "expected.json").read_text(encoding="utf-8"))["math"]
    lags, p = antisymmetry(open_split(str(DATA / "math")), permutations=200)
    assert p == pytest.approx(1 / 201)
    wanted = expected["direction"]["lags"]
    assert sorted(wanted) == [str(lag) for lag in lags]
    for lag, each in lags.items():
        assert each["A"] == pytest.approx(wanted[str(lag)]["A"], abs=1e-3)
        assert each["null_mean"] == pytest.approx(wanted[str(lag)]["null_mean"], abs=1e-3)
        assert each["null_std"] == pytest.approx(wanted[str(lag)]["null_std"], abs=1e-3)
