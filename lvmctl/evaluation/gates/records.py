"""The verdict gates core declares, each with the source of its number (METHODS §3, Profiles)."""

from __future__ import annotations

from typing import Any

from lvmctl.registry.specs import GateSpec

_OFFSETS = "offsets.fair"
_R1, _R5 = "in_article.filtered.r@1", "in_article.filtered.r@5"
_MRR, _MRR10 = "in_article.filtered.mrr", "in_article.filtered.mrr@10"
_SHUFFLED, _REVERSED = "ablations.shuffled", "ablations.reversed"
_LEAVE_ONE_OUT, _ROLLOUT = "ablations.leave_one_out", "rollout.mean"
_STABILITY, _ORDER, _LATENCY = "coherence.gap", "order_accuracy", "latency.ratio"

_ASKS = {
    _OFFSETS: "the target is nearer to the prediction than its neighbours are",
    _R1: "the target is the nearest of its article",
    _R5: "the target is among the 5 nearest of its article",
    _MRR: "mean of 1/rank in the article",
    _MRR10: "mean of 1/rank in the article, 0 beyond 10",
    _SHUFFLED: "shuffling the window costs cosine",
    _REVERSED: "reversing the window costs cosine",
    _LEAVE_ONE_OUT: "leaving a chunk out costs cosine",
    _ROLLOUT: "predictions fed back stay near the text",
    _STABILITY: "validation and OOD windows of like coherence score alike",
    _ORDER: "tells which of two chunks comes first",
    _LATENCY: "time per query, as a multiple of the p6b model's",
    "cos_next": "cosine to the target",
    "cos_anchor": "cosine to the window's centroid",
    "margin.last": "nearer to the target than to the last chunk",
}

_SEED = {
    _OFFSETS: "offsets.seed",
    **{metric: metric.replace("filtered", "unfiltered") for metric in (_R1, _R5, _MRR, _MRR10)},
}
"""The seeds judge the neighbouring offset alone, and rank in a pool that holds the window."""

_P6B = "P6b implementation notes, success criteria"
_P7 = "P7 implementation notes, validation gates"
_P8 = "P8 pivot notes, after full training"
_STRICT = "the original's production gate (METHODS §3)"
_SHIP = "P7 quick start, ship criteria; that the interval clears the bar is METHODS §3"
_FAIR = "ours (METHODS §3)"


def _gate(name: str, metric: str, source: str, **details: Any) -> GateSpec:
    """A gate of the profile that its name begins with."""
    details.setdefault("seed_metric", _SEED.get(metric))
    asks = _ASKS[metric]
    asks += ", on OOD text" if details.get("split") == "ood" else ""
    asks += f", compared with {details['against']}" if "against" in details else ""
    return GateSpec(
        name=name,
        summary=f"{asks[0].upper()}{asks[1:]}.",
        role="verdict",
        metric=metric,
        source=source,
        profile=name.partition("-")[0],
        **details,
    )


def _on_both(name: str, metric: str, val: float, ood: float, **details: Any) -> list[GateSpec]:
    """A lower bound on validation windows and one on OOD windows."""
    return [
        _gate(name, metric, _STRICT, at_least=val, **details),
        _gate(f"{name}-ood", metric, _STRICT, at_least=ood, split="ood", **details),
    ]


# "Optional" in the P6b notes means that C may fail: it is one of five, and three are enough.
_P6B_GATES = [
    _gate("p6b-offsets", _OFFSETS, _P6B, at_least=0.05, category="A"),
    _gate("p6b-r5", _R5, _P6B, at_least=0.70, category="B"),
    _gate("p6b-r1", _R1, "P6b implementation notes, gate B", at_least=0.60, category="B"),
    _gate("p6b-shuffled", _SHUFFLED, "METHODS §3", at_most=-0.15, category="C"),
    _gate("p6b-rollout", _ROLLOUT, _P6B, at_least=0.45, category="D"),
    _gate("p6b-stability", _STABILITY, _P6B, at_most=0.05, category="E"),
]

_DEPLOYMENT = {"source": "P6b implementation notes, deployment criteria", "optional": True}
_P6B_DEPLOYMENT = [
    _gate("p6b-deployment-r5", _R5, at_least=0.70, split="ood", **_DEPLOYMENT),
    _gate("p6b-deployment-offsets", _OFFSETS, at_least=0.05, **_DEPLOYMENT),
]

_STRICT_GATES = [
    *_on_both("strict-cosine", "cos_next", 0.50, 0.48, category="A"),
    *_on_both("strict-offsets", _OFFSETS, 0.12, 0.10, category="A", seed_metric="offsets.strict"),
    *_on_both("strict-r1", _R1, 0.60, 0.55, category="B"),
    *_on_both("strict-r5", _R5, 0.95, 0.92, category="B"),
    *_on_both("strict-mrr", _MRR, 0.80, 0.75, category="B"),
    _gate("strict-shuffled", _SHUFFLED, _STRICT, at_most=-0.15, category="C"),
    _gate("strict-reversed", _REVERSED, _STRICT, at_most=-0.10, category="C"),
    _gate("strict-leave-one-out", _LEAVE_ONE_OUT, _STRICT, at_most=-0.08, category="C"),
    *_on_both("strict-rollout", _ROLLOUT, 0.45, 0.42, category="D"),
    _gate("strict-stability", _STABILITY, _STRICT, at_most=0.05, category="E"),
]

# The notes call cos_anchor below .05 a failure and from .40 on a pass.
_P7_GATES = [
    _gate("p7-margin", "margin.last", _P7, at_least=0.20, marginal=0.10),
    _gate("p7-cosine", "cos_next", _P7, at_least=0.45, marginal=0.35),
    _gate("p7-anchor", "cos_anchor", _P7, at_least=0.40, marginal=0.05),
]

_P8_GATES = [
    _gate("p8-margin", "margin.last", _P8, at_least=0.20),
    _gate("p8-r5", _R5, _P8, at_least=0.80),
    _gate("p8-mrr10", _MRR10, _P8, at_least=0.65),
    _gate("p8-order", _ORDER, _P8, at_least=0.75),
]

_DIRECT = {"against": "direct", "certain": True}
_SHIP_GATES = [
    _gate("ship-r5", _R5, _SHIP, at_least=0.10, **_DIRECT),
    _gate("ship-mrr10", _MRR10, _SHIP, at_least=0.05, **_DIRECT),
    _gate(
        "ship-latency",
        _LATENCY,
        "P7 implementation notes, deployment criteria (no worse than P6b); 1.15 is METHODS §3",
        at_most=1.15,
    ),
]

_WIENER = {"against": "wiener", "certain": True}
_FAIR_GATES = [
    _gate("fair-offsets", _OFFSETS, _FAIR, at_least=0.0, category="A", **_DIRECT),
    _gate("fair-r5", _R5, _FAIR, at_least=0.0, category="B", **_DIRECT),
    _gate("fair-shuffled", _SHUFFLED, _FAIR, at_most=0.0, category="C", **_WIENER),
    _gate("fair-rollout", _ROLLOUT, _FAIR, at_least=0.0, category="D", **_WIENER),
    _gate("fair-stability", _STABILITY, _FAIR, at_most=0.05, category="E"),
]

GATES = (
    *_P6B_GATES,
    *_P6B_DEPLOYMENT,
    *_STRICT_GATES,
    *_P7_GATES,
    *_P8_GATES,
    *_SHIP_GATES,
    *_FAIR_GATES,
)
"""Every verdict gate of core; ``PROFILES`` says who asks for them."""
