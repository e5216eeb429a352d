"""How often 95 % intervals of figures hold the truth, when articles are few and uneven.

    python benchmarks/interval_coverage.py                          # 2,000 simulations of each case
    python benchmarks/interval_coverage.py --simulations 8000 --articles 30 100 200 --json

A simulation draws articles of log-normal length (median 20 windows, coefficient of variation 0.9),
gives each an effect of its own, so that its windows are correlated, and asks whether the interval
holds the value of an endless number of articles. Each block of 250 simulations has its own draws
of articles; inside a block they are shared. That leaves the mean coverage what it is, since data
and draws are independent, and articles are exchangeable. Beside lvmctl's bootstrap-t intervals
stand percentile intervals from the same draws.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np
import smoke

from lvmctl import Resampling
from lvmctl.evaluation.statistics.intervals import Interval, Resampled

BLOCK = 250

Draw = Callable[[np.random.Generator, np.ndarray, np.ndarray], tuple[np.ndarray, ...]]
"""(generator, windows of each article, article of each window) → values, or with denominators."""


class Case(NamedTuple):
    """A figure: how its values come about, and its true value."""

    draw: Draw
    truth: float
    other: int = 0
    """Articles of a second, independent split whose figure is subtracted."""
    without: int = 0
    """Articles of the split that hold no value, for each one that does."""


def lengths(rng: np.random.Generator, articles: int) -> np.ndarray:
    """Windows of each article."""
    return np.maximum(np.rint(20 * rng.lognormal(0, 0.8, articles)), 1).astype(int)


def cosine(rng, sizes, article):
    effect = rng.normal(0.5, 0.1, len(sizes))
    return (effect[article] + rng.normal(0, 0.15, len(article)),)


def skewed(rng, sizes, article):
    effect = 0.4 + rng.exponential(0.1, len(sizes))
    return (effect[article] + rng.normal(0, 0.15, len(article)),)


def hits(mean: float) -> Draw:
    def draw(rng, sizes, article):
        rate = rng.beta(8 * mean, 8 * (1 - mean), len(sizes))
        return ((rng.random(len(article)) < rate[article]).astype(float),)

    return draw


def rate_by_length(sizes: np.ndarray) -> np.ndarray:
    return np.minimum(4 / sizes**0.6, 0.98)


def harder_when_long(rng, sizes, article):
    mean = rate_by_length(sizes)
    rate = rng.beta(8 * mean, 8 * (1 - mean))
    return ((rng.random(len(article)) < rate[article]).astype(float),)


def paired_hits(rng, sizes, article):
    """One predictor finds 60 %, the other 52 %; on half the windows they share their luck."""
    first, other = (rng.beta(8 * mean, 8 * (1 - mean), len(sizes))[article] for mean in (0.6, 0.52))
    luck, noise = rng.random((2, len(article)))
    shared = rng.random(len(article)) < 0.5
    return ((luck < first).astype(float) - (np.where(shared, luck, noise) < other),)


def rank_index(rng, sizes, article):
    """Pools as large as the article; the target has 30 % of it above."""
    above = rng.beta(2.4, 5.6, len(sizes))[article]
    place = rng.beta(4 * above, 4 * (1 - above))
    most = sizes[article] + 4
    return most / 2 - most * place, most / 2


def truth_by_length() -> float:
    sizes = lengths(np.random.default_rng(0), 4_000_000)
    return float((sizes * rate_by_length(sizes)).sum() / sizes.sum())


def all_cases() -> dict[str, Case]:
    return {
        "mean cosine": Case(cosine, 0.5),
        "mean cosine, skewed articles": Case(skewed, 0.5),
        "R@5 of 60 %": Case(hits(0.6), 0.6),
        "R@5 of 90 %": Case(hits(0.9), 0.9),
        "R@5 of 97 %": Case(hits(0.97), 0.97),
        "R@5, harder when long": Case(harder_when_long, truth_by_length()),
        "paired difference of R@5": Case(paired_hits, 0.08),
        "adjusted mean rank index": Case(rank_index, 0.4),
        "cosine, most articles without": Case(cosine, 0.5, without=9),
        "cosine, minus 40 other articles": Case(cosine, 0.0, other=40),
    }


def columns(case: Case, rng: np.random.Generator, articles: int) -> Iterator[tuple]:
    """``(values, article[, denominators])`` of a block of simulations."""
    for _ in range(BLOCK):
        sizes = lengths(rng, articles)
        article = np.repeat(np.arange(articles), sizes)
        values, *denominator = case.draw(rng, sizes, article)
        yield values, article, *denominator


def simulate(case: Case, articles: int, block: int) -> Resampled:
    """The figures of one block, resampled."""
    rng = np.random.default_rng([articles, block])
    resampling = Resampling(articles * (1 + case.without), seed=block)
    resampled = resampling.resampled([*columns(case, rng, articles)])
    if not case.other:
        return resampled
    return resampled.minus(
        Resampling(case.other, seed=block).resampled([*columns(case, rng, case.other)])
    )


def percentiles(resampled: Resampled, level: float) -> list[Interval]:
    """Intervals that hold the middle of the draws, as they are."""
    tails = ((1 - level) / 2, (1 + level) / 2)
    low, high = resampled.estimate + np.nanquantile(resampled.shift, tails, axis=0)
    return list(zip(low.tolist(), high.tolist()))


METHODS = {"bootstrap-t (lvmctl)": Resampled.intervals, "percentile": percentiles}


def coverage(case: Case, articles: int, simulations: int) -> dict[str, dict[str, float]]:
    """By method: share of intervals that hold the truth, that lie above and below it, and width."""
    ends: dict[str, list[Interval]] = {name: [] for name in METHODS}
    for block in range(-(-simulations // BLOCK)):
        resampled = simulate(case, articles, block)
        for name, method in METHODS.items():
            ends[name] += method(resampled, 0.95)
    rows = {}
    for name, intervals in ends.items():
        low, high = np.array(intervals)[:simulations].T
        rows[name] = {
            "covered": float(((low <= case.truth) & (case.truth <= high)).mean()),
            "above": float((low > case.truth).mean()),
            "below": float((high < case.truth).mean()),
            "width": float(np.median(high - low)),
        }
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--simulations", type=int, default=2000)
    parser.add_argument("--articles", type=int, nargs="+", default=[30, 200])
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args(smoke.arguments("interval_coverage"))
    error = 100 * np.sqrt(0.05 * 0.95 / arguments.simulations)
    if not arguments.json:
        print(f"% of {arguments.simulations} intervals that hold the truth (± {error:.1f}), and")
        print("that lie above / below it")
    results: dict[str, dict] = {}
    for articles in arguments.articles:
        if not arguments.json:
            print(f"\n{articles} articles".ljust(36), *(f"{m:>20}" for m in METHODS))
        for name, case in all_cases().items():
            rows = coverage(case, articles, arguments.simulations)
            results.setdefault(str(articles), {})[name] = rows
            if not arguments.json:
                print(name.ljust(35), *map(cell, rows.values()))
    if arguments.json:
        print(json.dumps({"schema": "lvmctl.benchmark.coverage/1", "articles": results}, indent=2))


def cell(row: dict[str, float]) -> str:
    covered, above, below = (100 * row[name] for name in ("covered", "above", "below"))
    return f"{covered:8.1f} ({above:3.1f} / {below:3.1f})"


if __name__ == "__main__":
    main()
