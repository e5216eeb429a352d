"""The scorer that every row trains in the same way."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from lvmctl_ranker.scorer import network
from torch import Tensor, nn
from torch.nn import functional

from trying.articles import Article
from trying.lists import Feature, Lists, lists_of, measured

HIDDEN, DROPOUT, INPUT_DROPOUT = 32, 0.3, 0.2
RATE, DECAY, EPOCHS, BATCH = 2e-3, 1e-2, 8, 64
SAMPLE = 5
"""Features are standardised by every fifth article."""

FLOOR = 1e-3

Scoring = Callable[[Article], Tensor]
"""Scores (W, n) of an article's windows and chunks, or (S, W, n) of S seeds."""

Method = Callable[[tuple[Article, ...]], Scoring]
"""From training articles, the short ones too, to scores."""

Fit = Callable[[tuple[Article, ...]], Feature]
"""From training articles, the short ones too, to a feature of any article."""

Trained = Callable[[Lists], Tensor]
"""Scores (W, N) of lists."""

Learn = Callable[[Sequence[Lists], int, float], Trained]
"""From lists, a seed and the deviations that count at most, to scores."""

MASK = 1 << 23
"""Length of the mask of the features' dropout: drawing one a step takes longer than all else."""


class InputDropout(nn.Module):
    """Dropout by a random piece of one long mask."""

    def __init__(self) -> None:
        super().__init__()
        self.mask = (torch.rand(MASK) >= INPUT_DROPOUT) / (1 - INPUT_DROPOUT)

    def forward(self, z: Tensor) -> Tensor:
        if not self.training:
            return z
        start = int(torch.randint(MASK - z.numel(), ()))
        return z * self.mask[start : start + z.numel()].view_as(z)


class Net(nn.Module):
    """score = w·z + MLP(z), z the features as :meth:`standard` gives them: (B, N, F) → (B, N)."""

    def __init__(
        self, mean: Tensor, deviation: Tensor, far: float, dropout: type[InputDropout]
    ) -> None:
        super().__init__()
        self.mean, self.scale, self.far = mean, 1 / (deviation + FLOOR), far
        self.dropout = dropout()
        self.linear = nn.Linear(len(mean), 1, bias=False)
        self.network = network(len(mean), HIDDEN, DROPOUT)

    def standard(self, lists: Lists) -> Tensor:
        """z (W, N, F), features of mean 0 and variance 1 in training, in [-far, far]."""
        return ((lists.inputs() - self.mean) * self.scale).clamp_(-self.far, self.far)

    def forward(self, z: Tensor) -> Tensor:
        z = self.dropout(z)
        return (self.linear(z) + self.network(z))[..., 0]


def learned(
    data: Sequence[Lists], seed: int, far: float, dropout: type[InputDropout] = InputDropout
) -> Trained:
    """A small network."""
    net = train(data, seed, far, dropout)
    return lambda lists: scores(net, lists)


@dataclass(frozen=True)
class Ranker:
    """A method: a scorer of P9's cosine features and of the feature that ``fit`` gives.

    Attributes:
        far: deviations up to which they count.
        members: scorers, the mean of which is taken.
        seeds: such means, (S, W, n) where there are several.
        learn: trains a scorer of lists.
    """

    fit: Fit | None = None
    far: float = math.inf
    members: int = 1
    seeds: int = 1
    learn: Learn = learned

    def __call__(self, training: tuple[Article, ...]) -> Scoring:
        feature = None if self.fit is None else self.fit(training)
        data = [lists_of(article, feature) for article in measured(training)]
        made = [self.learn(data, seed, self.far) for seed in range(self.seeds * self.members)]

        def score(article: Article) -> Tensor:
            lists = lists_of(article, feature)
            each = torch.stack([one(lists) for one in made])
            return each.unflatten(0, (self.seeds, self.members)).mean(dim=1).squeeze(0)

        return score


@torch.no_grad()
def scores(net: Net, lists: Lists) -> Tensor:
    """(W, N)."""
    return net(net.standard(lists))


def train(
    data: Sequence[Lists],
    seed: int = 0,
    far: float = math.inf,
    dropout: type[InputDropout] = InputDropout,
) -> Net:
    """Softmax of the target among its list; AdamW, one cycle of the learning rate."""
    seen = torch.cat([each.inputs()[each.candidates] for each in data[::SAMPLE]])
    torch.manual_seed(seed)
    rng = np.random.default_rng(seed)
    net = Net(seen.mean(dim=0), seen.std(dim=0), far, dropout)
    optimizer = torch.optim.AdamW(net.parameters(), lr=RATE, weight_decay=DECAY)
    batches = []
    for lists in data:
        inputs = net.standard(lists), lists.candidates, lists.targets
        batches += zip(*(each.split(BATCH) for each in inputs))
    steps = EPOCHS * len(batches)
    cycle = torch.optim.lr_scheduler.OneCycleLR(optimizer, RATE, total_steps=steps)
    for _ in range(EPOCHS):
        for index in rng.permutation(len(batches)):
            z, candidates, targets = batches[index]
            loss = cross_entropy(net(z), candidates, targets)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            cycle.step()
    return net.eval()


def cross_entropy(scores: Tensor, candidates: Tensor, targets: Tensor) -> Tensor:
    """Mean -log softmax of the target among the candidates (B, N)."""
    return functional.cross_entropy(scores.masked_fill(~candidates, -torch.inf), targets)
