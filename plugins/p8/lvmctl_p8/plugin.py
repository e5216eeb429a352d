"""What this distribution declares."""

from __future__ import annotations

from lvmctl import (
    BatchFieldSpec,
    DiagnosticSpec,
    KillRule,
    LossSpec,
    MetricSpec,
    ModelSpec,
    ProfileSpec,
    RecipeSpec,
    SequenceOptions,
    VerdictGate,
    hookimpl,
)
from lvmctl_p8 import options
from lvmctl_p8.gates import GATES, PROFILES


@hookimpl
def lvmctl_recipes() -> list[RecipeSpec]:
    return [
        RecipeSpec(
            name="p8",
            summary="Mixture of the context, trained by listwise ranking and order evidence.",
            target="lvmctl_p8.recipe:compose",
            options=options.P8Options,
        )
    ]


@hookimpl
def lvmctl_models() -> list[ModelSpec]:
    return [
        ModelSpec(
            name="mixture",
            summary="q = normalise(Σ α_i c_i), α = softmax of a window's summary.",
            target="lvmctl_p8.model:Mixture",
            options=SequenceOptions,
            geometry="cone",
            gives=("weights",),
        )
    ]


@hookimpl
def lvmctl_losses() -> list[LossSpec]:
    return [
        LossSpec(
            name="listwise",
            summary="Softmax over the target, last, same-article and in-batch candidates.",
            target="lvmctl_p8.listwise:Listwise",
            options=options.ListwiseOptions,
            needs=("target", "last", "negatives", "negative_mask", "in_batch_mask"),
        ),
        LossSpec(
            name="order",
            summary="A small verifier learns which of two stored chunks came first.",
            target="lvmctl_p8.order:OrderVerifier",
            options=options.OrderOptions,
            needs=("context", "target", "order_pairs"),
        ),
    ]


@hookimpl
def lvmctl_batch_fields() -> list[BatchFieldSpec]:
    return [
        BatchFieldSpec(
            name="order_pairs",
            summary="Places of two chunks in the window with its target, in random order.",
            shape="(B, P, 2)",
            target="lvmctl_p8.pairs:order_pairs",
        )
    ]


@hookimpl
def lvmctl_gates() -> tuple[KillRule | VerdictGate, ...]:
    return GATES


@hookimpl
def lvmctl_profiles() -> tuple[ProfileSpec, ...]:
    return PROFILES


@hookimpl
def lvmctl_metrics() -> list[MetricSpec]:
    return [
        MetricSpec(
            name="order_accuracy",
            summary="Share of pairs of chunks of a window whose order is told.",
            low=0.0,
            high=1.0,
            chance=0.5,
            ceiling="order-classifier",
            target="lvmctl_p8.order_evidence:ceiling",
        )
    ]


@hookimpl
def lvmctl_diagnostics() -> list[DiagnosticSpec]:
    return [
        DiagnosticSpec(
            name="order",
            summary="Whether the order verifier is better than chance.",
            target="lvmctl_p8.diagnosis:OrderDiagnosis",
            takes="run",
        )
    ]
