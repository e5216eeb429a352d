"""The baselines and oracles core declares (docs/methods.md#protocol)."""

from lvmctl.baselines.options import RandomOptions, RidgeOptions
from lvmctl.registry.specs import BaselineSpec

BASELINES = (
    BaselineSpec(
        name="direct",
        summary="The last chunk itself: q = x_last.",
        target="lvmctl.baselines.weightings:Direct",
        centred=True,
    ),
    BaselineSpec(
        name="centroid",
        summary="The context's normalised mean: q = c̄.",
        target="lvmctl.baselines.weightings:Centroid",
        centred=True,
    ),
    BaselineSpec(
        name="ema",
        summary="The best exponential average of the context, its decay fitted.",
        target="lvmctl.baselines.weightings:Ema",
        fitted=True,
        centred=True,
    ),
    BaselineSpec(
        name="wiener",
        summary="The best K scalar weights, fitted on training windows.",
        target="lvmctl.baselines.weightings:Wiener",
        fitted=True,
        centred=True,
    ),
    BaselineSpec(
        name="ridge",
        summary="The best linear map of the whole context, its penalty chosen on held-out "
        "articles.",
        target="lvmctl.baselines.ridge:Ridge",
        options=RidgeOptions,
        fitted=True,
        centred=True,
    ),
    BaselineSpec(
        name="random",
        summary="A random direction for every window: what chance scores.",
        target="lvmctl.baselines.random:Random",
        options=RandomOptions,
    ),
    BaselineSpec(
        name="margin-max",
        summary="What optimising margin[last] alone leads to: q ∝ ridge's estimate - x_last.",
        target="lvmctl.baselines.margin_max:MarginMax",
        options=RidgeOptions,
        fitted=True,
    ),
    BaselineSpec(
        name="oracle",
        summary="The target itself: the ceiling of cosines and ranks.",
        target="lvmctl.baselines.oracles:Oracle",
        oracle=True,
    ),
    BaselineSpec(
        name="span-oracle",
        summary="The linear combination of the context nearest to the target.",
        target="lvmctl.baselines.oracles:SpanOracle",
        oracle=True,
    ),
    BaselineSpec(
        name="cone-oracle",
        summary="The non-negative mixture of the context nearest to the target.",
        target="lvmctl.baselines.oracles:ConeOracle",
        oracle=True,
    ),
    BaselineSpec(
        name="cone-margin-oracle",
        summary="The non-negative mixture of largest margin[last].",
        target="lvmctl.baselines.oracles:ConeMarginOracle",
        oracle=True,
    ),
)
