"""What the reports watch in a training, value by value (docs/methods.md#recipes, "Training
signals")."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

FAILURE = "P7 quick start, failure signals"
BY_EPOCH = "P7 implementation, expected by epoch"
LOGS = "P6b implementation, logs to watch"
CRITERIA = "P6b implementation, success criteria"

PUBLISHED = ("p1", "p2", "p3", "p4", "p5", "p5.1", "p6", "p6b", "p7", "p8")
"""The recipes that the reports speak of."""


@dataclass(frozen=True)
class Rule:
    """One figure of the history and where it should lie.

    Attributes:
        name: of the signal, unique.
        path: where a history record has the figure.
        low, high: bounds that still satisfy; None is no bound.
        when: ``after`` judges every later epoch than ``epoch``; ``by`` judges the best figure so
            far, once, at the first evaluation from ``epoch`` on; ``at`` judges that epoch alone.
        epoch: from 1; 0 with ``after`` is every epoch.
        source: which report says so.
        meaning: what the report concludes, or what the reader should know.
        above: whether ``low`` itself no longer satisfies.
        recipes: those that the bounds are meant for.
    """

    name: str
    path: tuple[str, ...]
    low: float
    high: float | None
    when: Literal["after", "by", "at"]
    epoch: int
    source: str
    meaning: str = ""
    above: bool = False
    recipes: tuple[str, ...] = PUBLISHED

    @property
    def figure(self) -> str:
        """The figure's name for a reader: ``margin[last]``."""
        _, name, *inner = self.path
        return name + "".join(f"[{key}]" for key in inner)


GATE, LAMBDA, SHARE = (("train", name) for name in ("gate_weight_mean", "lambda_eff", "loss_share"))
COS_NEXT, COS_ANCHOR, R5 = (("val", name) for name in ("cos_next", "cos_anchor", "r@5"))
MARGIN = ("val", "margin", "last")

FEW_FAVOURED = "the data has few windows the gate favours"
DRIFT = "drift, the report's advice is to stop"
TEXT = "a correct model of text has it below 0"

P7_BANDS = {
    1: ((0.05, 0.15), (0.25, 0.35)),
    5: ((0.20, 0.30), (0.40, 0.50)),
    10: ((0.25, 0.40), (0.45, 0.55)),
}
"""Epoch → (low, high) of margin[last] and of cos_next."""

RULES = (
    Rule("gate-weight", GATE, 0.5, None, "after", 0, FAILURE, FEW_FAVOURED),
    Rule("stuck", COS_NEXT, 0.35, None, "after", 5, FAILURE, "stuck"),
    Rule("drift", COS_ANCHOR, 0.05, None, "after", 0, FAILURE, DRIFT),
    Rule("lambda-eff", LAMBDA, 0.001, 0.02, "after", 0, LOGS),
    Rule("loss-share", SHARE, 0.15, 0.35, "after", 0, LOGS),
    Rule("cos-next", COS_NEXT, 0.5, None, "by", 5, CRITERIA),
    Rule("margin", MARGIN, 0.0, None, "by", 5, CRITERIA, TEXT, above=True),
    Rule("retrieval", R5, 0.7, None, "by", 8, CRITERIA),
    *(
        Rule(f"p7-{path[1]}-{epoch}", path, low, high, "at", epoch, BY_EPOCH, recipes=("p7",))
        for epoch, both in P7_BANDS.items()
        for path, (low, high) in zip((MARGIN, COS_NEXT), both)
    ),
)
