"""Checks of gates."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import torch

from lvmctl.core.errors import nearest
from lvmctl.evaluation.gates.bounds import Estimate, bound, judge, meets
from lvmctl.evaluation.gates.ceilings import chance_matters
from lvmctl.registry.specs import KillRule, SampleWeight
from lvmctl.registry.verdict_specs import VerdictGate
from lvmctl.testing.check import CheckFailed, Skipped, Subject, check_where, checks_in
from lvmctl.testing.gate_inputs import ROLES, fault, plain
from lvmctl.testing.loss_trial import fields_of, require_fields
from lvmctl.testing.measured import RUN, figure_names, figure_of, value_range
from lvmctl.testing.samples import trace

# ------------------------------------------------------------------ gates that act in a training


def judges(subject: Subject) -> bool:
    """Whether it is a gate that judges a figure."""
    return isinstance(subject.record, VerdictGate)


def acts(subject: Subject) -> bool:
    """Whether training calls it."""
    return not judges(subject)


def weighs(subject: Subject) -> bool:
    """Whether it gives windows weights."""
    return isinstance(subject.record, SampleWeight)


def calls(subject: Subject) -> list[tuple[Any, str, Callable[[], tuple[Any, ...]]]]:
    """Every call in one training after another: the training's gate, what it is called with, and
    what makes that."""
    make = ROLES[subject.record.role]
    trainings = make(fields_of(subject)) if weighs(subject) else make()
    gates = [(subject.build(), inputs) for inputs in trainings]
    return [(gate, *each) for gate, inputs in gates for each in inputs]


@check_where(weighs)
def needs_known_fields(subject: Subject) -> None:
    """A sample weight's `needs` names batch fields that there are."""
    require_fields(subject)


@check_where(acts)
def answers_in_its_form(subject: Subject) -> None:
    """Whatever training gives it, it answers in the form of its kind: a reason to stop or None; a
    finite weight >= 0 for each window; or which windows the epoch visits, at least one."""
    for gate, name, make in calls(subject):
        arguments = make()
        if wrong := fault(subject.record.role, gate(*arguments), arguments):
            raise CheckFailed(f"given {name} it returns {wrong}")


@check_where(acts)
def same_input_same_answer(subject: Subject) -> None:
    """Its answer depends on what it is given alone, not on what it was given before: a resumed
    training asks a new gate."""
    for gate, name, make in reversed(calls(subject)):
        if plain(gate(*make())) != plain(subject.build()(*make())):
            raise CheckFailed(f"given {name} it answers otherwise after other calls than at first")


@check_where(acts)
def leaves_what_it_is_given(subject: Subject) -> None:
    """It does not change what it is given."""
    for gate, name, make in calls(subject):
        arguments = make()
        before = [trace(argument) for argument in arguments]
        gate(*arguments)
        if before != [trace(argument) for argument in arguments]:
            raise CheckFailed(f"it changes {name}")


@check_where(weighs)
def reads_declared_fields_only(subject: Subject) -> None:
    """A sample weight reads no batch field but those in ``needs``."""
    record = subject.record
    for gate, name, make in calls(subject):
        (batch,) = make()
        try:
            gate(batch.only(record.needs, f"gate {record.name}"))
        except AttributeError as error:
            raise CheckFailed(f"given {name}: {error}") from error


@check_where(acts)
def leaves_something_to_train(subject: Subject) -> str:
    """It does not rule everything out: a kill rule lets some epoch pass, a sample weight gives
    some window a weight."""
    answers = {name: gate(*make()) for gate, name, make in calls(subject)}
    if isinstance(subject.record, KillRule):
        stopped = [name for name, reason in answers.items() if reason]
        if len(stopped) == len(answers):
            raise CheckFailed(f"it stops at every record, also at {stopped[0]}")
        first = f", first at {stopped[0]}" if stopped else ""
        return f"it stops at {len(stopped)} of {len(answers)} records{first}"
    means = {name: torch.as_tensor(values).float().mean() for name, values in answers.items()}
    if not any(mean > 0 for mean in means.values()):
        raise CheckFailed("every weight is 0, so nothing is learned")
    return ", ".join(f"{mean:.0%} in {name}" for name, mean in means.items())


# ------------------------------------------------------------------ gates that judge a figure


def status(gate: VerdictGate, value: float) -> str:
    """What ``gate`` says of a figure whose interval has no width."""
    return judge(gate, Estimate(value, value, value), gate.require_interval)


@check_where(judges)
def says_where_it_belongs(subject: Subject) -> None:
    """Its category is a test of 5CAT or empty, its split is one that is judged, the model that it
    names as its reference is installed, a profile names it, and its summary names the baseline that
    it is compared with."""
    gate, registry = subject.record, subject.registry
    if gate.category not in ("", *"ABCDE"):
        raise CheckFailed(f"category {gate.category!r} is not a test of 5CAT, which are A to E")
    if gate.split not in ("val", "ood"):
        raise CheckFailed(f"split {gate.split!r} is never judged, val and ood are")
    if gate.reference:
        registry.get("model", gate.reference)
    if gate.against and gate.against not in gate.summary:
        raise CheckFailed(f"its summary does not name {gate.against}, which it is compared with")
    names = {gate.name, subject.entry.qualified}
    if not any(names & {*entry.record.gates} for entry in registry.entries("profile")):
        raise CheckFailed("no profile names it, so it judges nothing")


@check_where(judges)
def figure_is_measured(subject: Subject) -> None:
    """The gate's figure, and the baseline it is compared with, are ones that evaluation measures.

    What a metric's record names counts: a run with the loss or the model that logs it has it.
    """
    gate, registry = subject.record, subject.registry
    for path in dict.fromkeys((gate.metric, gate.seed_metric or gate.metric)):
        if figure_of(registry, gate, RUN, path) is not None:
            continue
        if path not in registry.names("metric") or gate.against or gate.split != "val":
            both = f" of {gate.against} too" if gate.against else ""
            close = nearest(path, figure_names(registry))
            hint = f"; did you mean {close!r}" if close not in (None, path) else ""
            raise CheckFailed(f"nothing measures {path!r}{both} on {gate.split} windows{hint}")


@check_where(judges)
def bounds_are_in_order(subject: Subject) -> None:
    """A figure at the bound passes (a difference of 0 has to be exceeded); from ``marginal`` up to
    the bound it is MARGINAL, and beyond ``marginal`` it fails."""
    gate = subject.record
    at, better = bound(gate), math.inf if gate.at_most is None else -math.inf
    least = math.nextafter(at, better) if gate.against and at == 0 else at
    if status(gate, least) != "PASS":
        raise CheckFailed(f"a figure of {least!r} gets {status(gate, least)}, the bound is {at!r}")
    if gate.marginal is None:
        return
    if meets(gate, gate.marginal):
        raise CheckFailed(f"marginal = {gate.marginal:g} lies on the passing side of {at:g}")
    beyond = math.nextafter(gate.marginal, -better)
    if (status(gate, gate.marginal), status(gate, beyond)) != ("MARGINAL", "FAIL"):
        raise CheckFailed(f"marginal = {gate.marginal!r} is not a failing value")


@check_where(judges)
def some_values_pass_and_some_fail(subject: Subject) -> None:
    """Of the values that the figure can have, some pass and some fail."""
    gate = subject.record
    ends = value_range(subject.registry, gate)
    if ends is None:
        raise Skipped(f"the range of {gate.metric} is not declared")
    best, worst = reversed(ends) if gate.at_most is None else ends
    between = f"{gate.metric} lies between {min(ends):g} and {max(ends):g}"
    if status(gate, best) != "PASS" and math.isfinite(best):
        raise CheckFailed(f"nothing can pass: {between}, the bound is {bound(gate):g}")
    if status(gate, worst) == "PASS":
        raise CheckFailed(f"nothing can fail: {between}, the bound is {bound(gate):g}")


@check_where(judges)
def chance_does_not_beat_the_target(subject: Subject) -> str:
    """A random guess does not pass where the target itself, given as the prediction, fails."""
    gate = subject.record
    figures = {
        name: figure_of(subject.registry, gate, name, gate.metric) for name in ("oracle", "random")
    }
    if figures["random"] is None:
        raise Skipped(f"a prediction alone has no {gate.metric}")
    verdicts = {name: judge(gate, f, gate.require_interval) for name, f in figures.items()}
    note = ", ".join(
        f"{name} {verdicts[name]}" + (f" {f.value:.3f}" if f else "") for name, f in figures.items()
    )
    upside_down = verdicts["random"] == "PASS" and verdicts["oracle"] in ("FAIL", "MARGINAL")
    if upside_down and chance_matters(gate.metric):
        raise CheckFailed(f"on text-like chunks a guess passes and the target does not ({note})")
    return note


CHECKS = checks_in(globals())
