"""The losses core declares."""

from lvmctl.nn.losses.options import PreviousRepelOptions
from lvmctl.registry.specs import LossSpec

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
