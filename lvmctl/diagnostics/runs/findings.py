"""What can be found wrong with a run, and which of several findings is the cause."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import NamedTuple, get_args

from lvmctl.core.diagnosis import Finding, Severity

SEVERITIES = get_args(Severity)


class Known(NamedTuple):
    """How severe a finding is, what to do and where the science is, where it says no other; ``{}``
    in a remedy is what the finding is about."""

    severity: Severity
    remedy: str
    source: str


KNOWN = {
    "diverged": Known(
        "critical",
        "use a smaller lr or precision=fp32; best_model.pt, where there is one, is from before",
        "docs/methods.md#common-settings",
    ),
    "collapse-at-schedule-step": Known(
        "critical",
        "keep what held the prediction until then (a longer warm-up, or a constant weight of a "
        "loss that pulls towards the target), or lower the remaining weights",
        "docs/methods.md#published-results",
    ),
    "frozen-parameter": Known(
        "serious",
        "use it in the forward pass without detach, give the optimiser its parameter, or take it "
        "out of the model",
        "docs/methods.md#recipes: what is learned must receive gradient",
    ),
    "constant-gate": Known(
        "serious",
        "choose a threshold that some windows pass and some fail, or leave the sample weight out",
        "docs/methods.md#training-signals",
    ),
    "loss-domination": Known(
        "serious",
        "lower the weight of {} until the loss that pulls towards the target is the larger one",
        "docs/methods.md#escape",
    ),
    "orthogonal-escape": Known(
        "critical",
        "take weight off the loss that asks for the margin; its optimum is (1 + w)·E[y|C] - w·{}, "
        "which leaves the target for a large w",
        "docs/methods.md#escape",
    ),
    "collapse": Known(
        "critical",
        "use a smaller lr, or less weight on what works against the target; the weights of the "
        "best epoch are from before",
        "docs/methods.md#escape",
    ),
    "constant-prediction": Known(
        "critical",
        "the model predicts the same for every window: look for a loss that a constant minimises, "
        "use a smaller lr, or train longer where cos_next still rises",
        "docs/methods.md#escape",
    ),
    "copying": Known(
        "critical",
        "give the model something better than the last chunk: train longer, take away a skip "
        "connection or a residual gain that passes it through, check the target's offset",
        "docs/methods.md#recency",
    ),
    "constant-mixture": Known(
        "serious",
        "compare it with the baselines direct and centroid (lvmctl eval tables); use another lr or "
        "a higher temperature",
        "docs/methods.md#cone",
    ),
    "at-chance": Known(
        "critical",
        "look for what happened first; if nothing did, use a larger lr or more windows",
        "docs/methods.md#protocol",
    ),
    "worse-than-direct": Known(
        "serious",
        "train longer or on more windows; see that the score is given what direct has, the cosines "
        "with the last chunk",
        "docs/methods.md#baselines",
    ),
    "overfitting": Known(
        "minor",
        "train fewer epochs, on more articles, or with more dropout; best_model.pt is chosen on "
        "validation and keeps an earlier epoch",
        "docs/methods.md#protocol",
    ),
}
"""Findings, causes before what they bring about; of two as severe the earlier is the verdict."""

EFFECTS = ("overfitting",)
"""What comes behind the findings that only a plugin has, which follow the causes."""


def found(
    name: str,
    epoch: int | None,
    evidence: str,
    about: str = "",
    remedy: str = "",
    severity: Severity | None = None,
) -> Finding:
    """One of the known findings."""
    known = KNOWN[name]
    remedy = remedy or known.remedy.format(about)
    return Finding(name, severity or known.severity, epoch, evidence, remedy, known.source)


def rank(finding: Finding) -> tuple[int, int]:
    """The place of a finding: the most severe first, then causes first."""
    known = (*(name for name in KNOWN if name not in EFFECTS), "", *EFFECTS)
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
