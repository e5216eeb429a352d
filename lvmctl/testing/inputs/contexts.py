"""Contexts to try a model or a baseline on, from independent chunks to ones that cancel."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy
from torch import Tensor

from lvmctl.core.errors import UsageError
from lvmctl.registry.specs import Shape
from lvmctl.sphere import unit
from lvmctl.testing.check import CheckFailed

SHAPE = Shape(16, 5)
"""The shape that every model and baseline has to take."""

OTHER_SHAPES = (
    *(Shape(16, 1), Shape(16, 2), Shape(16, 5, horizon=2)),
    *(Shape(8, 6), Shape(3, 4), Shape(2, 2)),
)
"""Shapes that may be refused with a ``UsageError`` when something is built."""

MANY = 65
"""Windows of a large batch: one more than fit into what somebody sized for 32 or for 64."""

KINDS = ("ordinary", "alike", "identical", "orthogonal", "opposite")
"""Independent chunks, chunks near a common one, one chunk repeated, chunks at right angles (as many
as D has, then again), and a chunk and its exact opposite in turn."""


@dataclass(frozen=True)
class Contexts:
    """B contexts of one kind, always the same ones.

    Attributes:
        kind: one of :data:`KINDS`.
        batch: B.
        shape: K and D.
        seed: of the chunks.
    """

    kind: str = "ordinary"
    batch: int = 8
    shape: Shape = SHAPE
    seed: int = 0

    def __str__(self) -> str:
        length, dim = self.shape.context_length, self.shape.dim
        return f"{self.kind} chunks with B, K, D = {self.batch}, {length}, {dim}, seed {self.seed}"

    @property
    def cancels(self) -> bool:
        """Whether a mean of the chunks may leave no direction."""
        return self.kind == "opposite" and self.shape.context_length > 1

    def tensor(self) -> Tensor:
        """(B, K, D) float32 of unit norm."""
        k, dim = self.shape.context_length, self.shape.dim
        first, *others = normal(self.seed, k + 1, self.batch, dim)
        chunks = torch.stack(others, dim=1)
        if self.kind == "alike":
            chunks = chunks + 5 * first[:, None]
        elif self.kind == "identical":
            chunks = first[:, None].expand(-1, k, -1)
        elif self.kind == "orthogonal":
            axes, _ = torch.linalg.qr(normal(self.seed, self.batch, dim, dim))
            chunks = axes.mT[:, torch.arange(k) % dim]
        elif self.kind == "opposite":
            signs = 1 - 2 * (torch.arange(k) % 2)
            return signs[:, None] * unit(first)[:, None]
        return unit(chunks).contiguous()


LARGE = Contexts(batch=MANY)
"""A large batch."""


def normal(seed: int, *shape: int) -> Tensor:
    """Normal float32 numbers that depend on ``seed`` alone."""
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def contexts(
    shapes: Sequence[Shape] = (SHAPE,), kinds: Sequence[str] = KINDS
) -> SearchStrategy[Contexts]:
    """Up to six contexts of these shapes and kinds."""
    return st.builds(
        Contexts,
        kind=st.sampled_from(kinds),
        batch=st.integers(1, 6),
        shape=st.sampled_from(shapes),
        seed=st.integers(0, 999),
    )


def accepted(
    build: Callable[[Shape], Any], refusal: type[Exception] = UsageError
) -> tuple[list[Shape], str | None]:
    """The shapes that ``build`` takes, :data:`SHAPE` first, and a note on those it refuses.

    Args:
        build: makes something for a shape.
        refusal: what it raises for a shape that it does not take. A check whose rule is not about
            shapes says ``Exception``, and leaves a fault to the check whose rule is.

    Raises:
        CheckFailed: it refuses :data:`SHAPE`, or raises something else for a shape.
    """
    try:
        build(SHAPE)
    except UsageError as error:
        raise CheckFailed(f"it cannot be built for {said(SHAPE)}: {error}") from error
    taken, refused = [SHAPE], []
    for shape in OTHER_SHAPES:
        try:
            build(shape)
        except refusal:
            refused.append(said(shape))
        except Exception as error:
            what = f"built for {said(shape)} it raised {type(error).__name__}: {error}"
            raise CheckFailed(f"{what}; a shape is refused with a UsageError") from error
        else:
            taken.append(shape)
    return taken, f"refuses {'; '.join(refused)}" if refused else None


def said(shape: Shape) -> str:
    """A shape for a reader."""
    ahead = f", h = {shape.horizon}" if shape.horizon > 1 else ""
    return f"K = {shape.context_length}, D = {shape.dim}{ahead}"
