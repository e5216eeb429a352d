"""What this distribution declares."""

from __future__ import annotations

from lvmctl import (
    DiagnosticSpec,
    KillRule,
    LossSpec,
    MetricSpec,
    ModelSpec,
    ProfileSpec,
    RecipeSpec,
    SampleWeight,
    VerdictGate,
    hookimpl,
)
from lvmctl_p7 import options
from lvmctl_p7.gates import GATES, PROFILES


@hookimpl
def lvmctl_recipes() -> list[RecipeSpec]:
    return [
        RecipeSpec(
            name="p7",
            summary="A prediction blended with the centroid, ranked against negatives.",
            target="lvmctl_p7.recipe:compose",
            options=options.P7Options,
        )
    ]


@hookimpl
def lvmctl_models() -> list[ModelSpec]:
    return [
        ModelSpec(
            name="ranker",
            summary="q = normalise(λ·raw + (1 - λ)·centroid), λ learned in [.6, .9].",
            target="lvmctl_p7.model:Ranker",
            options=options.RankerOptions,
            geometry="anchored",
            gives=("raw", "anchor_lambda", "raw_anchor_cosine", "anchored_cosine"),
        )
    ]


@hookimpl
def lvmctl_losses() -> list[LossSpec]:
    return [
        LossSpec(
            name="infonce",
            summary="Softmax over the target, last, same-article chunks and the batch's targets.",
            target="lvmctl_p7.infonce:InfoNce",
            options=options.InfoNceOptions,
            needs=("target", "last", "negatives", "negative_mask", "in_batch_mask"),
        ),
        LossSpec(
            name="teacher-floor",
            summary="Pull where cos(q, y) is below a floor.",
            target="lvmctl_p7.teacher_floor:TeacherFloor",
            options=options.TeacherFloorOptions,
        ),
        LossSpec(
            name="anchor-floor",
            summary="Pull where the raw prediction's cosine to the centroid is below a floor.",
            target="lvmctl_p7.anchor_floor:AnchorFloor",
            options=options.AnchorFloorOptions,
            needs=("context",),
            needs_prediction=("raw",),
        ),
    ]


@hookimpl
def lvmctl_gates() -> tuple[KillRule | SampleWeight | VerdictGate, ...]:
    return GATES


@hookimpl
def lvmctl_profiles() -> tuple[ProfileSpec, ...]:
    return PROFILES


@hookimpl
def lvmctl_metrics() -> list[MetricSpec]:
    return [
        MetricSpec(
            name="anchor_lambda",
            summary="λ, the share of the raw prediction in the blend.",
            low=0.0,
            high=1.0,
        ),
        MetricSpec(
            name="raw_anchor_cosine",
            summary="ρ, the raw prediction's cosine to the centroid, before blending.",
            low=-1.01,  # with room for bf16
            high=1.01,
        ),
    ]


@hookimpl
def lvmctl_diagnostics() -> list[DiagnosticSpec]:
    return [
        DiagnosticSpec(
            name="anchor",
            summary="Anchoring ρ → f(ρ): what blending with the centroid hides.",
            target="lvmctl_p7.diagnosis:AnchorDiagnosis",
            takes="run",
        )
    ]
