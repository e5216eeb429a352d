"""Contexts to try a predictor on, from independent chunks to ones that cancel, and proofs that the
predictions are where a geometry has them (docs/methods.md#blend, #cone, #ceilings), in float64."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy
from torch import Tensor

from lvmctl.core.batch import Prediction
from lvmctl.core.errors import UsageError
from lvmctl.registry.specs import Geometry, Shape
from lvmctl.sphere import centroid, cone_projection, mixture, span_projection, unit
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

NEAR = 1e-4
"""How far from 1 a norm may be, and how far apart two answers to one question."""

ROUNDING = 1e-3
"""How far apart two ways to compute one q may be in float32, where much cancels on the way."""

UNDIRECTED = 0.01
"""A blend shorter than this has no direction that float32 could keep."""


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


@contextmanager
def seeded(seed: int) -> Iterator[None]:
    """The CPU's random numbers from ``seed``; afterwards they go on as if nothing had happened."""
    before = torch.get_rng_state()
    torch.default_generator.manual_seed(seed)  # torch.manual_seed also tells every other device
    try:
        yield
    finally:
        torch.set_rng_state(before)


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

    CheckFailed where it refuses :data:`SHAPE`, or raises something else than a ``refusal``: a check
    whose rule is not about shapes says ``Exception``.
    """
    try:
        build(SHAPE)
    except UsageError as error:
        raise CheckFailed(f"it cannot be built for {written(SHAPE)}: {error}") from error
    taken, refused = [SHAPE], []
    for shape in OTHER_SHAPES:
        try:
            build(shape)
        except refusal:
            refused.append(written(shape))
        except Exception as error:
            fault = f"built for {written(shape)} it raised {type(error).__name__}: {error}"
            raise CheckFailed(f"{fault}; a shape is refused with a UsageError") from error
        else:
            taken.append(shape)
    return taken, f"refuses {'; '.join(refused)}" if refused else None


def written(shape: Shape) -> str:
    """A shape for a reader."""
    ahead = f", h = {shape.horizon}" if shape.horizon > 1 else ""
    return f"K = {shape.context_length}, D = {shape.dim}{ahead}"


def prove_unit(q: Tensor, contexts: Contexts, near: float = NEAR) -> None:
    """CheckFailed where a q of (B, D) is not finite or not of unit norm.

    Exactly opposite chunks may leave no direction, and q = 0 there.
    """
    norm = q.double().norm(dim=-1)
    if not norm.isfinite().all():
        raise CheckFailed("q is not finite")
    fine = (norm - 1).abs() < near
    if contexts.kind == "opposite" and contexts.shape.context_length > 1:
        fine |= norm == 0
    if not fine.all():
        raise CheckFailed(f"q has norm {norm[~fine][0]:.6g}, not 1")


def prove(geometry: Geometry, prediction: Prediction, context: Tensor) -> float:
    """How far predictions are from where ``geometry`` has them, at most; ``unit`` is anywhere.
    CheckFailed where that is further than rounding, or what the proof needs is missing."""
    q, context = prediction.q.double(), context.double()
    if geometry == "span":
        return _within(q - span_projection(context, q), "the span of the context")
    if geometry == "cone":
        away = _within(q - cone_projection(context, q), "the cone of the context")
        if prediction.weights is not None:
            mixed = mixture(prediction.weights.double(), context)
            _within(q - mixed, "the mixture that its weights say")
        return away
    if geometry == "anchored":
        return _within(_from_blend(q, prediction, context), "the blend with the centroid")
    return 0.0


def _from_blend(q: Tensor, prediction: Prediction, context: Tensor) -> Tensor:
    """Differences to the nearest normalise(λ·raw/‖raw‖ + (1 - λ)·c̄) with λ in [0, 1], of the rows
    where every λ gives a direction."""
    if prediction.raw is None:
        raise CheckFailed("an anchored model has to give raw, which q is a blend of")
    ends = torch.stack([unit(prediction.raw.double()), centroid(context)], dim=1)
    directed = ends.mean(dim=1).norm(dim=-1) > UNDIRECTED  # the shortest of the blends
    return (q - cone_projection(ends, q))[directed]


def _within(gaps: Tensor, where: str) -> float:
    """The largest norm of ``gaps`` (B, D); CheckFailed where it is no rounding."""
    away = torch.linalg.vector_norm(gaps, dim=-1).amax().item() if len(gaps) else 0.0
    if not away < ROUNDING:
        raise CheckFailed(f"q is {away:.3g} away from {where}")
    return away
