"""Lists that also hold chunks of other articles, in training.

Ranks, densities, deviations and the whitening are those of the larger pool, so that a scorer that
was trained on it meets other numbers in the pools that are tested.
"""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor

from trying.articles import Article
from trying.lists import enlarged, lists_of
from trying.scoring import Scoring, scores, train

OTHERS = 64
"""Chunks of other articles in an article's lists."""


def with_others(training: tuple[Article, ...]) -> Scoring:
    """A scorer trained on enlarged lists, tested on pools as ever."""
    data = [enlarged(*each) for each in drawn(training) if each[0].measured]
    net = train(data)
    return lambda article: scores(net, lists_of(article))


def drawn(training: tuple[Article, ...]) -> Iterator[tuple[Article, Tensor]]:
    """Each training article with chunks (64, D) drawn from the others."""
    generator = torch.Generator().manual_seed(0)
    chunks, start = torch.cat([article.chunks for article in training]), 0
    for article in training:
        count = len(article.chunks)
        index = torch.randint(len(chunks) - count, (OTHERS,), generator=generator)
        yield article, chunks[index + count * (index >= start)]
        start += count
