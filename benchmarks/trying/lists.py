"""Lists to rank: P9's cosine features of each window's pool, and extra ones beside them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache

import torch
from lvmctl_ranker.features import features, raw_and_standardised
from lvmctl_ranker.model import Space, parts, rows_of
from lvmctl_ranker.options import GROUPS
from lvmctl_ranker.whitening import whitened
from torch import Tensor

from lvmctl import Pool
from trying.articles import Article

Feature = Callable[[Article], Tensor]
"""Extra features (W, n, E) of an article's windows and chunks."""

BLOCK = 64
"""Windows whose features are computed at once."""


@dataclass(frozen=True, eq=False)
class Lists:
    """W lists of N chunks.

    Attributes:
        features: (W, N, F), P9's cosine features.
        extra: (W, N, 2E), see :func:`~lvmctl_ranker.features.raw_and_standardised`; E may be 0.
        candidates: (W, N) bool, what is ranked.
        targets: (W,) int64, where the target stands.
    """

    features: Tensor
    extra: Tensor
    candidates: Tensor
    targets: Tensor

    def inputs(self) -> Tensor:
        """All features, (W, N, F + 2E)."""
        return torch.cat([self.features, self.extra], dim=-1)


def lists_of(article: Article, feature: Feature | None = None) -> Lists:
    """An article's windows with their pools; ``feature`` gives the extra features."""
    candidates, rows = article.candidates, own_features(article)
    extra = rows[..., :0]
    if feature is not None:
        extra = raw_and_standardised(feature(article), candidates[..., None])
    return Lists(rows, extra, candidates, article.targets)


def enlarged(article: Article, others: Tensor) -> Lists:
    """An article's windows, with chunks ``others`` (M, D) of other articles in every pool."""
    inside = article.candidates
    candidates = torch.cat([inside, inside.new_ones(len(inside), len(others))], dim=1)
    pool = Pool(torch.cat([article.chunks, others]), candidates)
    measures = cosine_features(article.context, pool)
    return Lists(measures, measures[..., :0], candidates, article.targets)


@cache
def own_features(article: Article) -> Tensor:
    """(W, n, F) of an article, kept in memory."""
    return cosine_features(article.context, article.pool)


@torch.no_grad()
def cosine_features(context: Tensor, pool: Pool) -> Tensor:
    """(W, N, F), all of P9's features but those that are fitted on it."""
    scores = []
    for part in parts(len(context), BLOCK):
        inputs = context[part], rows_of(pool, part)
        spaces = Space(*inputs), Space(*whitened(*inputs))
        scores.append(features([each.measures(slice(None)) for each in spaces], list(GROUPS)))
    return torch.cat(scores)


def ranks(scores: Tensor, candidates: Tensor, targets: Tensor) -> Tensor:
    """1 + #better + ½·#ties of each target among the candidates, (W,)."""
    scores = scores.masked_fill(~candidates, -torch.inf)
    target_score = scores.gather(1, targets[:, None])
    return 1 + (scores > target_score).sum(dim=1) + ((scores == target_score).sum(dim=1) - 1) / 2


def measured(articles: Sequence[Article]) -> list[Article]:
    """Those that are long enough."""
    return [article for article in articles if article.measured]
