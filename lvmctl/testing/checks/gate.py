"""Checks of gates: what their record says, and what they do in a training."""

from __future__ import annotations

from typing import Any

import torch

from lvmctl.plan import PlannedPart, batch_fields
from lvmctl.registry.specs import KillRule, SampleWeight
from lvmctl.registry.verdict_specs import VerdictGate
from lvmctl.testing.check import Check, CheckFailed, Subject, check, where
from lvmctl.testing.checks import verdict as verdict_checks
from lvmctl.testing.inputs.gate_inputs import ROLES, Given, plain, rows, trace
from lvmctl.testing.inputs.loss_trial import fields_of

TOLERANCE = 1e-5
"""Of weights: what rounding may change when a batch has another size."""


def trainings(subject: Subject) -> list[tuple[Any, list[Given]]]:
    """A gate for each training, and what it is called with there."""
    return [(subject.build(), given) for given in given_to(subject)]


def given_to(subject: Subject) -> list[list[Given]]:
    """What a gate is called with, in one training after another."""
    make = ROLES[subject.record.role][0]
    return make(fields_of(subject)) if weighs(subject) else make()


@check
def needs_known_fields(subject: Subject) -> None:
    """A sample weight's `needs` names batch fields that there are."""
    problems: list[str] = []
    batch_fields(subject.registry, [PlannedPart(subject.entry, subject.options)], problems)
    if problems:
        raise CheckFailed("; ".join(problems))


@check
def answers_in_its_form(subject: Subject) -> str | None:
    """Whatever training gives it, it answers in the form of its kind: a reason to stop or None; a
    finite weight >= 0 for each window; or which windows the epoch visits, at least one."""
    for gate, given in trainings(subject):
        for name, make in given:
            arguments = make()
            if wrong := ROLES[subject.record.role][1](gate(*arguments), arguments):
                raise CheckFailed(f"given {name} it returns {wrong}")
    return None


@check
def same_input_same_answer(subject: Subject) -> str | None:
    """Its answer depends on what it is given alone, not on what it was given before: a resumed
    training asks a new gate."""
    for gate, given in trainings(subject):
        for name, make in reversed(given):
            often, fresh = plain(gate(*make())), plain(subject.build()(*make()))
            if often != fresh:
                raise CheckFailed(
                    f"given {name} it answers otherwise after other calls than at first"
                )
    return None


@check
def leaves_what_it_is_given(subject: Subject) -> str | None:
    """It does not change what it is given."""
    for gate, given in trainings(subject):
        for name, make in given:
            arguments = make()
            before = [trace(argument) for argument in arguments]
            gate(*arguments)
            if before != [trace(argument) for argument in arguments]:
                raise CheckFailed(f"it changes {name}")
    return None


@check
def reads_declared_fields_only(subject: Subject) -> str | None:
    """A sample weight reads no batch field but those in ``needs``."""
    gate, record = subject.build(), subject.record
    for name, make in given_to(subject)[0]:
        (whole,) = make()
        try:
            gate(whole.only(record.needs, f"gate {record.name}"))
        except AttributeError as error:
            raise CheckFailed(f"given {name}: {error}") from error
    return None


@check
def weighs_each_window_alone(subject: Subject) -> str | None:
    """A sample weight's value for a window should not depend on the other windows of its batch;
    where it does, the note says by how much."""
    gate = subject.build()
    (whole,) = given_to(subject)[0][0].make()
    weights = gate(whole).float()
    index = list(reversed(range(len(weights) // 2)))
    apart = (gate(rows(whole, index)) - weights[index]).abs().max()
    mean = f"mean weight {weights.mean():.2f} on text-like chunks"
    if apart > TOLERANCE:
        return f"{mean}; a window's weight depends on the others of its batch, by up to {apart:.2g}"
    return mean


@check
def leaves_something_to_train(subject: Subject) -> str | None:
    """It does not rule everything out: a kill rule lets some epoch pass, a sample weight gives
    some window a weight."""
    (gate, given), *_ = trainings(subject)
    answers = {name: gate(*make()) for name, make in given}
    if isinstance(subject.record, KillRule):
        stopped = [name for name, reason in answers.items() if reason]
        if len(stopped) == len(answers):
            raise CheckFailed(
                f"it stops at every record, also at {stopped[0]}: {answers[stopped[0]]}"
            )
        first = f", first at {stopped[0]}" if stopped else ""
        return f"it stops at {len(stopped)} of {len(answers)} records{first}"
    if isinstance(subject.record, SampleWeight):
        if not any((weights > 0).any() for weights in answers.values()):
            raise CheckFailed("every weight is 0, so nothing is learned")
        return None
    shares = {name: torch.as_tensor(chosen).float().mean() for name, chosen in answers.items()}
    return ", ".join(f"{share:.0%} in {name}" for name, share in shares.items())


def called(subject: Subject) -> bool:
    """Whether training calls it."""
    return not isinstance(subject.record, VerdictGate)


def weighs(subject: Subject) -> bool:
    """Whether it gives windows weights."""
    return isinstance(subject.record, SampleWeight)


CHECKS: tuple[Check, ...] = (
    *where(weighs, needs_known_fields),
    *where(called, answers_in_its_form, same_input_same_answer, leaves_what_it_is_given),
    *where(weighs, reads_declared_fields_only, weighs_each_window_alone),
    *where(called, leaves_something_to_train),
    *verdict_checks.CHECKS,
)
