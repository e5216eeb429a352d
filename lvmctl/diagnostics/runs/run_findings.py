"""Which of several things that are wrong with a run is the cause."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import get_args

from lvmctl.core.diagnosis import Finding, Severity

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
)
"""Findings, causes before what they bring about; of two as severe the earlier is the verdict."""

EFFECTS = ("overfitting",)
"""What comes behind the findings that only a plugin has, which follow the causes."""


def place(finding: Finding) -> tuple[int, int]:
    """Where a finding stands: the most severe first, then causes first."""
    known = (*CAUSES, "", *EFFECTS)
    name = finding.name if finding.name in known else ""
    return SEVERITIES.index(finding.severity), known.index(name)


def ordered(findings: Iterable[Finding]) -> list[Finding]:
    """One finding of each name, with the evidence of all; most severe first, then causes first.

    A collapse that is an orthogonal escape is evidence of it, not a second finding.
    """
    once: dict[str, Finding] = {}
    for finding in findings:
        merge(once, finding.name, finding)
    if "orthogonal-escape" in once and "collapse" in once:
        merge(once, "orthogonal-escape", once.pop("collapse"))
    return sorted(once.values(), key=place)


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
