"""A loss's weight over a training: constant, with jumps at epochs, or with ramps."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import NamedTuple

from lvmctl.core.batch import Step
from lvmctl.core.errors import UsageError

EPOCH = re.compile("[1-9][0-9]{0,6}")
"""Counted from 1; seven digits are more than any training has."""

GRAMMAR = "write W, then ,E=W to jump at the start of epoch E or ,E~W to ramp until its end"


class Segment(NamedTuple):
    """The weight goes linearly from ``first`` to ``last`` while ``begin`` ≤ time < ``end``.

    Time counts epochs: 0 is the start of training, 1 the end of epoch 1.
    """

    begin: float
    end: float
    first: float
    last: float


@dataclass(frozen=True)
class Schedule:
    """A weight as a function of training progress.

    ``"0.5"`` is constant, ``"0.2,3=0"`` is .2 in epochs 1 and 2, ``"0,6~.001"`` rises linearly,
    step by step, from 0 to .001 within six epochs.

    Attributes:
        text: as it was written.
        segments: in the order of time, without gaps, from 0 to infinity.
    """

    text: str
    segments: tuple[Segment, ...]

    @classmethod
    def parse(cls, value: float | str) -> Schedule:
        """A number, or the text of a schedule.

        Raises:
            UsageError: a weight that is no finite number ≥ 0, an epoch that is none, or changes
                whose epochs do not ascend.
        """
        if isinstance(value, int | float):
            value = repr(float(value)).removesuffix(".0")
        text = value.replace(" ", "")
        start, *changes = text.split(",")
        now, weight = 0, _weight(start)
        segments = []
        for change in changes:
            sign = "~" if "~" in change else "="
            epoch, separator, wanted = change.partition(sign)
            if not separator or not EPOCH.fullmatch(epoch):
                raise UsageError(f"invalid weight change {change[:40]!r}", hint=GRAMMAR)
            end = int(epoch) if sign == "~" else int(epoch) - 1
            if end < now or (sign == "~" and end == now):
                raise UsageError(f"{text!r} has epochs that do not ascend", hint=GRAMMAR)
            new = _weight(wanted)
            segments.append(Segment(now, end, weight, new if sign == "~" else weight))
            now, weight = end, new
        segments.append(Segment(now, math.inf, weight, weight))
        return cls(text, tuple(s for s in segments if s.end > s.begin))

    def at(self, step: Step) -> float:
        """The weight at a step; one that is constant throughout its epoch is not asked for more."""
        segment = next(s for s in self.segments if step.epoch - 1 < s.end)
        if segment.first == segment.last and step.epoch <= segment.end:
            return segment.first
        now = step.epoch - 1 + step.index / step.steps_per_epoch
        segment = next(s for s in self.segments if now < s.end)
        if segment.first == segment.last:
            return segment.first
        done = (now - segment.begin) / (segment.end - segment.begin)
        return segment.first + (segment.last - segment.first) * done

    def is_zero(self, epoch: int) -> bool:
        """Whether the weight is 0 throughout an epoch."""
        during = [s for s in self.segments if s.begin < epoch and s.end > epoch - 1]
        return not any(weight for s in during for weight in (s.first, s.last))

    @property
    def most(self) -> float:
        """The largest weight it has at any time."""
        return max(weight for s in self.segments for weight in (s.first, s.last))

    def changes(self, epochs: int) -> bool:
        """Whether the weight changes within a training of so many epochs."""
        during = [s for s in self.segments if s.begin < epochs]
        return len({weight for s in during for weight in (s.first, s.last)}) > 1

    def __str__(self) -> str:
        return self.text


def _weight(text: str) -> float:
    try:
        weight = float(text)
    except ValueError:
        weight = math.nan
    if not 0 <= weight < math.inf:
        raise UsageError(f"invalid weight {text!r}", hint=GRAMMAR)
    return weight
