"""The published gates of 5CAT: P6b's success criteria, and the stricter gate of production."""

from __future__ import annotations

from typing import Any

from lvmctl import ProfileSpec, VerdictGate

OFFSETS = "offsets.fair"
R1, R5, MRR = (f"in_article.filtered.{name}" for name in ("r@1", "r@5", "mrr"))
SHUFFLED, REVERSED = "ablations.shuffled", "ablations.reversed"
LEAVE_ONE_OUT, ROLLOUT, STABILITY = "ablations.leave_one_out", "rollout.mean", "coherence.gap"

ASKS = {
    "cos_next": "Cosine to the target",
    OFFSETS: "The target is nearer to the prediction than its neighbours are",
    R1: "The target is the nearest of its article",
    R5: "The target is among the 5 nearest of its article",
    MRR: "Mean of 1/rank in the article",
    SHUFFLED: "Shuffling the window costs cosine",
    REVERSED: "Reversing the window costs cosine",
    LEAVE_ONE_OUT: "Leaving a chunk out costs cosine",
    ROLLOUT: "Predictions fed back stay near the text",
    STABILITY: "Validation and OOD windows of like coherence score alike",
}

SEED = {
    OFFSETS: "offsets.seed",
    **{metric: metric.replace("filtered", "unfiltered") for metric in (R1, R5, MRR)},
}
"""The published rule judges the neighbouring offset alone, and ranks in a pool that holds the
window."""

CRITERIA = "P6b implementation notes, success criteria"
PRODUCTION = "the original's production gate (docs/methods.md#protocol)"


def gate(name: str, metric: str, source: str, **details: Any) -> VerdictGate:
    """A gate by the published rule and the fair one."""
    details.setdefault("seed_metric", SEED.get(metric))
    where = ", on OOD text." if details.get("split") == "ood" else "."
    return VerdictGate(
        name=name, summary=f"{ASKS[metric]}{where}", metric=metric, source=source, **details
    )


def on_both(name: str, metric: str, val: float, ood: float, **details: Any) -> list[VerdictGate]:
    """A lower bound on validation windows and one on OOD windows."""
    return [
        gate(name, metric, PRODUCTION, at_least=val, **details),
        gate(f"{name}-ood", metric, PRODUCTION, at_least=ood, split="ood", **details),
    ]


# "Optional" in the notes means that C may fail: it is one of five, and three are enough.
P6B = [
    gate("p6b-offsets", OFFSETS, CRITERIA, at_least=0.05, category="A"),
    gate("p6b-r5", R5, CRITERIA, at_least=0.70, category="B"),
    gate("p6b-r1", R1, "P6b implementation notes, gate B", at_least=0.60, category="B"),
    gate("p6b-shuffled", SHUFFLED, "docs/methods.md#protocol", at_most=-0.15, category="C"),
    gate("p6b-rollout", ROLLOUT, CRITERIA, at_least=0.45, category="D"),
    gate("p6b-stability", STABILITY, CRITERIA, at_most=0.05, category="E"),
]

DEPLOYMENT: dict[str, Any] = {
    "source": "P6b implementation notes, deployment criteria",
    "optional": True,
}
P6B += [
    gate("p6b-deployment-r5", R5, at_least=0.70, split="ood", **DEPLOYMENT),
    gate("p6b-deployment-offsets", OFFSETS, at_least=0.05, **DEPLOYMENT),
]

STRICT = [
    *on_both("strict-cosine", "cos_next", 0.50, 0.48, category="A"),
    *on_both("strict-offsets", OFFSETS, 0.12, 0.10, category="A", seed_metric="offsets.strict"),
    *on_both("strict-r1", R1, 0.60, 0.55, category="B"),
    *on_both("strict-r5", R5, 0.95, 0.92, category="B"),
    *on_both("strict-mrr", MRR, 0.80, 0.75, category="B"),
    gate("strict-shuffled", SHUFFLED, PRODUCTION, at_most=-0.15, category="C"),
    gate("strict-reversed", REVERSED, PRODUCTION, at_most=-0.10, category="C"),
    gate("strict-leave-one-out", LEAVE_ONE_OUT, PRODUCTION, at_most=-0.08, category="C"),
    *on_both("strict-rollout", ROLLOUT, 0.45, 0.42, category="D"),
    gate("strict-stability", STABILITY, PRODUCTION, at_most=0.05, category="E"),
]

GATES = (*P6B, *STRICT)

PROFILES = (
    ProfileSpec(
        name="p6b",
        summary="5CAT: three of its five tests pass, four are expected; deployment beside it.",
        gates=tuple(gate.name for gate in P6B),
        needed=3,
        source="P6b implementation notes",
    ),
    ProfileSpec(
        name="strict",
        summary="5CAT as the original's production gate.",
        gates=tuple(gate.name for gate in STRICT),
        source="docs/methods.md#protocol",
    ),
)
