"""The baselines core declares."""

from lvmctl.spec import BaselineSpec

BASELINES = (
    BaselineSpec(
        name="direct",
        summary="The last chunk itself: q = x_last.",
        target="lvmctl.baselines.direct:Direct",
    ),
    BaselineSpec(
        name="centroid",
        summary="The context's normalised mean: q = c̄.",
        target="lvmctl.baselines.centroid:Centroid",
    ),
    BaselineSpec(
        name="wiener",
        summary="The best K scalar weights, fitted on training windows.",
        target="lvmctl.baselines.wiener:Wiener",
        fitted=True,
    ),
)
