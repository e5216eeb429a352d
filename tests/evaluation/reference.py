"""The protocol (docs/methods.md#protocol) in float64 loops: slow, independent of lvmctl.

``python tests/evaluation/reference.py`` works out ``tests/golden/metrics.json`` again.
"""

from __future__ import annotations

import itertools
import json
import math
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

GOLDEN = Path(__file__).parents[1] / "golden"
SETTINGS = [(3, 1), (2, 2)]
"""K and h of the golden figures."""
MIN_ARTICLE = 6
TIE = 1e-6
"""Cosines this near are equal."""

Vector = list[float]
Articles = list[list[Vector]]


class Window(NamedTuple):
    """Where a window is: article, position of its first chunk, K, and position of its target."""

    article: int
    first: int
    k: int
    target: int


def dot(a: Vector, b: Vector) -> float:
    return math.fsum(x * y for x, y in zip(a, b))


def unit(a: Sequence[float]) -> Vector:
    """``a`` scaled to norm 1; a zero vector stays zero."""
    norm = math.sqrt(math.fsum(float(x) ** 2 for x in a))
    return [float(x) / norm if norm else 0.0 for x in a]


def mean(values: Sequence[float]) -> float:
    return math.fsum(values) / len(values)


def read_articles(vectors: np.ndarray, offsets: Sequence[int]) -> Articles:
    """Articles of unit chunks, cast up and normalised again."""
    return [
        [unit(row.tolist()) for row in vectors[low:high]]
        for low, high in itertools.pairwise(offsets)
    ]


def all_windows(articles: Articles, k: int, h: int) -> list[Window]:
    """Every window whose target is in its article, in order."""
    windows = []
    for number, article in enumerate(articles):
        for first in range(len(article)):
            target = first + k - 1 + h
            if target < len(article):
                windows.append(Window(number, first, k, target))
    return windows


def context_of(articles: Articles, window: Window) -> list[Vector]:
    return articles[window.article][window.first : window.first + window.k]


def target_of(articles: Articles, window: Window) -> Vector:
    return articles[window.article][window.target]


def direct(context: list[Vector], target: Vector) -> Vector:
    return context[-1]


def centroid(context: list[Vector], target: Vector) -> Vector:
    return unit([math.fsum(column) for column in zip(*context)])


def span_oracle(context: list[Vector], target: Vector) -> Vector:
    columns = np.array(context).T
    weights = np.linalg.lstsq(columns, np.array(target), rcond=None)[0]
    return unit((columns @ weights).tolist())


PREDICTORS: dict[str, Callable[[list[Vector], Vector], Vector]] = {
    "direct": direct,
    "centroid": centroid,
    "span-oracle": span_oracle,
}


def pool(articles: Articles, window: Window, name: str) -> list[tuple[int, int]]:
    """Candidates of a pool as (article, position); the target is among them."""
    ranks = []
    for number, article in enumerate(articles):
        for position in range(len(article)):
            in_article = number == window.article
            inside = in_article and window.first <= position < window.first + window.k
            taken = {
                "filtered": in_article and not inside,
                "future": in_article and position >= window.first + window.k,
                "unfiltered": in_article,
                "global": not inside,
            }[name]
            if taken:
                ranks.append((number, position))
    return ranks


def rank(articles: Articles, window: Window, q: Vector, name: str) -> tuple[float, int]:
    """1 + #better + ½ #ties of the target, and the size of the pool."""
    target_score = dot(q, target_of(articles, window))
    candidates = pool(articles, window, name)
    better = ties = 0
    for number, position in candidates:
        if (number, position) == (window.article, window.target):
            continue
        score = dot(q, articles[number][position])
        better += score > target_score + TIE
        ties += abs(score - target_score) <= TIE
    return 1 + better + ties / 2, len(candidates)


def retrieval(ranks: list[tuple[float, int]]) -> dict[str, float]:
    if not ranks:
        return {"windows": 0}
    metrics = {f"r@{k}": mean([float(r <= k) for r, _ in ranks]) for k in (1, 5, 10)}
    metrics["mrr"] = mean([1 / r for r, _ in ranks])
    metrics["mrr@10"] = mean([1 / r if r <= 10 else 0.0 for r, _ in ranks])
    # Chance: every place in the pool is as likely as another.
    for k in (1, 5, 10):
        metrics[f"chance_r@{k}"] = mean([mean([i < k for i in range(size)]) for _, size in ranks])
    for name, deepest in (("mrr", math.inf), ("mrr@10", 10)):
        metrics[f"chance_{name}"] = mean(
            [
                mean([1 / i if i <= deepest else 0.0 for i in range(1, size + 1)])
                for _, size in ranks
            ]
        )
    above = mean([r - 1 for r, _ in ranks])
    above_by_chance = mean([mean(range(size)) for _, size in ranks])
    if above_by_chance:
        metrics["amri"] = 1 - above / above_by_chance
    metrics["pool_mean"] = mean([size for _, size in ranks])
    metrics["windows"] = len(ranks)
    return metrics


def figures(
    articles: Articles, windows: list[Window], h: int, predictions: list[Vector], min_article: int
) -> dict:
    """Every figure of one predictor, whose predictions are unit vectors, one per window."""
    following, anchor = [], []
    previous = {"last": [], "second_last": [], "unseen": []}
    margins = {"last": [], "second_last": [], "unseen": []}
    for window, q in zip(windows, predictions):
        article = articles[window.article]
        context = context_of(articles, window)
        following.append(dot(q, target_of(articles, window)))
        anchor.append(dot(q, centroid(context, q)))
        named = {"last": context[-1]}
        if window.k >= 2:
            named["second_last"] = context[-2]
        if window.first >= h:
            named["unseen"] = article[window.first - h]
        for name, chunk in named.items():
            previous[name].append(dot(q, chunk))
            margins[name].append(following[-1] - previous[name][-1])
    in_article = {}
    for name in ("filtered", "future", "unfiltered"):
        in_article[name] = retrieval(
            [
                rank(articles, window, q, name)
                for window, q in zip(windows, predictions)
                if len(articles[window.article]) >= min_article
            ]
        )
    everywhere = [rank(articles, window, q, "global") for window, q in zip(windows, predictions)]
    return {
        "cos_next": mean(following),
        "cos_anchor": mean(anchor),
        "cos_prev": {name: mean(values) for name, values in previous.items() if values},
        "margin": {name: mean(values) for name, values in margins.items() if values},
        "in_article": in_article,
        "global": {"filtered": retrieval(everywhere)},
    }


def work_out(articles: Articles, k: int, h: int, min_article: int = MIN_ARTICLE) -> dict:
    """Windows, articles, and :func:`figures` of every predictor."""
    windows = all_windows(articles, k, h)
    result = {"windows": len(windows), "articles": len(articles), "predictors": {}}
    for name, predictor in PREDICTORS.items():
        predictions = [
            predictor(context_of(articles, window), target_of(articles, window))
            for window in windows
        ]
        result["predictors"][name] = figures(articles, windows, h, predictions, min_article)
    return result


def golden_figures() -> dict:
    """What ``tests/golden/metrics.json`` holds."""
    vectors = np.load(GOLDEN / "store" / "vectors.npy").astype(np.float64)
    articles = read_articles(vectors, np.load(GOLDEN / "store" / "offsets.npy").tolist())
    settings = {f"K={k},h={h}": work_out(articles, k, h) for k, h in SETTINGS}
    return {"min_article": MIN_ARTICLE, "settings": settings}


if __name__ == "__main__":
    text = json.dumps(golden_figures(), indent=1)
    (GOLDEN / "metrics.json").write_text(text + "\n", encoding="utf-8")
