"""All that was read so far as the context, for pools of the chunks that come after it."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import normalize

from trying.articles import Article
from trying.lists import Feature

FADES = (0.8, 0.95, 1.0)
RECENT = 20


def read(training: tuple[Article, ...]) -> Feature:
    """Nothing is fitted."""
    return prefix


def prefix(article: Article) -> Tensor:
    """(W, n, 5), of a candidate and the chunks up to the newest: cosines with their means, weighted
    by .8^age, .95^age and not at all; its best cosine with one of them; and the mean cosine with
    the last 20.

    Raises:
        ValueError: the pool holds what was read.
    """
    if not article.after:
        raise ValueError("a pool with the chunks before the window is not ranked by them")
    x = article.chunks
    age = article.places[:, -1:] - torch.arange(len(x))
    seen = age >= 0
    means = [normalize(weighted(fade**age * seen) @ x, dim=-1) @ x.T for fade in FADES]
    cosines = x @ x.T
    best = cosines.cummax(dim=0).values[article.places[:, -1]]
    recent = weighted((seen & (age < RECENT)).float()) @ cosines
    return torch.stack([*means, best, recent], dim=-1)


def weighted(weights: Tensor) -> Tensor:
    """Rows that sum to 1."""
    return weights / weights.sum(dim=1, keepdim=True)
