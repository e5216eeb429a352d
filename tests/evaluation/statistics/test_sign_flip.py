"""The sign-flip test against enumeration by hand and under the null."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lvmctl.evaluation.statistics import sign_flip as module
from lvmctl.evaluation.statistics.sign_flip import sign_flip


def by_hand(differences, article):
    """All sign patterns of all articles, on exact integers."""
    sums = [sum(d for d, a in zip(differences, article) if a == i) for i in set(article)]
    totals = [
        abs(sum(s * x for s, x in zip(signs, sums)))
        for signs in itertools.product((-1, 1), repeat=len(sums))
    ]
    return sum(total >= abs(sum(sums)) for total in totals) / len(totals)


@given(
    st.lists(st.tuples(st.integers(-3, 3), st.integers(0, 6)), min_size=1, max_size=25),
    st.sampled_from([1, 0.1, 1 / 3]),
)
def test_few_articles_are_enumerated(pairs, scale):
    differences, article = zip(*pairs)
    p = sign_flip(scale * np.array(differences), np.array(article))
    assert p == pytest.approx(by_hand(differences, article))


def test_as_many_patterns_as_flips_are_enumerated():
    assert sign_flip(np.ones(3), np.arange(3), flips=8) == 2 / 8
    assert sign_flip(np.ones(3), np.arange(3), flips=7) in [n / 8 for n in range(1, 9)]


def test_large_and_small_effects():
    article = np.repeat(np.arange(40), 3)
    assert sign_flip(np.full(120, 0.01), article) == 1 / 10_001
    assert sign_flip(np.full(120, -0.01), article, flips=99) == 1 / 100
    assert sign_flip(np.full(120, 0.01), article % 5) == 2 / 32
    few = np.where(article < 5, 0.01, np.tile([0.1, 0.2, -0.3], 40))
    assert sign_flip(few, article) == 2 / 32  # only five articles hold a difference
    assert sign_flip(np.zeros(120), article) == 1
    assert sign_flip(np.tile([0.1, 0.2, -0.3], 40), article) == pytest.approx(1)


def test_what_is_no_number_has_no_p():
    assert math.isnan(sign_flip(np.array([]), np.array([])))
    assert math.isnan(sign_flip(np.array([1, np.nan]), np.array([0, 1])))


@pytest.mark.parametrize("together", [2**21, 14 * 64])
def test_random_flips_approach_the_enumeration(monkeypatch, together):
    # In one piece, and in blocks of 64 of which the last is not full.
    monkeypatch.setattr(module, "BLOCK", together)
    sums = [3, -1, 4, 1, -5, 9, -2, 6, 5, -3, 5, -8, 9, -7]
    exact = by_hand(sums, range(14))
    assert 0.2 < exact < 0.5
    p = sign_flip(np.array(sums), np.arange(14))
    assert p == pytest.approx(exact, abs=4 * math.sqrt(exact / 10_000))
    assert p == sign_flip(np.array(sums), np.arange(14))
    assert p != sign_flip(np.array(sums), np.arange(14), seed=1)


def test_uniform_where_there_is_no_difference():
    # Articles of very different length, each with an effect of its own around 0.
    rng = np.random.default_rng(0)
    article = np.repeat(np.arange(25), rng.integers(1, 30, 25))
    p = [
        sign_flip(rng.normal(0, 1, 25)[article] + rng.normal(0, 1, len(article)), article, 400)
        for _ in range(600)
    ]
    for level in (0.05, 0.25, 0.5, 0.75):
        error = math.sqrt(level * (1 - level) / len(p))
        assert np.mean(np.array(p) <= level) == pytest.approx(level, abs=3 * error)
