"""Which of several findings about a run is the cause."""

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


def rank(finding: Finding) -> tuple[int, int]:
    """The place of a finding: the most severe first, then causes first."""
    known = (*CAUSES, "", *EFFECTS)
    name = finding.name if finding.name in known else ""
    return SEVERITIES.index(finding.severity), known.index(name)


def ordered(findings: Iterable[Finding]) -> list[Finding]:
    """One finding of each name, with the evidence of all; most severe first, then causes first.

    A collapse that is an orthogonal escape is evidence of it, not a second finding.
    """
    merged: dict[str, Finding] = {}
    for finding in findings:
        merge(merged, finding.name, finding)
    if "orthogonal-escape" in merged and "collapse" in merged:
        merge(merged, "orthogonal-escape", merged.pop("collapse"))
    return sorted(merged.values(), key=rank)


def merge(merged: dict[str, Finding], name: str, finding: Finding) -> None:
    """Add ``finding`` to the one under ``name``; of two as severe the first leads."""
    if name not in merged:
        merged[name] = finding
        return
    pair = sorted((merged[name], finding), key=lambda each: SEVERITIES.index(each.severity))
    lead, other = pair
    epochs = [each.epoch for each in pair if each.epoch is not None]
    also = (*lead.also, other.evidence, *other.also)
    merged[name] = replace(lead, name=name, epoch=min(epochs, default=None), also=also)
