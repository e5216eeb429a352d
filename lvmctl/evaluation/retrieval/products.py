"""Scores of many predictions and chunks at once, less the target's, with an error that is known.

On most processors float32 products are the fastest way. On those with matrix units for bf16, three
products of bf16 parts are twice as fast, and what they say of a score that is not close to the
target's is as certain. Which it is depends on the processor alone, not on how busy it is.
"""

from __future__ import annotations

import functools
from typing import Protocol

import torch
from torch import Tensor

from lvmctl.evaluation.retrieval.blocks import BLOCK, UNIT, product, rounding, sample


class Gaps(Protocol):
    """A way to find how far chunks score above or below the targets of W predictions.

    Args:
        q: (W, D) float32 predictions of norm ‖q‖.
        target_score: (W,) float32 score of each prediction's target.
    """

    def __init__(self, q: Tensor, target_score: Tensor) -> None: ...

    @staticmethod
    def rounding(dim: int) -> float:
        """Bound, in units of ‖q‖ plus the size of the target's score, on gaps of the wrong sign."""

    @staticmethod
    def prepare(chunks: Tensor) -> Tensor:
        """What :meth:`fill` needs of unit chunks (n, D), each coordinate off by 2 units."""

    def fill(self, part: slice, chunks: Tensor, gap: Tensor, spare: Tensor) -> None:
        """Write the gaps of predictions ``part`` to ``gap`` (m, n), using up ``spare`` (m, n)."""


class Float32:
    """:class:`Gaps` by float32 products."""

    def __init__(self, q: Tensor, target_score: Tensor) -> None:
        self.q, self.target_score = q, target_score[:, None]

    @staticmethod
    def rounding(dim: int) -> float:
        """That of the products, see :func:`~lvmctl.evaluation.retrieval.blocks.rounding`."""
        return rounding(dim)

    @staticmethod
    def prepare(chunks: Tensor) -> Tensor:
        return chunks

    def fill(self, part: slice, chunks: Tensor, gap: Tensor, spare: Tensor) -> None:
        product(self.q[part], chunks, gap, spare).sub_(self.target_score[part])


class SplitBfloat16:
    """:class:`Gaps` by products of bf16 parts: q·x ≈ q₁·x₁ + q₁·x₂ + q₂·x₁ with q₁ = bf16(q),
    q₂ = bf16(q − q₁), summed in float32.

    The target's score is subtracted inside that sum. Its result is rounded to bf16, which would
    spoil a score, but is small where a gap is, and never changes its sign.
    """

    def __init__(self, q: Tensor, target_score: Tensor) -> None:
        self.left = torch.empty(len(q), 3 * q.shape[1] + 3, dtype=torch.bfloat16)
        for rows, some, target in zip(*(x.split(BLOCK) for x in (self.left, q, target_score))):
            high, low = parts(some, 2)
            rows.copy_(torch.cat([high, high, low, torch.stack(parts(-target, 3), 1)], dim=1))

    @staticmethod
    def rounding(dim: int) -> float:
        """As of :class:`Float32`: 3D + 3 products, whose sizes add up to 1.03·‖q‖ at most and that
        of the target's score; and 2⁻¹⁶ for each of q₂·x₂ and what q₁ + q₂ and x₁ + x₂ leave out."""
        return (1.03 * (3 * dim + 3) + 8) * UNIT + 3.1 * 2.0**-16

    @staticmethod
    def prepare(chunks: Tensor) -> Tensor:
        high, low = parts(chunks, 2)
        return torch.cat([high, low, high, high.new_ones(len(chunks), 3)], dim=1)

    def fill(self, part: slice, chunks: Tensor, gap: Tensor, spare: Tensor) -> None:
        rounded = spare.view(torch.bfloat16)[:, : gap.shape[1]]
        gap.copy_(torch.mm(self.left[part], chunks.T, out=rounded))


def parts(x: Tensor, count: int) -> list[Tensor]:
    """``count`` bf16 tensors whose sum is nearly ``x``; of three, exactly."""
    terms = []
    for _ in range(count):
        terms.append(x.bfloat16())
        x = x - terms[-1].float()
    return terms


@functools.cache
def fastest_first(dim: int) -> tuple[type[Gaps], ...]:
    """Ways to try, the last of which is always good enough."""
    split = has_bf16_matrix_units() and sound(SplitBfloat16, dim)
    return (SplitBfloat16, Float32) if split else (Float32,)


def has_bf16_matrix_units() -> bool:
    """Whether the processor multiplies bf16 matrices in units of their own (AMX)."""
    return bool(getattr(torch.cpu, "get_capabilities", dict)().get("amx_bf16"))


def sound(way: type[Gaps], dim: int) -> bool:
    """Whether small gaps are as exact here as promised: a product may round more than it says."""
    q, chunks = sample(dim, 64)
    target_score = (q.double() * chunks.double()).sum(dim=1)  # so the gaps on the diagonal are 0
    gap, spare = torch.empty(2, len(q), len(chunks))
    way(q, target_score.float()).fill(slice(0, len(q)), way.prepare(chunks), gap, spare)
    return bool(gap.diagonal().abs().max() <= way.rounding(dim))
