"""From features to a score: a linear part and a small network."""

from __future__ import annotations

import torch
from torch import Tensor, nn

FLOOR = 1e-3


class Scorer(nn.Module):
    """score = w·z + MLP(z), z the features standardised over the candidates seen in training.

    Args:
        width: F, the number of features.
        hidden: width of the network's two layers; 0 leaves the linear part alone.
        dropout: of the network's first layer.

    Shapes: features (B, N, F), candidates (B, N) → (B, N).
    """

    def __init__(self, width: int, hidden: int, dropout: float) -> None:
        super().__init__()
        self.register_buffer("seen", torch.zeros((), dtype=torch.float64))
        self.register_buffer("mean", torch.zeros(width))
        self.register_buffer("square", torch.zeros(width))
        self.linear = nn.Linear(width, 1, bias=False)
        self.network = network(width, hidden, dropout) if hidden else None

    def forward(self, features: Tensor, candidates: Tensor) -> Tensor:
        if self.training:
            self.look(features[candidates])
        deviation = (self.square - self.mean.square()).clamp_min(0).sqrt()
        # Before the first batch there is nothing to standardise by.
        scale = 1 / torch.where(self.seen > 0, deviation + FLOOR, 1.0)
        z = torch.addcmul(-self.mean * scale, features, scale)
        score = self.linear(z)
        if self.network is not None:
            score = score + self.network(z)
        return score[..., 0]

    @torch.no_grad()
    def look(self, features: Tensor) -> None:
        """Take the ``features`` (n, F) of some candidates into the means."""
        self.seen += len(features)
        part = (len(features) / self.seen).to(features)
        self.mean += (features.mean(dim=0) - self.mean) * part
        self.square += (features.square().mean(dim=0) - self.square) * part


def network(width: int, hidden: int, dropout: float) -> nn.Module:
    """Features (…, F) → (…, 1), two hidden layers."""
    return nn.Sequential(
        nn.Linear(width, hidden),
        nn.GELU(),
        nn.Dropout(dropout),
        nn.Linear(hidden, hidden),
        nn.GELU(),
        nn.Linear(hidden, 1, bias=False),
    )
