"""What P9 itself fits on training text, as features that always count and as a query; and queries
for which nothing is fitted."""

from __future__ import annotations

import torch
from lvmctl_ranker.in_domain import AxisFeatures, InDomain
from torch import Tensor

from lvmctl import Shape, Windows
from trying.articles import Article, K, split_of
from trying.lists import Feature
from trying.scoring import Scoring

FADE = 0.6
"""Weight of a chunk beside that of the next newer one."""


def learned(training: tuple[Article, ...]) -> InDomain:
    """Axes, agreement and guess, without each of P9's folds and on all of the articles."""
    fitted = InDomain(Shape(training[0].chunks.shape[1], K))
    fitted.fit(Windows(split_of(training), K, 1))
    fitted.limit.fill_(torch.inf)
    return fitted


def along(training: tuple[Article, ...]) -> Feature:
    """(W, n, K + 2), see :meth:`~lvmctl_ranker.in_domain.AxisFeatures.measures`."""
    fitted = learned(training)
    number = {article: index for index, article in enumerate(training)}

    def feature(article: Article) -> Tensor:
        known = torch.tensor([number[article]]) if article in number else None
        return AxisFeatures(fitted, article.context, article.pool, known).measures(slice(None))

    return feature


def centred_query(training: tuple[Article, ...]) -> Scoring:
    """u·x, u = A·diag(agreement)·Aᵀ·(Σ .6^age c - μ), μ the article's mean, A the axes (D, R)."""
    fitted = learned(training)
    axes, agreement = fitted.axes[-1], fitted.agreement[-1]
    weights = fading(FADE)

    def score(article: Article) -> Tensor:
        window = torch.einsum("k,wkd->wd", weights, article.centred[article.places])
        return ((window @ axes) * agreement) @ axes.T @ article.chunks.T

    return score


def mean_query(training: tuple[Article, ...]) -> Scoring:
    """x·Σ .6^age c: a mean of the window."""
    weights = fading(FADE)
    return lambda article: torch.einsum("k,wkd->wd", weights, article.context) @ article.chunks.T


def mean_query_centred(training: tuple[Article, ...]) -> Scoring:
    """x·(Σ .6^age c - μ): the same less the article's mean."""
    plain = mean_query(training)
    return lambda article: plain(article) - article.chunks @ article.chunks.mean(dim=0)


def fading(fade: float) -> Tensor:
    """(K,) weights fade^age that sum to 1, oldest first."""
    weights = fade ** torch.arange(K).flip(0)
    return weights / weights.sum()
