"""Query vectors trained on the windows of some articles: q·x ranks the chunks x of the pool."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from lvmctl_p8.model import Mixture
from torch import Tensor, nn
from torch.nn.functional import gelu, normalize, one_hot

from lvmctl import SequenceOptions, Shape
from trying.articles import Article, K
from trying.crossing import crossed
from trying.known import fading
from trying.lists import Feature
from trying.scoring import Fit, Ranker, Scoring

FADE = 0.4
REDUCED, HIDDEN, DROPOUT = 64, 128, 0.3
RATE, DECAY, EPOCHS = 2e-3, 0.1, 4
MOST = 64
"""Windows of an article that are trained on in an epoch, at most, to save time."""

FOLDS = 3
"""Of the cross-fitting: a query takes longer to train than a ridge."""

FLAT = 1e-6

Wanted = Callable[[Article], Tensor]
"""(W, n), for each window the distribution over the pool that a query is trained to match."""


class Tower(nn.Module):
    """q = normalise(Σ α_k c_k + MLP(window)), α fading; the MLP starts at zero.

    Shapes: context (B, K, D) → q (B, D).
    """

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.register_buffer("weights", fading(FADE))
        self.reduce = nn.Linear(dim, REDUCED, bias=False)
        self.hidden = nn.Linear(K * REDUCED, HIDDEN)
        self.out = nn.Linear(HIDDEN, dim)
        self.dropout = nn.Dropout(DROPOUT)
        nn.init.zeros_(self.out.weight)
        nn.init.zeros_(self.out.bias)

    def forward(self, context: Tensor) -> Tensor:
        window = self.dropout(self.reduce(context).flatten(1))
        residual = self.out(self.dropout(gelu(self.hidden(window))))
        return normalize(torch.einsum("k,bkd->bd", self.weights, context) + residual, dim=-1)


class P8(nn.Module):
    """P8's mixture, of width 64 and one layer to save time: context (B, K, D) → q (B, D)."""

    def __init__(self, dim: int) -> None:
        super().__init__()
        options = SequenceOptions(width=64, layers=1, heads=4, feedforward=128)
        self.mixture = Mixture(options, Shape(dim, K))

    def forward(self, context: Tensor) -> Tensor:
        return self.mixture(context).q


def labels(article: Article) -> Tensor:
    """All weight on the target."""
    return one_hot(article.targets, len(article.chunks)).float()


def taught(training: tuple[Article, ...]) -> Wanted:
    """Softmax of the scores of P9's scorer, trained on the same articles."""
    score = Ranker()(training)
    return lambda article: score(article).masked_fill(~article.candidates, -torch.inf).softmax(1)


def query(model: type[nn.Module], training: tuple[Article, ...], wanted: Wanted) -> nn.Module:
    """A model trained by cross-entropy from ``wanted`` to a softmax of cosines over the pool.

    Cosines are in deviations of the pool's own, times a learned number. One step an article.
    """
    torch.manual_seed(0)
    rng = np.random.default_rng(0)
    data = [(article, wanted(article)) for article in training if len(article.chunks) >= K + 2]
    net, scale = model(data[0][0].chunks.shape[1]), nn.Parameter(torch.zeros(()))
    optimizer = torch.optim.AdamW([*net.parameters(), scale], lr=RATE, weight_decay=DECAY)
    steps = EPOCHS * len(data)
    cycle = torch.optim.lr_scheduler.OneCycleLR(optimizer, RATE, total_steps=steps)
    for _ in range(EPOCHS):
        for index in rng.permutation(len(data)):
            article, goal = data[index]
            some = torch.from_numpy(rng.permutation(len(goal))[:MOST])
            real = article.candidates[some]
            cosines = net(article.chunks[article.places[some]]) @ article.chunks.T
            logits = (in_deviations(cosines, real) * scale.exp()).masked_fill(~real, -torch.inf)
            each = goal[some] * logits.log_softmax(dim=-1).masked_fill(~real, 0.0)
            optimizer.zero_grad()
            (-each.sum(dim=-1).mean()).backward()
            optimizer.step()
            cycle.step()
    return net.eval()


def in_deviations(cosines: Tensor, real: Tensor) -> Tensor:
    """(cos - mean)/deviation over the candidates ``real`` (B, N) of each row."""
    share = real / real.sum(dim=1, keepdim=True)
    gap = cosines - (cosines * share).sum(dim=1, keepdim=True)
    return gap / ((gap.square() * share).sum(dim=1, keepdim=True) + FLAT).sqrt()


def cosines_with(net: nn.Module) -> Scoring:
    """q·x, (W, n)."""

    @torch.no_grad()
    def score(article: Article) -> Tensor:
        return net(article.context) @ article.chunks.T

    return score


def query_feature(model: type[nn.Module]) -> Fit:
    """(W, n, 1), cos(q, x) of a query trained on labels, cross-fitted."""

    def fit(training: tuple[Article, ...]) -> Feature:
        score = cosines_with(query(model, training, labels))
        return lambda article: score(article)[..., None]

    return crossed(fit, FOLDS)


def distilled(training: tuple[Article, ...]) -> Scoring:
    """Plain search with a tower trained to match the scorer."""
    return cosines_with(query(Tower, training, taught(training)))


def labelled(training: tuple[Article, ...]) -> Scoring:
    """Plain search with a tower trained on labels."""
    return cosines_with(query(Tower, training, labels))
