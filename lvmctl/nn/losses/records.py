"""Core's losses and their options (torch-free)."""

from __future__ import annotations

from dataclasses import dataclass

from lvmctl.config.options import option
from lvmctl.registry.specs import LossSpec


@dataclass(frozen=True, kw_only=True)
class PreviousRepelOptions:
    """Options of the previous-repel hinge."""

    margin: float = option(0.07, "margin asked between target and last", low=0.0, high=2.0)


LOSSES = (
    LossSpec(
        name="cosine",
        summary="1 - cos(q, y): the plain cosine objective.",
        target="lvmctl.nn.losses.cosine:Cosine",
    ),
    LossSpec(
        name="mse",
        summary="Mean squared error over the elements of unit vectors, about 2(1 - cos)/D.",
        target="lvmctl.nn.losses.mse:MeanSquaredError",
    ),
    LossSpec(
        name="previous-repel",
        summary="Hinge on cos(q, y) - cos(q, last).",
        target="lvmctl.nn.losses.previous_repel:PreviousRepel",
        options=PreviousRepelOptions,
        needs=("target", "last"),
    ),
)
