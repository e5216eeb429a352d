"""What a ranker has to beat: a mean of the window less the pool's, nothing fitted."""

from __future__ import annotations

import torch
from torch import Tensor

from lvmctl import NoOptions, Pool, Shape
from lvmctl.sphere import mixture
from lvmctl_ranker.whitening import centre

FADE = 0.6
"""Weight of a chunk beside that of the next newer one."""


class CentredMean:
    """q = normalise(m), m = Σ α_k c_k with α_k ∝ .6^age; a candidate x scores x·(m - μ), μ the mean
    of the context's candidates and window.

    What all chunks of an article share hides what tells them apart; here it does not count.

    Shapes: context (B, K, D) → q (B, D).
    """

    def __init__(self, options: NoOptions, shape: Shape) -> None:
        age = torch.arange(shape.context_length).flip(0)
        self.weights = FADE**age / (FADE**age).sum()

    def __call__(self, context: Tensor) -> Tensor:
        return mixture(self.weights.to(context).expand(len(context), -1), context)

    def score(self, context: Tensor, pool: Pool) -> Tensor:
        """(B, N), higher is better."""
        mean = torch.einsum("k,bkd->bd", self.weights.to(context), context)[:, None]
        return ((mean - centre(context, pool)) @ pool.vectors.mT)[:, 0]
