"""Who trains and who is tested, and the lines that come of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import permutations

import numpy as np
import torch

from lvmctl import Resampling
from trying.articles import Article
from trying.lists import measured, ranks
from trying.scoring import Method, Scoring

FOLDS, SEED = 3, 1
WITHIN, TOP = 5, 10

Pair = tuple[tuple[Article, ...], list[Article]]
"""Training articles, and the articles that are tested."""


@dataclass(frozen=True)
class Trial:
    """Training and test articles, one pair or more; no article is tested twice.

    Attributes:
        tested: what is tested; trials of one run that have it in common test the same articles.
    """

    name: str
    tested: str
    pairs: list[Pair]


def trials(stores: dict[str, tuple[Article, ...]]) -> Iterator[Trial]:
    """Three folds of each store, and each store for each other."""
    for name, articles in stores.items():
        yield Trial(f"{name} folds", f"{name} folds", folds(articles))
    for (one, training), (other, tests) in permutations(stores.items(), 2):
        yield Trial(f"{one} -> {other}", f"{one} -> {other}", [(training, measured(tests))])


def folds(articles: tuple[Article, ...]) -> list[Pair]:
    """Each fold of the measured articles, and all articles but those."""
    tested = np.array(measured(articles), dtype=object)
    fold = np.random.default_rng(SEED).permutation(len(tested)) % FOLDS
    pairs = []
    for number in range(FOLDS):
        out = list(tested[fold == number])
        pairs.append((tuple(each for each in articles if each not in set(out)), out))
    return pairs


def thirds(stores: dict[str, tuple[Article, ...]], together: bool) -> Iterator[Trial]:
    """A third of the first store, tested on a sixth of it and on each other store; ``together``
    with each other store, tested on what is left."""
    (first, articles), *others = stores.items()
    part = np.random.default_rng(SEED).permutation(len(articles)) % 3
    training, rest = (
        tuple(each for each, of in zip(articles, part) if of == wanted) for wanted in (0, 1)
    )
    tests = {first: measured(rest)[::2], **{name: measured(other) for name, other in others}}
    trainings = [(f"{first} + {name}", training + other) for name, other in others]
    for name, used in trainings if together else [(first, training)]:
        for tested, out in tests.items():
            if not {*out} & {*used}:
                yield Trial(f"{name} -> {tested}", tested, [(used, out)])


@dataclass(frozen=True)
class Ranks:
    """Of each target.

    Attributes:
        scored: (S, W) by a method, of S seeds.
        plain: (W,) by direct.
        article: (W,) number of the article.
    """

    scored: np.ndarray
    plain: np.ndarray
    article: np.ndarray


def ranked(method: Method, trial: Trial) -> Ranks:
    """What a method that is trained on each pair's articles makes of its others."""
    scored, plain, number = [], [], []
    for training, tests in trial.pairs:
        score = trained(method, training)
        for article in tests:
            newest = article.chunks[article.places[:, -1]]
            with torch.no_grad():
                both = score(article), newest @ article.chunks.T
            each = [
                ranks(one, article.candidates, article.targets).numpy()
                for scores in both
                for one in scores.view(-1, *article.candidates.shape)
            ]
            scored.append(np.stack(each[:-1]))
            plain.append(each[-1])
            number.append(np.full(len(each[-1]), len(number)))
    return Ranks(np.concatenate(scored, axis=1), np.concatenate(plain), np.concatenate(number))


@lru_cache(maxsize=1)
def trained(method: Method, training: tuple[Article, ...]) -> Scoring:
    """A method that is trained; the last one is kept for what else it is tested on."""
    return method(training)


def line(made: Ranks, other: Ranks | None = None) -> str:
    """R@5 and MRR@10, minus those of direct, and minus those of the ``other``, with 95 % intervals
    over articles."""
    resampling, cells = Resampling(made.article[-1] + 1), []
    for name, figure in (("R@5", recall), ("MRR@10", reciprocal)):
        value = figure(made.scored).mean(axis=0)
        cell = f"{name} {value.mean():.3f}"
        beside = [figure(made.plain)]
        beside += [] if other is None else [figure(other.scored).mean(axis=0)]
        for less in beside:
            low, high = resampling.interval(value - less, made.article)
            cell += f" {(value - less).mean():+.3f} [{low:+.3f}, {high:+.3f}]"
        cells.append(cell)
    return "   ".join(cells)


def recall(rank: np.ndarray) -> np.ndarray:
    """1 where the rank is 5 at most, else 0."""
    return (rank <= WITHIN).astype(float)


def reciprocal(rank: np.ndarray) -> np.ndarray:
    """1/rank, 0 where the rank is above 10."""
    return np.where(rank <= TOP, 1 / rank, 0.0)
