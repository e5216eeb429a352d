"""Baselines that weigh the chunks of a window, and what the weights are fitted on."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import torch
from torch import Tensor

from lvmctl.registry.record import NoOptions
from lvmctl.registry.specs import Shape
from lvmctl.sphere import unit

if TYPE_CHECKING:
    from lvmctl.data.windows import Windows

BATCH = 1024

STEPS = 50
"""Decays tried on either pass: 1/50 apart, then 1/1250 apart around the best."""


class Weighting:
    """q = normalise(estimate), the estimate a sum of the window's chunks."""

    def __init__(self, options: NoOptions, shape: Shape) -> None:
        self.context_length = shape.context_length

    def estimate(self, context: Tensor) -> Tensor:
        """(B, K, D) → (B, D), of any length."""
        raise NotImplementedError

    def __call__(self, context: Tensor) -> Tensor:
        """(B, K, D) → (B, D) of unit norm."""
        return unit(self.estimate(context))


class Centroid(Weighting):
    """q = c̄, the context's normalised mean."""

    def estimate(self, context: Tensor) -> Tensor:
        return context.mean(dim=-2)


class Direct(Weighting):
    """q = x_last. What every recipe has to beat."""

    def estimate(self, context: Tensor) -> Tensor:
        return context[:, -1]

    def __call__(self, context: Tensor) -> Tensor:
        return self.estimate(context)  # chunks have unit norm


class Ema(Weighting):
    """q = normalise(Σ w_i c_i), w_i ∝ decay^age with age 0 for x_last (docs/methods.md#protocol).

    The decay in [0, 1] is that of the highest mean cosine to the training targets: 0 is
    ``direct``, 1 is ``centroid``.
    """

    def __init__(self, options: NoOptions, shape: Shape) -> None:
        super().__init__(options, shape)
        self.age = np.arange(self.context_length)[::-1]
        self.decay = 1.0

    def fit(self, windows: Windows) -> Ema:
        """Try decays over all ``windows``: evenly spaced ones, then finer beside the best."""
        even = np.linspace(0, 1, STEPS + 1)
        best = even[self.mean_cosine(windows, even).argmax()]
        fine = np.linspace(best - 1 / STEPS, best + 1 / STEPS, STEPS + 1).clip(0, 1)
        self.decay = float(fine[self.mean_cosine(windows, fine).argmax()])
        return self

    def mean_cosine(self, windows: Windows, decays: np.ndarray) -> np.ndarray:
        """Mean cosine of the average to the target, for each of ``decays`` (N,) → (N,)."""
        weights = decays[:, None] ** self.age
        pairs = (weights[:, :, None] * weights[:, None, :]).reshape(len(decays), -1)
        total = np.zeros(len(decays))
        for block in grams(windows):
            dot = block.target @ weights.T
            square = block.chunks.reshape(len(dot), -1) @ pairs.T
            size = np.sqrt(square.clip(0)) * block.size[:, None]
            total += np.divide(dot, size, out=np.zeros_like(dot), where=size > 0).sum(axis=0)
        return total / len(windows)

    def estimate(self, context: Tensor) -> Tensor:
        weights = self.decay**self.age
        weights = torch.from_numpy(weights / weights.sum()).to(context)
        return (weights[:, None] * context).sum(dim=-2)


class Wiener(Weighting):
    """q = normalise(Σ w_i c_i), w minimising the mean of ‖y - Σ w_i c_i‖²
    (docs/methods.md#protocol).

    The weights may be negative: it is the linear optimum inside the span, not the cone.
    """

    def __init__(self, options: NoOptions, shape: Shape) -> None:
        super().__init__(options, shape)
        self.weights = torch.zeros(self.context_length)

    def fit(self, windows: Windows) -> Wiener:
        """Solve the K normal equations over all ``windows``, in float64."""
        k = windows.context_length
        chunks, target = np.zeros((k, k)), np.zeros(k)
        for block in grams(windows):
            chunks += block.chunks.sum(axis=0)
            target += block.target.sum(axis=0)
        solution, *_ = np.linalg.lstsq(chunks, target, rcond=None)
        self.weights = torch.from_numpy(solution).float()
        return self

    def estimate(self, context: Tensor) -> Tensor:
        return (self.weights[:, None] * context).sum(dim=-2)


class Grams(NamedTuple):
    """Dot products of B windows, float64: all that a weighting's cosine depends on.

    Attributes:
        chunks: (B, K, K) c_i·c_j.
        target: (B, K) c_i·y.
        size: (B,) ‖y‖.
    """

    chunks: np.ndarray
    target: np.ndarray
    size: np.ndarray


def grams(windows: Windows) -> Iterator[Grams]:
    """All ``windows``, block by block."""
    for low in range(0, len(windows), BATCH):
        index = np.arange(low, min(low + BATCH, len(windows)))
        context = windows.context(index).astype(np.float64)
        target = windows.target(index).astype(np.float64)
        yield Grams(
            context @ context.transpose(0, 2, 1),
            (context @ target[:, :, None])[:, :, 0],
            np.linalg.norm(target, axis=1),
        )
