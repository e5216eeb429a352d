"""The verdict gates and the profile core declares; published ones come with their recipes."""

from __future__ import annotations

from typing import Any

from lvmctl.registry.verdict_specs import ProfileSpec, VerdictGate

_R5 = "in_article.filtered.r@5"
_OURS = "ours (docs/methods.md#protocol)"
_DIRECT: dict[str, Any] = {"against": "direct", "require_interval": True}
_WIENER: dict[str, Any] = {"against": "wiener", "require_interval": True}

GATES = (
    VerdictGate(
        name="fair-offsets",
        summary="Nothing near the window is nearer to the prediction, compared with direct.",
        category="A",
        metric="offsets.accuracy",
        seed_metric="offsets.seed",
        at_least=0.0,
        source=_OURS,
        **_DIRECT,
    ),
    VerdictGate(
        name="fair-r5",
        summary="The target is among the 5 nearest of its article, compared with direct.",
        category="B",
        metric=_R5,
        seed_metric=_R5.replace("filtered", "unfiltered"),
        at_least=0.0,
        source=_OURS,
        **_DIRECT,
    ),
    VerdictGate(
        name="fair-shuffled",
        summary="Shuffling the window costs cosine, compared with wiener.",
        category="C",
        metric="ablations.shuffled",
        at_most=0.0,
        source=_OURS,
        **_WIENER,
    ),
    VerdictGate(
        name="fair-rollout",
        summary="Predictions fed back stay near the text, compared with wiener.",
        category="D",
        metric="rollout.mean",
        at_least=0.0,
        source=_OURS,
        **_WIENER,
    ),
    VerdictGate(
        name="fair-stability",
        summary="Validation and OOD windows of like coherence score alike.",
        category="E",
        metric="coherence.gap",
        at_most=0.05,
        source=_OURS,
    ),
)

PROFILES = (
    ProfileSpec(
        name="fair",
        summary="5CAT by the fair rules, against baselines.",
        gates=tuple(gate.name for gate in GATES),
        source="docs/methods.md#protocol",
    ),
)
