"""Gates that are there, and figures made up for them."""

from __future__ import annotations

from lvmctl.evaluation.gates.bounds import Estimate
from lvmctl.evaluation.gates.verdicts import Evidence
from lvmctl.registry import load_registry
from lvmctl.registry.verdict_specs import VerdictGate

NAMED = {
    entry.name: entry.record
    for entry in load_registry().entries("gate")
    if isinstance(entry.record, VerdictGate)
}
"""Core's and the published ones."""


def evidence(figures: dict, differences: dict | None = None) -> Evidence:
    """Figures by predictor and path, differences by predictor, baseline and path."""

    def number(value) -> Estimate | None:
        return value if isinstance(value, Estimate | None) else Estimate(value, value, value)

    def figure(predictor: str, split: str, path: str) -> Estimate | None:
        return number(figures.get(predictor, {}).get(path))

    def difference(predictor: str, against: str, split: str, path: str) -> Estimate | None:
        return number((differences or {}).get((predictor, against), {}).get(path))

    return Evidence(figure, difference, ceilings={"order_accuracy": "order-classifier"})
