"""The losses core declares."""

from lvmctl.spec import LossSpec

LOSSES = (
    LossSpec(
        name="cosine",
        summary="1 - cos(q, y): the plain cosine objective.",
        target="lvmctl.losses.cosine:Cosine",
        needs=("target",),
    ),
    LossSpec(
        name="mse",
        summary="Mean squared error over the elements of unit vectors, about 2(1 - cos)/D.",
        target="lvmctl.losses.mse:MeanSquaredError",
        needs=("target",),
    ),
)
