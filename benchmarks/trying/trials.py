"""Who trains and who is tested, and the four lines that come of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import permutations

import numpy as np
import torch

from lvmctl import Resampling
from trying.articles import Article
from trying.lists import measured, ranks
from trying.scoring import Method

FOLDS, SEED = 3, 1
WITHIN, TOP = 5, 10

Pair = tuple[tuple[Article, ...], list[Article]]
"""Training articles, and the articles that are tested."""


@dataclass(frozen=True)
class Trial:
    """Training and test articles, one pair or more; no article is tested twice."""

    name: str
    pairs: list[Pair]


def trials(stores: dict[str, tuple[Article, ...]]) -> Iterator[Trial]:
    """Three folds of each of two stores, and each store for the other."""
    for name, articles in stores.items():
        yield Trial(f"{name} folds", folds(articles))
    for (one, training), (other, tests) in permutations(stores.items(), 2):
        yield Trial(f"{one} -> {other}", [(training, measured(tests))])


def folds(articles: tuple[Article, ...]) -> list[Pair]:
    """Each fold of the measured articles, and all articles but those."""
    tested = np.array(measured(articles), dtype=object)
    fold = np.random.default_rng(SEED).permutation(len(tested)) % FOLDS
    pairs = []
    for number in range(FOLDS):
        out = list(tested[fold == number])
        pairs.append((tuple(each for each in articles if each not in set(out)), out))
    return pairs


def line(method: Method, trial: Trial) -> str:
    """R@5 and MRR@10 of a method, minus those of direct, with 95 % intervals over articles."""
    ranked, plain, number = [], [], []
    for training, tests in trial.pairs:
        score = method(training)
        for article in tests:
            newest = article.chunks[article.places[:, -1]]
            with torch.no_grad():
                both = score(article), newest @ article.chunks.T
            places = [ranks(each, article.candidates, article.targets).numpy() for each in both]
            ranked.append(places[0])
            plain.append(places[1])
            number.append(np.full(len(places[0]), len(number)))
    ranked, plain, number = (np.concatenate(each) for each in (ranked, plain, number))
    resampling, cells = Resampling(number[-1] + 1), []
    for name, figure in (("R@5", recall), ("MRR@10", reciprocal)):
        value, gap = figure(ranked).mean(), figure(ranked) - figure(plain)
        low, high = resampling.interval(gap, number)
        cells.append(f"{name} {value:.3f} {gap.mean():+.3f} [{low:+.3f}, {high:+.3f}]")
    return f"{trial.name:15} {'   '.join(cells)}"


def recall(rank: np.ndarray) -> np.ndarray:
    """1 where the rank is 5 at most, else 0."""
    return (rank <= WITHIN).astype(float)


def reciprocal(rank: np.ndarray) -> np.ndarray:
    """1/rank, 0 where the rank is above 10."""
    return np.where(rank <= TOP, 1 / rank, 0.0)
