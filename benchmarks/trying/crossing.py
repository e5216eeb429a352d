"""Cross-fitting: a training article's feature comes from a fit that never saw the article."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from trying.articles import Article
from trying.lists import Feature
from trying.scoring import Fit

FOLDS = 5


def crossed(fit: Fit, folds: int = FOLDS) -> Fit:
    """``fit`` without each fold of the training articles, and on all of them for the others."""

    def fitted(training: tuple[Article, ...]) -> Feature:
        fold = {article: number % folds for number, article in enumerate(training)}
        folds_of = [tuple(each for each in training if fold[each] != out) for out in range(folds)]
        return chosen(fold, [*map(fit, folds_of), fit(training)])

    return fitted


def crossed_sums(
    sums: Callable[[Article], Sequence[Tensor]], made: Callable[..., Feature], folds: int = FOLDS
) -> Fit:
    """The same of a fit ``made`` from sums over articles, which are added up once a fold."""

    def fitted(training: tuple[Article, ...]) -> Feature:
        fold = {article: number % folds for number, article in enumerate(training)}
        parts: list[list[Tensor]] = [[] for _ in range(folds)]
        for article in training:
            article_sums = sums(article)
            part = parts[fold[article]]
            if part:
                for total, each in zip(part, article_sums):
                    total += each
            else:
                part += [torch.as_tensor(each).clone() for each in article_sums]
        features = []
        for out in range(folds + 1):
            rest = [part for number, part in enumerate(parts) if number != out]
            features.append(made(*(sum(each) for each in zip(*rest))))
        return chosen(fold, features)

    return fitted


def chosen(fold: dict[Article, int], features: list[Feature]) -> Feature:
    """The feature of an article's own fold; the last one for articles of no fold."""
    return lambda article: features[fold.get(article, len(features) - 1)](article)
