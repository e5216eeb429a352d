"""Checks of gates that judge a figure: their order, their bounds, an oracle and a random guess."""

from __future__ import annotations

import math

from hypothesis import strategies as st

from lvmctl.core.errors import nearest
from lvmctl.evaluation.gates.bounds import Estimate, bound, judge, meets
from lvmctl.evaluation.gates.ceilings import chance_matters
from lvmctl.registry.verdict_specs import VerdictGate
from lvmctl.testing.check import Check, CheckFailed, Skipped, Subject, check, where
from lvmctl.testing.examples import for_all
from lvmctl.testing.inputs.gate_figures import RUN, figure, figures, logged, span

ORDER = ("FAIL", "MARGINAL", "UNDECIDED", "PASS")
"""What a figure can get, the worst first."""


def status(gate: VerdictGate, value: float) -> str:
    """What ``gate`` says of a figure that is require_interval."""
    return judge(gate, Estimate(value, value, value), gate.require_interval)


def ahead(gate: VerdictGate) -> float:
    """The infinity on the good side of the bound."""
    return math.inf if gate.at_most is None else -math.inf


@check
def says_where_it_belongs(subject: Subject) -> None:
    """Its category is a test of 5CAT or empty, its split is one that is judged, and the model that
    it names as its reference is installed."""
    gate = subject.record
    if gate.category not in ("", *"ABCDE"):
        raise CheckFailed(f"category {gate.category!r} is no test of 5CAT, they are A to E")
    if gate.split not in ("val", "ood"):
        raise CheckFailed(f"split {gate.split!r} is never judged, val and ood are")
    if gate.reference:
        subject.registry.get("model", gate.reference)


@check
def figure_is_measured(subject: Subject) -> str | None:
    """The gate's figure, and the baseline it is compared with, are ones that evaluation measures.

    A figure that an installed loss logs counts: a run with that loss has it.
    """
    gate, registry = subject.record, subject.registry
    for path in dict.fromkeys((gate.metric, gate.seed_metric or gate.metric)):
        if figure(registry, gate, RUN, path) is not None:
            continue
        of_a_loss = path in logged(registry) or path in registry.names("metric")
        if not of_a_loss or gate.against or gate.split != "val":
            both = f" of {gate.against} too" if gate.against else ""
            close = nearest(path, figures(registry))
            hint = f"; did you mean {close!r}" if close not in (None, path) else ""
            raise CheckFailed(f"nothing measures {path!r}{both} on {gate.split} windows{hint}")
    return None


@check
def better_is_never_worse(subject: Subject) -> str | None:
    """Of two figures the better one never gets the worse verdict."""
    gate = subject.record

    def rule(first: float, second: float, width: float) -> None:
        worse, better = sorted((first, second), reverse=gate.at_most is not None)
        said = [
            judge(gate, Estimate(value, value - width, value + width), gate.require_interval)
            for value in (worse, better)
        ]
        if ORDER.index(said[0]) > ORDER.index(said[1]):
            raise CheckFailed(
                f"{worse:g} gets {said[0]} and {better:g}, which is better, {said[1]}"
            )

    near = st.floats(-2, 2).map(lambda away: bound(gate) + away)
    for_all(rule, first=near, second=near, width=st.floats(0, 1))
    return None


@check
def bound_decides(subject: Subject) -> str | None:
    """A figure at the bound passes, the next one short of it does not, and neither does one that is
    missing or no number.

    To have just what a baseline has is no gain, so a bound of 0 on a difference has to be passed.
    """
    gate = subject.record
    at = bound(gate)
    least = math.nextafter(at, ahead(gate)) if gate.against and at == 0 else at
    if status(gate, least) != "PASS":
        raise CheckFailed(f"a figure of {least!r} gets {status(gate, least)}, the bound is {at!r}")
    short = math.nextafter(at, -ahead(gate))
    wrong = [short, math.nan, math.inf, -math.inf]
    passed = [value for value in wrong if status(gate, value) == "PASS"]
    if passed:
        raise CheckFailed(f"a figure of {passed[0]!r} passes, the bound is {at!r}")
    if judge(gate, None, gate.require_interval) != "ABSENT":
        raise CheckFailed(
            f"a figure that is missing gets {judge(gate, None, gate.require_interval)}"
        )
    return None


@check
def marginal_is_short_of_the_bound(subject: Subject) -> str | None:
    """From ``marginal`` up to the bound a figure is MARGINAL, and beyond ``marginal`` it fails."""
    gate = subject.record
    if gate.marginal is None:
        raise Skipped("it has no marginal band")
    near, at = gate.marginal, bound(gate)
    if not meets(gate, at) or meets(gate, near):
        raise CheckFailed(f"marginal = {near:g} lies on the passing side of the bound {at:g}")
    for value, expected in (
        (near, "MARGINAL"),
        (math.nextafter(at, -ahead(gate)), "MARGINAL"),
        (math.nextafter(near, -ahead(gate)), "FAIL"),
    ):
        if status(gate, value) != expected:
            raise CheckFailed(f"a figure of {value!r} gets {status(gate, value)}, not {expected}")
    return None


@check
def some_values_pass_and_some_fail(subject: Subject) -> str | None:
    """Of the values that the figure can have, some pass and some fail."""
    gate = subject.record
    ends = span(subject.registry, gate)
    if ends is None:
        raise Skipped(f"which values {gate.metric} can have, no plugin says")
    low, high = ends
    said = f"{gate.metric} lies between {low:g} and {high:g}"
    best, worst = (high, low) if gate.at_most is None else (low, high)
    if status(gate, best) != "PASS" and math.isfinite(best):
        raise CheckFailed(f"nothing can pass: {said}, the bound is {bound(gate):g}")
    if status(gate, worst) == "PASS":
        raise CheckFailed(f"nothing can fail: {said}, the bound is {bound(gate):g}")
    return None


@check
def chance_does_not_beat_the_target(subject: Subject) -> str | None:
    """A random guess does not pass where the target itself, given as the prediction, fails."""
    gate = subject.record
    found = {
        name: figure(subject.registry, gate, name, gate.metric) for name in ("oracle", "random")
    }
    if found["random"] is None:
        raise Skipped(f"a prediction alone has no {gate.metric}")
    said = {name: judge(gate, one, gate.require_interval) for name, one in found.items()}
    shown = ", ".join(
        f"{name} {said[name]}" + (f" {one.value:.3f}" if one else "") for name, one in found.items()
    )
    upside_down = said["random"] == "PASS" and said["oracle"] in ("FAIL", "MARGINAL")
    if upside_down and chance_matters(gate.metric):
        raise CheckFailed(f"on text-like chunks a guess passes and the target does not ({shown})")
    return shown


def judges(subject: Subject) -> bool:
    """Whether it is a gate that judges a figure."""
    return isinstance(subject.record, VerdictGate)


CHECKS: tuple[Check, ...] = where(
    judges,
    says_where_it_belongs,
    figure_is_measured,
    better_is_never_worse,
    bound_decides,
    marginal_is_short_of_the_bound,
    some_values_pass_and_some_fail,
    chance_does_not_beat_the_target,
)
