"""What the reports watch in a training, value by value (METHODS §4, "Training signals")."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

FAILURE = "P7 quick start, failure signals"
BY_EPOCH = "P7 implementation, expected by epoch"
LOGS = "P6b implementation, logs to watch"
CRITERIA = "P6b implementation, success criteria"


@dataclass(frozen=True, kw_only=True)
class Rule:
    """One figure of the history and where it should lie.

    Attributes:
        name: of the signal, unique.
        path: where a history record has the figure.
        low, high: bounds that still satisfy; None is no bound.
        above: whether ``low`` itself no longer satisfies.
        when: ``after`` judges every later epoch than ``epoch``; ``by`` judges the best figure so
            far, once, at the first evaluation from ``epoch`` on; ``at`` judges that epoch alone.
        epoch: from 1; 0 for all epochs.
        meaning: what the report concludes, or what the reader should know.
        source: which report says so.
        recipe: the one recipe the bound is meant for, None for any.
    """

    name: str
    path: tuple[str, ...]
    low: float | None = None
    high: float | None = None
    above: bool = False
    when: Literal["after", "by", "at"] = "after"
    epoch: int = 0
    meaning: str = ""
    source: str
    recipe: str | None = None

    @property
    def figure(self) -> str:
        """The figure's name for a reader: ``margin[last]``."""
        _, name, *inner = self.path
        return name + "".join(f"[{key}]" for key in inner)


COS_NEXT, MARGIN = ("val", "cos_next"), ("val", "margin", "last")
TEXT = "a correct model of text has it below 0"

P7_BANDS = {
    1: ((0.05, 0.15), (0.25, 0.35)),
    5: ((0.20, 0.30), (0.40, 0.50)),
    10: ((0.25, 0.40), (0.45, 0.55)),
}
"""Epoch → (low, high) of margin[last] and of cos_next."""


def bands() -> tuple[Rule, ...]:
    """P7's bands as rules."""
    return tuple(
        Rule(
            name=f"p7-{path[1]}-epoch-{epoch}",
            path=path,
            low=low,
            high=high,
            when="at",
            epoch=epoch,
            source=BY_EPOCH,
            recipe="p7",
        )
        for epoch, both in P7_BANDS.items()
        for path, (low, high) in zip((MARGIN, COS_NEXT), both)
    )


RULES = (
    Rule(
        name="gate-weight",
        path=("train", "gate_weight_mean"),
        low=0.5,
        meaning="the data has few windows the gate favours",
        source=FAILURE,
    ),
    Rule(name="stuck", path=COS_NEXT, low=0.35, epoch=5, meaning="stuck", source=FAILURE),
    Rule(
        name="drift",
        path=("val", "cos_anchor"),
        low=0.05,
        meaning="drift, the report's advice is to stop",
        source=FAILURE,
    ),
    Rule(name="lambda-eff", path=("train", "lambda_eff"), low=0.001, high=0.02, source=LOGS),
    Rule(name="loss-share", path=("train", "loss_share"), low=0.15, high=0.35, source=LOGS),
    Rule(name="cos-next", path=COS_NEXT, low=0.5, when="by", epoch=5, source=CRITERIA),
    Rule(
        name="margin",
        path=MARGIN,
        low=0.0,
        above=True,
        when="by",
        epoch=5,
        meaning=TEXT,
        source=CRITERIA,
    ),
    Rule(name="retrieval", path=("val", "r@5"), low=0.7, when="by", epoch=8, source=CRITERIA),
    *bands(),
)
