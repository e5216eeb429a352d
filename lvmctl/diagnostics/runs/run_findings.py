"""What can be wrong with a run: a record for each fault, and which of several is the cause."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal, get_args

Severity = Literal["grave", "serious", "minor"]
SEVERITIES = get_args(Severity)

CAUSES = (
    "diverged",
    "collapse-at-schedule-step",
    "frozen-parameter",
    "constant-gate",
    "loss-domination",
    "orthogonal-escape",
    "collapse",
    "constant-prediction",
    "copying",
    "constant-mixture",
    "at-chance",
    "worse-than-direct",
    "order-at-chance",
    "overfitting",
)
"""Findings, causes before what they bring about; of two as severe the earlier is the verdict."""


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong.

    Attributes:
        name: one of :data:`CAUSES`.
        severity: ``grave``, the predictions are of no use; ``serious``, a part of the recipe does
            nothing or harm; ``minor``, worth knowing.
        epoch: where it begins, None where that is not known.
        evidence: the line with the figures.
        remedy: what to do.
        source: where the science is.
        also: further lines of evidence.
    """

    name: str
    severity: Severity
    epoch: int | None
    evidence: str
    remedy: str
    source: str
    also: tuple[str, ...] = ()

    def record(self) -> dict[str, Any]:
        """As plain data."""
        return asdict(self) | {"also": list(self.also)}


def ordered(findings: Iterable[Finding]) -> list[Finding]:
    """One finding of each name, with the evidence of all; most severe first, then causes first.

    A collapse that is an orthogonal escape is evidence of it, not a second finding.
    """
    once: dict[str, Finding] = {}
    for finding in findings:
        merge(once, finding.name, finding)
    if "orthogonal-escape" in once and "collapse" in once:
        merge(once, "orthogonal-escape", once.pop("collapse"))
    return sorted(once.values(), key=lambda f: (SEVERITIES.index(f.severity), CAUSES.index(f.name)))


def merge(known: dict[str, Finding], name: str, finding: Finding) -> None:
    """Add ``finding`` to what is known under ``name``; of two as severe the first leads."""
    first = known.get(name)
    if first is None:
        known[name] = finding
        return
    if SEVERITIES.index(finding.severity) < SEVERITIES.index(first.severity):
        first, finding = replace(finding, name=name), first
    epochs = [epoch for epoch in (first.epoch, finding.epoch) if epoch is not None]
    also = (*first.also, finding.evidence, *finding.also)
    known[name] = replace(first, epoch=min(epochs, default=None), also=also)
