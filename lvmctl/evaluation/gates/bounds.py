"""An estimate against a gate's bound (docs/methods.md#protocol)."""

from __future__ import annotations

import math
from typing import Any, Literal, NamedTuple

from lvmctl.registry.verdict_specs import VerdictGate

Status = Literal["PASS", "MARGINAL", "FAIL", "UNDECIDED", "INFEASIBLE", "VACUOUS", "ABSENT"]


class Estimate(NamedTuple):
    """An estimate, the ends of its 95 % interval and the windows it is the mean of."""

    value: float
    low: float = math.nan
    high: float = math.nan
    windows: int = 1

    def record(self) -> dict[str, Any]:
        """Value and interval as plain data."""
        return {"value": self.value, "ci": [self.low, self.high]}

    def counted(self) -> dict[str, Any]:
        """:meth:`record` with the number of windows."""
        return self.record() | {"windows": self.windows}


def bound(gate: VerdictGate) -> float:
    """The value that is asked for."""
    return gate.at_least if gate.at_most is None else gate.at_most


def reaches(gate: VerdictGate, value: float, mark: float) -> bool:
    """Whether ``value`` is at ``mark`` or on its good side; nothing that is not finite is."""
    return math.isfinite(value) and (value >= mark if gate.at_most is None else value <= mark)


def meets(gate: VerdictGate, value: float) -> bool:
    """Whether ``value`` meets the bound. To have just what a baseline has is no gain."""
    no_gain = gate.against and value == bound(gate) == 0
    return reaches(gate, value, bound(gate)) and not no_gain


def is_undecided(gate: VerdictGate, estimate: Estimate) -> bool:
    """Whether a time was not measured well enough: its interval holds the bound."""
    timed = gate.metric.partition(".")[0] == "latency"
    return timed and meets(gate, estimate.low) != meets(gate, estimate.high)


def judge(gate: VerdictGate, estimate: Estimate | None, require_interval: bool) -> Status:
    """PASS, MARGINAL, FAIL, ABSENT where no window is counted, or UNDECIDED.

    A time depends on what else the machine does, so one whose interval holds the bound is
    UNDECIDED, by any rule.

    Args:
        require_interval: the worse end of the interval has to meet the bound as well. If it does
            not, or if there is no interval, an estimate that does is MARGINAL.
    """
    if estimate is None or not estimate.windows:
        return "ABSENT"
    if is_undecided(gate, estimate):
        return "UNDECIDED"
    if meets(gate, estimate.value):
        worse = estimate.low if gate.at_most is None else estimate.high
        return "PASS" if not require_interval or meets(gate, worse) else "MARGINAL"
    near = gate.marginal is not None and reaches(gate, estimate.value, gate.marginal)
    return "MARGINAL" if near else "FAIL"
