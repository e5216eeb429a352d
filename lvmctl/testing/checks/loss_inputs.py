"""Checks of losses: what they read, what they leave alone, and what they remember."""

from __future__ import annotations

import copy
from dataclasses import replace

import torch

from lvmctl.core.batch import Batch, Prediction
from lvmctl.testing.check import CheckFailed, Skipped, Subject, check
from lvmctl.testing.inputs.batches import constant_prediction
from lvmctl.testing.inputs.loss_trial import (
    FIRST,
    OPTIONAL,
    STEPS,
    Trial,
    built,
    copied,
    difference,
    listed,
    parts_of,
    repeatable,
    sound,
)

SHARES = {
    "negatives": ("negatives", "negative_mask"),
    "rollout": ("future", "future_mask"),
}
"""Core's batch fields that come in a number, by the attribute that asks for it."""


@check
def reads_only_what_it_declares(subject: Subject) -> str | None:
    """It reads no field of the batch or of the prediction that its record does not declare."""
    trial = repeatable(subject)
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
    unread = [name for name in trial.record.needs if not reads(trial, name, prediction, batch)]
    return f"with these options it does not read {listed(unread)}" if unread else None


def shown(trial: Trial, batch: Batch, without: str = "") -> Batch:
    """What training shows of a batch, less one field."""
    names = [name for name in trial.record.needs if name != without]
    if any(name not in batch for name in names):
        raise Skipped("its record declares batch fields that do not exist")
    return batch.only(names, f"loss {trial.record.name}")


def reads(trial: Trial, name: str, prediction: Prediction, batch: Batch) -> bool:
    """Whether the loss cannot do without a batch field."""
    try:
        trial(prediction, shown(trial, batch, without=name))
    except AttributeError:
        return True
    return False


@check
def reads_its_share(subject: Subject) -> None:
    """More negatives, rollout steps, or more of a plugin's field than it asks for change
    nothing."""
    trial = repeatable(subject)
    batch = trial.batch(more=2)
    prediction = constant_prediction(batch.last, batch)
    own_fields = {name: (name,) for name in trial.fields if trial.counts[name]}
    for count, names in (SHARES | own_fields).items():
        own = slice(trial.counts[count])
        narrow = batch.having(**{name: getattr(batch, name)[:, own] for name in names})
        alone = prediction
        if count == "rollout":
            alone = replace(prediction, rollout=prediction.rollout[:, own])
        elif count == "negatives":  # the first score is the target's
            alone = replace(prediction, scores=prediction.scores[:, : 1 + trial.counts[count]])
        # Where a tensor lies in memory may change the last digits of a product.
        if said := difference(trial(alone, narrow), trial(prediction, batch), tolerance=1e-5):
            hint = "prediction.rollout" if count == "rollout" else f"batch.{names[0]}"
            raise CheckFailed(
                f"{said} when another loss asks for more {count}; read {hint}[:, : self.{count}]"
            )


@check
def changes_nothing_it_is_given(subject: Subject) -> None:
    """The batch and the prediction are as they were after the loss has read them."""
    trial = sound(subject)
    prediction, batch = trial.example()
    batch_before, prediction_before = copied(batch), copy.deepcopy(parts_of(prediction))
    with torch.no_grad():
        trial.loss(prediction, batch, FIRST)
    after = parts_of(prediction)
    changed = [
        *(
            f"batch.{name}"
            for name in batch
            if not torch.equal(getattr(batch_before, name), getattr(batch, name))
        ),
        *(
            f"prediction.{name}"
            for name, value in prediction_before.items()
            if not torch.equal(value, after[name])
        ),
    ]
    if changed:
        raise CheckFailed(f"it changes {listed(changed)} in place, which the other losses read too")


@check
def same_input_same_output(subject: Subject) -> str | None:
    """The same input, state and state of torch's generator give the same output, from a copy of
    the loss too."""
    trial = sound(subject)
    prediction, batch = trial.example()
    first = trial(prediction, batch)
    if said := difference(first, trial(prediction, batch)):
        raise CheckFailed(f"{said} when it was called again; keep what it remembers in buffers")
    trial.loss = copy.deepcopy(trial.loss)
    if said := difference(first, trial(prediction, batch)):
        raise CheckFailed(f"{said} in a copy of the loss")
    before = torch.get_rng_state()
    with torch.random.fork_rng(devices=[]), torch.no_grad():
        trial.loss(prediction, copied(batch), FIRST)
        drew = not torch.equal(before, torch.get_rng_state())
    return "it draws from torch's generator" if drew else None


@check
def state_dict_has_it_all(subject: Subject) -> None:
    """What it learned, drew or remembers is in its state_dict, so that a run can be resumed."""
    trial = sound(subject)
    other = Trial(subject)
    for seed in (1, 2):
        with torch.no_grad():
            trial.loss(*trial.example(seed), FIRST)
    other.loss = built(subject, seed=1)
    trial.state = other.state = copy.deepcopy(trial.loss.state_dict())
    prediction, batch = trial.example()
    if said := difference(trial(prediction, batch), other(prediction, batch)):
        raise CheckFailed(
            f"{said} in a loss that loaded its state_dict; keep what it needs in buffers"
        )
