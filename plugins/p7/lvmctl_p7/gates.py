"""P7's published gates, and the criteria of its quick start for shipping a model."""

from __future__ import annotations

from lvmctl import KillRule, ProfileSpec, SampleWeight, VerdictGate
from lvmctl_p7 import options

NOTES = "P7 implementation notes, validation gates"
SHIP = "P7 quick start, ship criteria; that the interval clears the bar is docs/methods.md#protocol"
R5, MRR10 = "in_article.filtered.r@5", "in_article.filtered.mrr@10"

TRAINING = (
    SampleWeight(
        name="directional-gate",
        summary="Less weight where the target is not nearer to last than second_last is.",
        target="lvmctl_p7.directional_gate:DirectionalGate",
        options=options.DirectionalGateOptions,
        needs=("target", "last", "second_last"),
        hint="choose a threshold that some windows pass and some fail (--set gate_threshold=…), or "
        "leave the gate out (--set gate=false)",
    ),
    KillRule(
        name="drift-stop",
        summary="Stop when cos_anchor falls below .05.",
        target="lvmctl_p7.drift_stop:DriftStop",
        options=options.DriftOptions,
    ),
)

# The notes call cos_anchor below .05 a failure and from .40 on a pass.
P7 = (
    VerdictGate(
        name="p7-margin",
        summary="Nearer to the target than to the last chunk.",
        metric="margin.last",
        at_least=0.20,
        marginal=0.10,
        source=NOTES,
    ),
    VerdictGate(
        name="p7-cosine",
        summary="Cosine to the target.",
        metric="cos_next",
        at_least=0.45,
        marginal=0.35,
        source=NOTES,
    ),
    VerdictGate(
        name="p7-anchor",
        summary="Cosine to the window's centroid.",
        metric="cos_anchor",
        at_least=0.40,
        marginal=0.05,
        source=NOTES,
    ),
)

SHIPPED = (
    VerdictGate(
        name="ship-r5",
        summary="The target is among the 5 nearest of its article, compared with direct.",
        metric=R5,
        seed_metric=R5.replace("filtered", "unfiltered"),
        at_least=0.10,
        against="direct",
        require_interval=True,
        source=SHIP,
    ),
    VerdictGate(
        name="ship-mrr10",
        summary="Mean of 1/rank in the article, 0 beyond 10, compared with direct.",
        metric=MRR10,
        seed_metric=MRR10.replace("filtered", "unfiltered"),
        at_least=0.05,
        against="direct",
        require_interval=True,
        source=SHIP,
    ),
    VerdictGate(
        name="ship-latency",
        summary="Time per query, as a multiple of the p6b model's.",
        metric="latency.ratio",
        at_most=1.15,
        reference="core/free",  # P6b's model
        source="P7 implementation notes, deployment criteria (no worse than P6b); 1.15 is "
        "docs/methods.md#protocol",
    ),
)

GATES = (*TRAINING, *P7, *SHIPPED)

PROFILES = (
    ProfileSpec(
        name="p7",
        summary="Margin, cosine and anchor.",
        gates=tuple(gate.name for gate in P7),
        source="P7 implementation notes",
    ),
    ProfileSpec(
        name="ship",
        summary="Retrieval well above direct, at no more latency.",
        gates=tuple(gate.name for gate in SHIPPED),
        source="P7 quick start",
    ),
)
