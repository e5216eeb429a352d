"""What this distribution declares."""

from __future__ import annotations

from lvmctl import BaselineSpec, LossSpec, ModelSpec, RecipeSpec, hookimpl
from lvmctl_ranker import options


@hookimpl
def lvmctl_recipes() -> list[RecipeSpec]:
    return [
        RecipeSpec(
            name="p9",
            summary="A mixture of the window, and a listwise ranker of the article's chunks.",
            target="lvmctl_ranker.recipe:compose",
            options=options.P9Options,
        )
    ]


@hookimpl
def lvmctl_models() -> list[ModelSpec]:
    return [
        ModelSpec(
            name="pool-ranker",
            summary="q = normalise(Σ α_k c_k), and a score of candidates from their cosines.",
            target="lvmctl_ranker.model:Ranker",
            options=options.RankerOptions,
            geometry="cone",
            gives=("weights", "scores"),
            fitted=True,
            any_space=True,
        )
    ]


@hookimpl
def lvmctl_losses() -> list[LossSpec]:
    return [
        LossSpec(
            name="pool-rank",
            summary="Softmax of the model's scores over the target and its article's chunks.",
            target="lvmctl_ranker.listwise:Listwise",
            options=options.ListwiseOptions,
            needs=("negative_mask",),
            needs_prediction=("scores",),
        ),
        LossSpec(
            name="pool-query",
            summary="Softmax of the cosines with q over the target and its article's chunks.",
            target="lvmctl_ranker.listwise:Query",
            options=options.QueryOptions,
            needs=("target", "negatives", "negative_mask"),
        ),
    ]


@hookimpl
def lvmctl_baselines() -> list[BaselineSpec]:
    return [
        BaselineSpec(
            name="centred-mean",
            summary="A fading mean of the window less the mean of window and pool.",
            target="lvmctl_ranker.centred_mean:CentredMean",
        )
    ]
