"""An order verifier: does chunk b come after chunk a?"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import softplus

from trying.articles import Article
from trying.crossing import crossed
from trying.lists import Feature

RANK = 16
STEPS, PAIRS = 300, 1024
RATE, DECAY = 3e-3, 0.1
FOLDS = 3
"""Of the cross-fitting."""

SCALE = 4.0
"""Centred chunks are multiplied by this, so that the form starts from numbers near 1."""


def verifier(training: tuple[Article, ...]) -> Tensor:
    """(D, D) antisymmetric form A = UVᵀ - VUᵀ with logit(b after a) = aᵀAb, of centred chunks.

    A logistic model of random pairs of one article, by AdamW; every chunk is as likely a first one.
    """
    generator = torch.Generator().manual_seed(0)
    z = torch.cat([article.centred for article in training]) * SCALE
    lengths = torch.tensor([len(article.chunks) for article in training])
    length = lengths.repeat_interleave(lengths)
    start = (lengths.cumsum(0) - lengths).repeat_interleave(lengths)
    factors = torch.randn(2, z.shape[1], RANK, generator=generator) / z.shape[1] ** 0.5
    factors.requires_grad_()
    optimizer = torch.optim.AdamW([factors], lr=RATE, weight_decay=DECAY)
    cycle = torch.optim.lr_scheduler.OneCycleLR(optimizer, RATE, total_steps=STEPS)
    for _ in range(STEPS):
        left = torch.randint(len(z), (PAIRS,), generator=generator)
        share = torch.rand(PAIRS, generator=generator)
        other = start[left] + (share * length[left]).long()
        first, second = z[torch.minimum(left, other)], z[torch.maximum(left, other)]
        u, v = factors
        logit = ((first @ u) * (second @ v) - (first @ v) * (second @ u)).sum(dim=-1)
        loss = (softplus(-logit) * (left != other)).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        cycle.step()
    u, v = factors.detach()
    return SCALE**2 * (u @ v.T - v @ u.T)


def logits(training: tuple[Article, ...]) -> Feature:
    """(W, n, 3), the logits that a candidate comes after the newest, the oldest, the mean chunk."""
    form = verifier(training)

    def feature(article: Article) -> Tensor:
        z = article.centred
        window = z[article.places]
        points = torch.stack([window[:, -1], window[:, 0], window.mean(dim=1)], dim=1)
        return (points @ form @ z.T).mT

    return feature


order = crossed(logits, FOLDS)
