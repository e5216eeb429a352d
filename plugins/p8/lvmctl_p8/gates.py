"""P8's published gates and its kill rule."""

from __future__ import annotations

from lvmctl import KillRule, ProfileSpec, VerdictGate
from lvmctl_p8.options import KillOptions

NOTES = "P8 pivot notes, after full training"
R5, MRR10 = "in_article.filtered.r@5", "in_article.filtered.mrr@10"

P8 = (
    VerdictGate(
        name="p8-margin",
        summary="Nearer to the target than to the last chunk.",
        metric="margin.last",
        at_least=0.20,
        source=NOTES,
    ),
    VerdictGate(
        name="p8-r5",
        summary="The target is among the 5 nearest of its article.",
        metric=R5,
        seed_metric=R5.replace("filtered", "unfiltered"),
        at_least=0.80,
        source=NOTES,
    ),
    VerdictGate(
        name="p8-mrr10",
        summary="Mean of 1/rank in the article, 0 beyond 10.",
        metric=MRR10,
        seed_metric=MRR10.replace("filtered", "unfiltered"),
        at_least=0.65,
        source=NOTES,
    ),
    VerdictGate(
        name="p8-order",
        summary="Tells which of two chunks comes first.",
        metric="order_accuracy",
        at_least=0.75,
        source=NOTES,
    ),
)

GATES = (
    KillRule(
        name="kill-rule",
        summary="The reports' rule: stop after epoch 2 at margin[last] < 0 or R@5 < 0.75.",
        target="lvmctl_p8.kill_rule:KillRule",
        options=KillOptions,
    ),
    *P8,
)

PROFILES = (
    ProfileSpec(
        name="p8",
        summary="Margin, retrieval and order.",
        gates=tuple(gate.name for gate in P8),
        source="P8 pivot notes",
    ),
)
