"""Checks of losses: their record, what they read, and what they remember. Those of their values and
gradients are in :mod:`lvmctl.testing.checks.loss_values`."""

from __future__ import annotations

import copy
from dataclasses import replace

import torch

from lvmctl.core.batch import Batch
from lvmctl.testing.check import Check, CheckFailed, Skipped, Subject, check
from lvmctl.testing.checks.loss_values import VALUE_CHECKS
from lvmctl.testing.contexts import accepted
from lvmctl.testing.loss_trial import (
    FIRST,
    OPTIONAL,
    STEPS,
    Trial,
    built,
    copied,
    deterministic,
    difference,
    listed,
    misbuilt,
    parts_of,
    require_fields,
    values,
    working,
)
from lvmctl.testing.samples import constant_prediction

SHARES = {
    "negatives": ("negatives", "negative_mask"),
    "rollout": ("future", "future_mask"),
}
"""Core's batch fields that come in a number, by the attribute that asks for it."""


@check
def declares_fields_that_exist(subject: Subject) -> None:
    """The batch and prediction fields that the record declares exist; what is no field of a
    prediction is an extra that some model gives."""
    record, models = subject.record, subject.registry.entries("model")
    for attribute in ("needs", "needs_prediction"):
        if isinstance(names := getattr(record, attribute), str):
            raise CheckFailed(f'{attribute} is the text {names!r}, not a tuple; write ("{names}",)')
    require_fields(subject)
    known = dict.fromkeys([*OPTIONAL, *(name for model in models for name in model.record.gives)])
    if unknown := [name for name in record.needs_prediction if name not in known]:
        raise CheckFailed(f"needs_prediction names {listed(unknown)}; there are {', '.join(known)}")


@check
def is_built(subject: Subject) -> str | None:
    """It is a torch module, and refuses a shape that it cannot take with a UsageError when it is
    built."""
    _, note = accepted(lambda shape: built(subject, shape))
    if fault := misbuilt(built(subject)):
        raise CheckFailed(fault)
    return note


@check
def returns_values_per_window(subject: Subject) -> str:
    """It returns a tensor (B,), one value per window; or a LossOutput whose terms and metrics are
    such tensors or scalars, under the same names at every step."""
    trial, first = Trial(subject), None
    for step in STEPS:
        for size in (8, 1):
            for training in (True, False):
                trial.loss.train(training)
                try:
                    output = trial(*trial.example(size=size), step)
                except TypeError as error:
                    raise CheckFailed(str(error)) from error
                names = list(values(output))
                first = first or names
                if names != first:
                    when = f"of {size} windows in epoch {step.epoch}"
                    raise CheckFailed(
                        f"it gives {listed(names)} {when}, and {listed(first)} before"
                    )
    reserved = {"loss", *(f"loss_{name}" for name in output.terms)}
    if both := [name for name in output.metrics if name in reserved]:
        raise CheckFailed(f"the metrics {listed(both)} have names under which losses are logged")
    logged = {"terms": output.terms, "metrics": output.metrics}
    return "; ".join(f"{kind} {', '.join(names)}" for kind, names in logged.items() if names)


@check
def reads_only_what_it_declares(subject: Subject) -> str | None:
    """It reads no field of the batch or of the prediction that its record does not declare."""
    trial = deterministic(subject)
    prediction, batch = trial.example()
    for step in STEPS:
        full = trial(prediction, shown(trial, batch), step)
        for name in [name for name in OPTIONAL if name not in trial.read]:
            fault = f"it reads prediction.{name} without declaring it; add it to `needs_prediction`"
            try:
                without = trial(replace(prediction, **{name: None}), batch, step)
            except Exception as error:
                raise CheckFailed(fault) from error
            if difference(full, without):
                raise CheckFailed(fault)
    unread = []
    for name in trial.record.needs:
        try:
            trial(prediction, shown(trial, batch, without=name))
        except AttributeError:
            continue
        unread.append(name)
    return f"with these options it does not read {listed(unread)}" if unread else None


def shown(trial: Trial, batch: Batch, without: str = "") -> Batch:
    """What training shows of a batch, less one field."""
    names = [name for name in trial.record.needs if name != without]
    if any(name not in batch for name in names):
        raise Skipped("its record declares batch fields that do not exist")
    return batch.only(names, f"loss {trial.record.name}")


@check
def reads_its_share(subject: Subject) -> None:
    """More negatives, rollout steps, or more of a plugin's field than it asks for change
    nothing."""
    trial = deterministic(subject)
    batch = trial.batch(more=2)
    prediction = constant_prediction(batch.last, batch)
    for count, names in (SHARES | {name: (name,) for name in trial.fields}).items():
        if count in trial.fields and not trial.counts[count]:
            continue
        share = slice(trial.counts[count])
        narrow = batch.having(**{name: getattr(batch, name)[:, share] for name in names})
        alone = prediction
        if count == "rollout":
            alone = replace(prediction, rollout=prediction.rollout[:, share])
        elif count == "negatives":  # the first score is the target's
            alone = replace(prediction, scores=prediction.scores[:, : 1 + trial.counts[count]])
        # Where a tensor lies in memory may change the last digits of a product.
        if change := difference(trial(alone, narrow), trial(prediction, batch), tolerance=1e-5):
            field = "prediction.rollout" if count == "rollout" else f"batch.{names[0]}"
            raise CheckFailed(
                f"{change} when another loss asks for more {count}; read {field}[:, : self.{count}]"
            )


@check
def changes_nothing_it_is_given(subject: Subject) -> None:
    """The batch and the prediction are as they were after the loss has read them."""
    trial = working(subject)
    prediction, batch = trial.example()
    tensors = {f"batch.{name}": getattr(batch, name) for name in batch}
    tensors |= {f"prediction.{name}": value for name, value in parts_of(prediction).items()}
    before = {name: value.clone() for name, value in tensors.items()}
    with torch.no_grad():
        trial.loss(prediction, batch, FIRST)
    if changed := [name for name in tensors if not torch.equal(before[name], tensors[name])]:
        raise CheckFailed(f"it changes {listed(changed)} in place, which the other losses read too")


@check
def same_input_same_output(subject: Subject) -> str | None:
    """The same input, state and state of torch's generator give the same output, from a copy of
    the loss too."""
    trial = working(subject)
    prediction, batch = trial.example()
    first = trial(prediction, batch)
    if change := difference(first, trial(prediction, batch)):
        raise CheckFailed(f"{change} when it was called again; keep what it remembers in buffers")
    trial.loss = copy.deepcopy(trial.loss)
    if change := difference(first, trial(prediction, batch)):
        raise CheckFailed(f"{change} in a copy of the loss")
    before = torch.get_rng_state()
    with torch.random.fork_rng(devices=[]), torch.no_grad():
        trial.loss(prediction, copied(batch), FIRST)
        drew = not torch.equal(before, torch.get_rng_state())
    return "it draws from torch's generator" if drew else None


@check
def state_dict_has_it_all(subject: Subject) -> None:
    """What it learned, drew or remembers is in its state_dict, so that a run can be resumed."""
    trial, other = working(subject), Trial(subject)
    for seed in (1, 2):
        with torch.no_grad():
            trial.loss(*trial.example(seed), FIRST)
    other.loss = built(subject, seed=1)
    trial.state = other.state = copy.deepcopy(trial.loss.state_dict())
    prediction, batch = trial.example()
    if change := difference(trial(prediction, batch), other(prediction, batch)):
        raise CheckFailed(
            f"{change} in a loss that loaded its state_dict; keep what it needs in buffers"
        )


CHECKS: tuple[Check, ...] = (
    declares_fields_that_exist,
    is_built,
    returns_values_per_window,
    reads_only_what_it_declares,
    reads_its_share,
    changes_nothing_it_is_given,
    *VALUE_CHECKS,
    same_input_same_output,
    state_dict_has_it_all,
)
