"""From a training history to its signals: a pure function, so that a resumed run says the same."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from lvmctl import get_number
from lvmctl_signals.table import PUBLISHED, RULES, Rule

SLACK = 1e-6
"""Figures are float32 means: a share that is kept at .15 comes out as .1499999."""


@dataclass(frozen=True)
class Signal:
    """A figure that is not where a report expects it.

    Attributes:
        epoch: where it was judged.
        signal: name of the rule.
        value: the figure.
        low, high: the rule's bounds; ``high`` is None where it has none.
        unreachable: whether no model of this class can have ``low`` on these windows.
        source: which report asks for it.
        text: one line for a reader.
    """

    epoch: int
    signal: str
    value: float
    low: float
    high: float | None
    unreachable: bool
    source: str
    text: str


def signals_of(history: Iterable[Any], recipe: str | None = None) -> list[Signal]:
    """Each signal at the first epoch that gives it, in the order of epochs.

    Args:
        history: records of ``training_history.json`` in their order. A figure that is missing or
            is not finite is not judged.
        recipe: bare or qualified name of the recipe. Rules that are meant for others are left out;
            of a run whose recipe is not known, those that are meant for one recipe alone.
    """
    records = [record for record in history if isinstance(get_number(record, "epoch"), int)]
    rules = [rule for rule in RULES if meant(rule, recipe)]
    signals = [signal for rule in rules if (signal := first(rule, records))]
    return sorted(signals, key=lambda signal: signal.epoch)


def meant(rule: Rule, recipe: str | None) -> bool:
    """Whether ``rule`` is about runs of ``recipe``."""
    if recipe is None:
        return rule.recipes == PUBLISHED
    return str(recipe).rpartition("/")[2] in rule.recipes


def first(rule: Rule, records: list[dict[str, Any]]) -> Signal | None:
    """The first epoch that breaks ``rule``, None when none does."""
    for record, value in judged(rule, records):
        if below(rule, value):
            ceiling = get_number(record, ".".join(("val", "ceiling", *rule.path[1:])))
            out_of_reach = ceiling is not None and below(rule, ceiling)
            return signal(rule, record["epoch"], value, ceiling if out_of_reach else None)
        if rule.high is not None and value > rule.high + SLACK:
            return signal(rule, record["epoch"], value)
    return None


def judged(rule: Rule, records: list[dict[str, Any]]) -> Iterator[tuple[dict[str, Any], float]]:
    """The records at which ``rule`` judges, and the figure it judges."""
    best = -math.inf
    for record in records:
        value, epoch = get_number(record, ".".join(rule.path)), record["epoch"]
        if value is None:
            continue
        if rule.when == "by":
            best = max(best, value)
            if epoch >= rule.epoch:  # the best never falls: the first of these decides
                yield record, best
        elif epoch == rule.epoch if rule.when == "at" else epoch > rule.epoch:
            yield record, value


def below(rule: Rule, value: float) -> bool:
    """Whether ``value`` is too low for the rule."""
    return value <= rule.low if rule.above else value < rule.low - SLACK


def signal(rule: Rule, epoch: int, value: float, ceiling: float | None = None) -> Signal:
    """A signal with its line; ``ceiling`` is given where it makes the rule unreachable."""
    at = f" {rule.when} epoch {rule.epoch}" if rule.epoch and rule.when != "at" else ""
    has = f"{'best ' if rule.when == 'by' else ''}{rule.figure} {shown(rule, value)}"
    if ceiling is not None:
        wanted = f"{'>' if rule.above else '>='} {rule.low:g}"
        if rule.high is not None:
            wanted = f"{rule.low:g} to {rule.high:g}"
        text = (
            f"note: epoch {epoch}: {rule.figure} {wanted}{at} is UNREACHABLE: no model of this "
            f"class can have more than {shown(rule, ceiling)} on this data"
        )
    elif rule.high is not None:
        text = f"warning: epoch {epoch}: {has}, not {rule.low:g} to {rule.high:g}{at}"
    else:
        text = f"warning: epoch {epoch}: {has} {'<=' if rule.above else '<'} {rule.low:g}{at}"
    if rule.meaning and ceiling is None:
        text += f": {rule.meaning}"
    rule_facts = (rule.low, rule.high, ceiling is not None, rule.source)
    return Signal(epoch, rule.name, value, *rule_facts, f"{text} ({rule.source})")


def shown(rule: Rule, value: float) -> str:
    """``value`` in three digits, in more where these would show a bound itself."""
    text = f"{value:.3g}"
    return text if float(text) not in (rule.low, rule.high) else f"{value:.9g}"
