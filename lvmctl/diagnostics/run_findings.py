"""What can be wrong with a run: a record for each fault, and which of several is the cause."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

Severity = Literal["grave", "serious", "minor"]

CAUSES = (
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
    """

    name: str
    severity: Severity
    epoch: int | None
    evidence: str
    remedy: str
    source: str

    def record(self) -> dict[str, Any]:
        """As plain data."""
        return asdict(self)


def ordered(findings: Sequence[Finding]) -> list[Finding]:
    """One finding of each name, the first given; most severe first, then causes, then epochs."""
    once: dict[str, Finding] = {}
    for finding in findings:
        once.setdefault(finding.name, finding)
    severities = ("grave", "serious", "minor")
    return sorted(
        once.values(),
        key=lambda f: (severities.index(f.severity), CAUSES.index(f.name), f.epoch or math.inf),
    )
