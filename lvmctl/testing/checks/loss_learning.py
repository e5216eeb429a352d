"""Checks of losses: what training with one does to a prediction."""

from __future__ import annotations

import torch

from lvmctl.core.batch import Batch, Prediction
from lvmctl.sphere import unit
from lvmctl.testing.check import CheckFailed, Skipped, Subject, check
from lvmctl.testing.inputs.batches import constant_prediction, random_prediction
from lvmctl.testing.inputs.loss_trial import Trial, listed, made_of, sound

CLOSENESS = (-0.6, -0.2, 0.1, 0.3, 0.6, 0.9)
"""cos(q, target) of the predictions that are tried, one batch each; hinges are open at some."""

BATCHES = 4
"""Over which a score is a mean."""

ALONE = 16
"""Batches of one window, over which a score is a mean too."""

SLACK = 1e-3
"""Of how much better the target scores in larger batches: what rounding may change."""


@check
def gradient_reaches_the_prediction(subject: Subject) -> str | None:
    """The gradient of the total reaches the prediction, or parameters of the loss's own where the
    total does not depend on the prediction."""
    trial = sound(subject)
    moving: set[str] = set()
    reached: set[str] = set()
    for seed, closeness in enumerate(CLOSENESS):
        batch = trial.batch(seed)
        prediction = random_prediction(batch, closeness, seed)
        moving |= {name for name in trial.read if moves(trial, prediction, batch, name)}
        _, gradients = trial.gradients(prediction, batch)
        reached |= {name for name, gradient in gradients.items() if gradient.any()}
    if moving and not reached & set(trial.read):
        names = listed([f"prediction.{name}" for name in trial.read if name in moving])
        raise CheckFailed(
            f"the total changes with {names}, and no gradient gets there; is it detached?"
        )
    if not moving | reached:
        raise CheckFailed("the total depends on nothing that can be trained")
    return None if moving else "it trains parameters of its own, and no prediction"


def moves(trial: Trial, prediction: Prediction, batch: Batch, name: str) -> bool:
    """Whether another value of a prediction's field gives another total."""
    parts = trial.parts(prediction)
    if name not in parts:
        return False
    noise = torch.randn(parts[name].shape, generator=torch.Generator().manual_seed(0))
    other = made_of(parts | {name: noise})
    return trial.total(other, batch) != trial.total(prediction, batch)


@check
def target_scores_best(subject: Subject) -> str:
    """The target scores better than a prediction at right angles to it and than one that is the
    same for every window, and in batches of one window no worse, or the record says that the loss
    is a regulariser."""
    trial = sound(subject)
    if trial.record.regulariser:
        raise Skipped("the record says that it is a regulariser")
    target, aside, same = scores(trial, 8, BATCHES)
    if target == aside == same:
        raise Skipped("its total does not depend on the prediction")
    said = told(target, aside, same)
    if not target < min(aside, same):
        raise CheckFailed(f"{said}; if it is no objective of its own, say regulariser=True")
    alone, *others = scores(trial, 1, ALONE)
    # A loss that compares the windows of a batch may have nothing to say of one.
    if alone > min(others) + SLACK * (min(aside, same) - target):
        raise CheckFailed(f"in batches of one window {told(alone, *others)}")
    return said


def told(target: float, aside: float, same: float) -> str:
    """Scores for a reader."""
    return f"the target scores {target:.4g}, right angles {aside:.4g}, a constant {same:.4g}"


def scores(trial: Trial, size: int, batches: int) -> list[float]:
    """Mean totals of the target, of a prediction at right angles to it, and of a constant."""
    found = torch.zeros(3)
    constant = unit(trial.batch(seed=batches).target.mean(dim=0))
    for seed in range(batches):
        batch = trial.batch(seed, size)
        tried = (
            random_prediction(batch, 1.0, seed),
            random_prediction(batch, 0.0, seed),
            constant_prediction(constant.expand_as(batch.target), batch),
        )
        found += torch.tensor([trial.total(each, batch) for each in tried]) / batches
    return found.tolist()
