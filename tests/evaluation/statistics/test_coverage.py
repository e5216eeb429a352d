"""Intervals against textbook errors, and how often they hold the truth."""

from __future__ import annotations

import math

import numpy as np
import pytest

from lvmctl.evaluation.statistics.intervals import Resampling


def test_windows_of_their_own_have_the_textbook_error():
    rng = np.random.default_rng(0)
    values = rng.normal(2, 3, 900)
    low, high = Resampling(900, resamples=4000).interval(values, np.arange(900))
    assert (low + high) / 2 == pytest.approx(values.mean(), abs=0.02)
    assert high - low == pytest.approx(2 * 1.96 * values.std(ddof=1) / 30, rel=0.05)
    # Ten copies of each window say no more than one.
    copied = Resampling(900, resamples=4000).interval(np.repeat(values, 10), np.arange(9000) // 10)
    assert copied == pytest.approx((low, high))


def test_few_gaussian_windows_are_near_student():
    rng = np.random.default_rng(3)
    ratios = []
    for _ in range(60):
        values = rng.normal(0, 1, 12)
        low, high = Resampling(12, seed=1, resamples=1000).interval(values, np.arange(12))
        ratios.append((high - low) / (2 * 2.201 * values.std(ddof=1) / math.sqrt(12)))
    assert 1 < np.median(ratios) < 1.25


def test_rare_failures_give_a_sensible_interval():
    # All but two of thirty articles are perfect: one draw in eight sees no failure, and no doubt.
    values, article = np.ones(600), np.repeat(np.arange(30), 20)
    values[[3, 44, 45]] = 0
    low, high = Resampling(30).interval(values, article)
    assert 0.9 < low < 0.985 < values.mean() < high <= 1


def cosines(rng, effect, article):
    return effect[article] + rng.normal(0, 0.15, len(article))


def hits(rng, effect, article):
    return (rng.random(len(article)) < effect[article]).astype(float)


@pytest.mark.parametrize("articles", [30, 200])
@pytest.mark.parametrize("figure", [cosines, hits])
def test_coverage(articles, figure):
    # As in benchmarks/interval_coverage.py, which is longer and has more cases. The draws are
    # shared: they are independent of the data, so the coverage keeps its mean. Between 93 and 97 %,
    # give or take two binomial errors of so many simulations.
    rng, truth, simulations = np.random.default_rng(1), 0.6, 600
    samples = {}
    for number in range(simulations):
        sizes = np.maximum(np.rint(20 * rng.lognormal(0, 0.8, articles)), 1).astype(int)
        article = np.repeat(np.arange(articles), sizes)
        effect = rng.beta(8 * truth, 8 * (1 - truth), articles)
        samples[str(number)] = figure(rng, effect, article), article
    ends = np.array([*Resampling(articles, resamples=1000).intervals(samples).values()])
    covered = ((ends[:, 0] <= truth) & (truth <= ends[:, 1])).mean()
    below, above = (2 * math.sqrt(p * (1 - p) / simulations) for p in (0.93, 0.97))
    assert 0.93 - below < covered < 0.97 + above
