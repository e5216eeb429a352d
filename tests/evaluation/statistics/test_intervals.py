"""Intervals against a slow bootstrap in plain loops, and what they must not depend on."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from lvmctl.evaluation.statistics import intervals as module
from lvmctl.evaluation.statistics.intervals import Resampling, difference_interval

NAN = (math.nan, math.nan)


def quantile(values, at):
    values = sorted(values)
    place = at * (len(values) - 1)
    low = int(place)
    high = min(low + 1, len(values) - 1)
    return values[low] + (place - low) * (values[high] - values[low])


def ratio(drawn):
    """Σ values / Σ denominators of articles given as lists of (value, denominator)."""
    windows = [window for article in drawn for window in article]
    return math.fsum(v for v, _ in windows) / math.fsum(d for _, d in windows)


def linearised(drawn, theta):
    """Variance of :func:`ratio` from the residual of each article."""
    residuals = [math.fsum(v - theta * d for v, d in article) for article in drawn]
    total = math.fsum(d for article in drawn for _, d in article)
    return math.fsum(r**2 for r in residuals) / total**2


def studentised(articles, counts):
    """Estimate, jackknife variance, and each draw's move and variance, articles as in `ratio`."""
    held = [article for article in articles if article]
    theta, m = ratio(held), len(held)
    left_out = [ratio(held[:i] + held[i + 1 :]) for i in range(m)]
    jackknife = math.fsum((value - theta) ** 2 for value in left_out)
    moves = []
    for count in counts:
        drawn = [a for a, times in zip(articles, count) for _ in range(times) if a]
        if drawn:
            estimate = ratio(drawn)
            variance = linearised(drawn, estimate)
            mixed = (1 - m**-1.5) * variance + m**-1.5 * linearised(held, theta)
            moves.append((estimate - theta, mixed))
        else:
            moves.append((math.nan, math.nan))
    return theta, jackknife, moves


def bootstrap_t(theta, jackknife, moves, level, lowest=-math.inf, highest=math.inf):
    t = [move / math.sqrt(variance) for move, variance in moves if not math.isnan(move)]
    tails = quantile(t, (1 + level) / 2), quantile(t, (1 - level) / 2)
    ends = (theta - end * math.sqrt(jackknife) for end in tails)
    return tuple(min(max(end, lowest), highest) for end in ends)


def grouped(values, article, denominator, articles):
    groups = [[] for _ in range(articles)]
    for value, number, weight in zip(values, article, denominator):
        groups[number].append((value, weight))
    return groups


def made(seed, articles):
    """Values, articles and denominators of uneven articles."""
    rng = np.random.default_rng(seed)
    article = rng.permutation(np.repeat(np.arange(articles), rng.integers(1, 6, articles)))
    values = rng.normal(0.3, 1, articles)[article] + rng.normal(0, 1, len(article))
    return values, article, rng.integers(1, 4, len(article)).astype(float)


def draws(resampling, *sample):
    """The figure in each draw, (R,)."""
    drawn = resampling.resampled([sample])
    return (drawn.estimate + drawn.shift)[:, 0]


def test_draws_are_multinomial():
    counts = Resampling(40, seed=3, resamples=3000).counts.astype(float)
    assert (counts.sum(axis=1) == 40).all()
    assert counts.mean(axis=0) == pytest.approx(np.ones(40), abs=0.1)
    covariance = np.cov(counts.T)
    assert np.diag(covariance) == pytest.approx(np.full(40, 1 - 1 / 40), abs=0.12)
    assert (covariance.sum() - np.trace(covariance)) / 1560 == pytest.approx(-1 / 40, abs=0.002)
    assert (counts == Resampling(40, seed=3, resamples=3000).counts).all()
    assert (counts != Resampling(40, seed=4, resamples=3000).counts).any()


@pytest.mark.parametrize("articles", [2, 3, 7, 30, 150])
@pytest.mark.parametrize("weighted", [False, True])
def test_intervals_are_bootstrap_t(articles, weighted):
    # In a split of twice as many articles, half of which hold no value: draws of few are empty.
    values, article, denominator = made(articles, articles)
    resampling = Resampling(2 * articles, seed=1, resamples=101)
    if not weighted:
        denominator = np.ones(len(values))
    each = values / denominator
    groups = grouped(values, article, denominator, 2 * articles)
    drawn = studentised(groups, resampling.counts)
    expected = bootstrap_t(*drawn, 0.9, each.min(), each.max())
    ends = resampling.interval(values, article, denominator if weighted else None, level=0.9)
    assert ends == pytest.approx(expected, rel=1e-9)


def test_draws_hold_the_figure_of_each():
    sample = made(5, 3)
    resampling = Resampling(12, seed=2, resamples=301)
    theta, _, moves = studentised(grouped(*sample, 12), resampling.counts)
    drawn = draws(resampling, *sample)
    assert np.isnan(drawn).any()
    expected = [theta + move for move, _ in moves]
    assert drawn.tolist() == pytest.approx(expected, rel=1e-9, nan_ok=True)


@pytest.mark.parametrize("articles", [(12, 8), (120, 8), (120, 110)])
def test_the_difference_of_two_splits(articles):
    resamplings = [Resampling(a, seed=a, resamples=41) for a in articles]
    samples = [made(seed, a) for seed, a in enumerate(articles)]
    (a, va, first), (b, vb, other) = (
        studentised(grouped(*sample, r.articles), r.counts)
        for sample, r in zip(samples, resamplings)
    )
    pairs = zip(first, other[-1:] + other[:-1])  # another draw of the other split
    moves = [(m - n, v + w) for (m, v), (n, w) in pairs]
    expected = bootstrap_t(a - b, va + vb, moves, 0.8)
    pair = ((r, *sample) for r, sample in zip(resamplings, samples))
    assert difference_interval(*pair, level=0.8) == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("articles", [60, 150])
def test_two_splits_of_the_same_seed_are_independent(articles):
    values, article, _ = made(1, articles)
    first, other = Resampling(articles), Resampling(articles)
    low, high = difference_interval((first, values, article), (other, values, article))
    alone = np.diff(first.interval(values, article))[0]
    assert low < 0 < high
    assert high - low == pytest.approx(math.sqrt(2) * alone, rel=0.12)


@given(
    st.integers(0, 2**32),
    st.sampled_from([2, 5, 30, 120]),
    st.floats(-100, 100),
    st.floats(0.01, 100),
)
def test_shift_scale_and_sign(seed, articles, shift, scale):
    values, article, _ = made(seed, articles)
    resampling = Resampling(articles, seed=seed, resamples=50)
    low, high = resampling.interval(values, article)
    assert low <= high
    close = {"rel": 1e-8, "abs": 1e-8 * (abs(shift) + scale)}
    moved = resampling.interval(shift + scale * values, article)
    assert moved == pytest.approx((shift + scale * low, shift + scale * high), **close)
    mirrored = resampling.interval(shift - scale * values, article)
    assert mirrored == pytest.approx((shift - scale * high, shift - scale * low), **close)


@given(st.integers(0, 2**32), st.sampled_from([2, 5, 30, 120]))
def test_only_sums_matter(seed, articles):
    values, article, denominator = made(seed, articles)
    resampling = Resampling(articles, seed=0, resamples=50)
    interval = resampling.interval(values, article, denominator)
    expected = pytest.approx(interval, rel=1e-8, abs=1e-9)
    order = np.random.default_rng(seed).permutation(len(values))
    assert resampling.interval(values[order], article[order], denominator[order]) == expected
    halves = (np.repeat(x, 2) / 2 for x in (values, denominator))
    value, weight = halves
    assert resampling.interval(value, np.repeat(article, 2), weight) == expected
    # Windows that weigh nothing and hold nothing, in an article of their own or not.
    padded = np.append(values, 0), np.append(article, 0), np.append(denominator, 0)
    assert resampling.interval(*padded) == expected
    # Articles of one window each, which holds their sums.
    sums = np.bincount(article, values), np.arange(articles), np.bincount(article, denominator)
    first, other = (resampling.resampled([x]) for x in ((values, article, denominator), sums))
    for name in ("estimate", "variance", "shift", "variances"):
        assert getattr(first, name) == pytest.approx(getattr(other, name), rel=1e-8, abs=1e-12)


@given(st.floats(-1e6, 1e6), st.sampled_from([2, 30, 120]))
@example(2.192006560543154e-144, 120)
def test_windows_that_are_all_alike_leave_no_doubt(value, articles):
    article = np.repeat(np.arange(articles), 3)
    resampling = Resampling(articles, resamples=20)
    assert resampling.interval(np.full(len(article), value), article) == (value, value)


@pytest.mark.filterwarnings("error")
def test_what_is_unknown_is_nan():
    resampling = Resampling(5, resamples=50)
    nan = pytest.approx(NAN, nan_ok=True)
    one_article = np.random.default_rng(0).normal(0, 1, (20, 9))
    for values in one_article:
        assert resampling.interval(values, np.full(9, 3)) == nan
    assert resampling.interval(np.array([]), np.array([])) == nan
    assert resampling.interval(np.array([1, np.nan, 2]), np.array([0, 1, 2])) == nan
    # One article alone has a denominator.
    weights = np.array([1.0, 0, 0])
    assert resampling.interval(np.array([1.0, 0, 0]), np.array([0, 1, 2]), weights) == nan
    assert resampling.intervals({}) == {}
    sample = resampling, np.array([1.0, 2, 3]), np.array([0, 1, 2])
    assert difference_interval(sample, (resampling, np.array([1.0]), np.array([0]))) == nan
    assert np.isfinite(difference_interval(sample, sample)).all()


def test_a_figure_of_few_articles_has_draws_without_it():
    resampling = Resampling(300)
    drawn = draws(resampling, np.array([1.0, 2, 3]), np.array([7, 8, 8]))
    empty = (resampling.counts[:, 7:9] == 0).all(axis=1)
    assert empty.mean() == pytest.approx(math.exp(-2), abs=0.03)
    assert (np.isnan(drawn) == empty).all()
    assert np.isfinite(resampling.interval(np.array([1.0, 2, 3]), np.array([7, 8, 8]))).all()


def test_no_end_lies_beyond_the_windows():
    article = np.repeat(np.arange(6), 10)
    rates = np.array([1, 0.3, 1, 1, 0.9, 1])
    hits = np.tile(np.arange(10), 6) < 10 * rates[article]
    resampling = Resampling(6)
    low, high = resampling.interval(hits.astype(float), article)
    assert 0 <= low < hits.mean() < high == 1
    assert resampling.interval(3.0 * hits, article, np.full(60, 3.0)) == pytest.approx((low, high))
    other = resampling, hits - 0.5, article
    assert difference_interval((resampling, 0.5 * hits, article), other)[1] <= 1


def test_many_figures_at_once(monkeypatch):
    # More figures than one product takes, of different windows, one of them NaN; blocks of draws.
    samples = {str(seed): made(seed, 30)[: 2 + seed % 2] for seed in range(150)}
    samples["17"] = samples["17"][0] * np.nan, samples["17"][1]
    resampling = Resampling(30, resamples=100)
    interval = resampling.intervals(samples, level=0.8)
    assert list(interval) == list(samples)
    monkeypatch.setattr(module, "NUMBERS", 30 * 7)
    for name, sample in samples.items():
        alone = resampling.interval(*sample, level=0.8)
        assert interval[name] == pytest.approx(alone, rel=1e-9, nan_ok=True)
    assert [name for name, ends in interval.items() if np.isnan(ends).any()] == ["17"]


def test_figures_share_their_draws():
    values, article, _ = made(0, 50)
    other = made(1, 50)[0]
    other = np.resize(other, len(values))
    resampling = Resampling(50, resamples=200)
    apart = draws(resampling, values, article) - draws(resampling, other, article)
    assert draws(resampling, values - other, article) == pytest.approx(apart)
    assert draws(resampling, values, article).mean() == pytest.approx(values.mean(), abs=0.1)
    assert resampling.sign_flip(values, article) == module.sign_flip(values, article)
