"""The max-statistic test against slow float64 loops, and how often it errs."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lvmctl.diagnostics.data.parity import largest_difference as module
from lvmctl.diagnostics.data.parity.largest_difference import ROUNDING, compare, permuted


def slow(sums, counts, labels) -> tuple[list[float], list[float]]:
    """Differences and standard errors of articles labelled 1 and 0, trait by trait."""
    differences, errors = [], []
    for values in sums.T:
        means, variances = [], []
        for wanted in (1, 0):
            group = [(s, n) for s, n, at in zip(values, counts, labels) if at == wanted]
            total = math.fsum(n for _, n in group)
            mean = math.fsum(s for s, _ in group) / total
            square = math.fsum((s - mean * n) ** 2 for s, n in group)
            means.append(mean)
            variances.append(square / total**2 * len(group) / (len(group) - 1))
        differences.append(means[0] - means[1])
        errors.append(math.sqrt(sum(variances)))
    return differences, errors


@st.composite
def cases(draw):
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    sizes = draw(st.tuples(st.integers(2, 9), st.integers(2, 9)))
    counts = rng.integers(1, 20, sum(sizes))
    traits = draw(st.integers(1, 4))
    means = 0.4 + rng.normal(0, 0.1, (sum(sizes), traits))
    return means * counts[:, None], counts, sizes, draw(st.integers(0, 1000))


def compared(case, level=0.05, permutations=99):
    sums, counts, (first, _), seed = case
    parts = ((sums[:first], sums[first:]), (counts[:first], counts[first:]))
    return compare(*parts, level=level, permutations=permutations, seed=seed)


@given(cases())
def test_the_same_as_slow_loops(case):
    sums, counts, sizes, seed = case
    result = compared(case)
    difference, error = slow(sums, counts, [1] * sizes[0] + [0] * sizes[1])
    np.testing.assert_allclose(result.difference, difference, atol=1e-12)
    np.testing.assert_allclose(result.error, error, rtol=1e-9)
    most = []
    for labels in np.concatenate(list(permuted(sizes, 99, seed))):
        moved, spread = slow(sums, counts, labels)
        most.append(max(abs(d) / max(e, ROUNDING) for d, e in zip(moved, spread)))
    t = np.abs(difference) / np.array(error)
    reached = [sum(m >= statistic * (1 - 1e-9) for m in most) for statistic in t]
    np.testing.assert_allclose(result.p, [(1 + r) / 100 for r in reached])
    assert result.critical == pytest.approx(sorted(most)[-5])  # 5 of 100, the real split too
    assert (result.reach == result.critical * result.error).all()


@given(cases(), st.sampled_from([0.01, 0.02, 0.05, 0.2]), st.sampled_from([99, 149, 200]))
def test_an_interval_leaves_out_0_where_p_is_small(case, level, permutations):
    result = compared(case, level, permutations)
    t = np.abs(result.difference) / result.error
    clear = np.abs(t / result.critical - 1) > 1e-6
    assert (result.significant == (result.p <= level))[clear].all()


@given(cases(), st.floats(-1, 1))
def test_what_is_added_to_all_windows_changes_nothing(case, added):
    sums, counts, *rest = case
    first, other = compared(case), compared((sums + added * counts[:, None], counts, *rest))
    np.testing.assert_allclose(other.difference, first.difference, atol=1e-12)
    np.testing.assert_allclose(other.error, first.error, rtol=1e-6)
    np.testing.assert_allclose(other.p, first.p, atol=0.02)


def test_blocks_of_labels_do_not_matter(monkeypatch):
    case = (np.random.default_rng(0).random((12, 2)), np.ones(12, int), (5, 7), 3)
    whole = compared(case)
    monkeypatch.setattr(module, "BLOCK", 40)
    again = compared(case)
    np.testing.assert_array_equal(again.p, whole.p)
    assert again.critical == pytest.approx(whole.critical)


@pytest.mark.parametrize("sizes", [(3, 9), (9, 3), (6, 6), (1, 4)])
def test_labels_are_random_and_keep_the_sizes(sizes):
    labels = np.concatenate(list(permuted(sizes, 4000, 1)))
    assert labels.shape == (4000, sum(sizes))
    assert set(labels.ravel()) == {0.0, 1.0}
    assert (labels.sum(axis=1) == sizes[0]).all()
    share = sizes[0] / sum(sizes)
    assert labels.mean(axis=0) == pytest.approx(share, abs=5 * math.sqrt(share / 4000))
    # Any two articles are as often apart as they should be.
    together = (labels.T @ labels / 4000)[np.triu_indices(sum(sizes), 1)]
    expected = share * (sizes[0] - 1) / (sum(sizes) - 1)
    assert together == pytest.approx(expected, abs=0.04)


def test_one_article_shows_no_chance():
    result = compare(
        (np.array([[1.0, 2.0]]), np.ones((5, 2))), (np.ones(1), np.ones(5)), 0.05, 99, 0
    )
    assert result.difference.tolist() == [0.0, 1.0]
    assert np.isnan([*result.error, *result.p, *result.reach, result.critical]).all()
    assert not result.significant.any()


def test_traits_that_never_vary_are_no_difference():
    counts = (np.full(6, 3), np.full(9, 5))
    sums = tuple(np.stack([0.9 * n, 0 * n, n], axis=1) for n in counts)
    result = compare(sums, counts, 0.05, 199, 0)
    np.testing.assert_allclose(result.difference, 0, atol=1e-12)
    assert (result.error == ROUNDING).all()
    assert (result.p > 0.05).all()
    assert not result.significant.any()


def uneven(rng: np.random.Generator, articles: int, spread: float, shift: float = 0.0):
    """Sums of five traits that hang together, and counts of articles of very different length."""
    counts = np.maximum(np.rint(12 * rng.lognormal(0, 0.8, articles)), 1)
    common = rng.normal(0, spread, (articles, 1))
    means = 0.4 + shift + common + rng.normal(0, spread / 2, (articles, 5))
    return means * counts[:, None], counts


@pytest.mark.parametrize(("sizes", "spreads"), [((40, 40), (0.1, 0.1)), ((60, 25), (0.06, 0.12))])
def test_false_alarms_are_as_rare_as_the_level(sizes, spreads):
    """One level for five traits, also where splits differ in size and in spread."""
    rng = np.random.default_rng(7)
    alarms = 0
    for draw in range(200):
        first, other = (uneven(rng, *part) for part in zip(sizes, spreads))
        result = compare(*zip(first, other), level=0.05, permutations=99, seed=draw)
        alarms += result.significant.any()
    assert 1 <= alarms <= 20  # 5 % of 200; 1 % to 10 %


def test_a_difference_of_three_errors_is_seen():
    rng = np.random.default_rng(8)
    seen = 0
    for draw in range(60):
        first, other = uneven(rng, 60, 0.1), uneven(rng, 60, 0.1, shift=0.13)
        seen += compare(*zip(first, other), level=0.05, permutations=99, seed=draw).p.min() <= 0.05
    assert seen >= 54
