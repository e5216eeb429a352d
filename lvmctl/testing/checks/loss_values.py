"""Checks of losses: their values and gradients."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import torch
from hypothesis import strategies as st
from torch import Tensor

from lvmctl.core.batch import Batch, Prediction
from lvmctl.registry.specs import Shape
from lvmctl.sphere import unit
from lvmctl.testing.check import CheckFailed, Skipped, Subject, check, checks_in, for_all
from lvmctl.testing.contexts import MANY, accepted
from lvmctl.testing.loss_trial import (
    FIRST,
    KINDS,
    STEPS,
    Trial,
    built,
    listed,
    parts_of,
    prediction_of,
    values,
    working,
)
from lvmctl.testing.samples import constant_prediction, random_prediction

WIDE = Shape(768, 5)
"""As wide as the vectors of common encoders."""

SIZE = 6
"""Windows of which some are given the weight 0."""

CLOSENESS = (-0.6, -0.2, 0.1, 0.3, 0.6, 0.9)
"""cos(q, target) of the predictions that are tried, one batch each; hinges are open at some."""

SLACK = 1e-3
"""Of how much better the target scores in larger batches: what rounding may change."""


@check
def finite_for_every_prediction(subject: Subject) -> None:
    """Value, terms, metrics and gradient are finite whether a prediction is ordinary, the target,
    its opposite, at right angles to it, or the newest chunk, at every step, for one window and in a
    large batch."""
    trial = working(subject)

    def finite(kind: str, size: int, seed: int) -> None:
        prediction, batch = trial.example(seed, size, kind)
        for step in STEPS:
            when = "" if step == FIRST else f" in epoch {step.epoch} of {step.epochs}"
            require_finite(trial, prediction, batch, when, step=step)

    kinds = st.sampled_from(list(KINDS))
    for_all(finite, kind=kinds, size=st.integers(1, 8), seed=st.integers(0, 999))
    for_all(finite, 5, kind=kinds, size=st.just(MANY), seed=st.just(0))


@check
def finite_in_bf16(subject: Subject) -> str:
    """Under bf16 autocast, value, terms, metrics and gradient are finite for predictions of
    float32, as core's models give them, and of bf16."""
    trial, notes = working(subject), []
    for kind in KINDS:
        prediction, batch = trial.example(kind=kind)
        parts = {name: value.bfloat16() for name, value in parts_of(prediction).items()}
        for dtype, rounded in (("float32", prediction), ("bf16", prediction_of(parts))):
            where = f" for {kind} predictions of {dtype}"
            total = require_finite(trial, rounded, batch, where, bf16=True)
            notes.append(f"total {total:.4g}{where}")
    return "; ".join(notes[:2])


@check
def fits_every_shape(subject: Subject) -> str:
    """Value and gradient are finite for every width, 768 too, context and horizon that it does not
    refuse; their size at the greatest width is reported."""
    needs = working(subject).record.needs
    try:
        shapes, _ = accepted(lambda shape: built(subject, shape))
    except Exception as error:
        raise Skipped("there are shapes for which it cannot be built") from error
    if "second_last" in needs:  # a plan with this loss has a context of 2 or more
        shapes = [shape for shape in shapes if shape.context_length > 1]

    def finite(shape: Shape, size: int, seed: int) -> None:
        trial = Trial(subject, shape)
        require_finite(trial, *trial.example(seed, size))

    for_all(finite, shape=st.sampled_from(shapes), size=st.integers(2, 6), seed=st.integers(0, 999))
    try:
        trial = Trial(subject, WIDE)
    except Skipped:
        trial = Trial(subject)
    example, where = trial.example(), f" at D = {trial.shape.dim}"
    total = require_finite(trial, *example, where)
    gradients = trial.gradients(*example)[1]
    windows = [gradients[name].flatten(1) for name in trial.read if gradients[name].dim()]
    norm = len(windows[0]) * torch.cat(windows, dim=1).norm(dim=1).mean()
    return f"total {total:.3g}, gradient per window {norm:.3g}{where}"


def require_finite(
    trial: Trial, prediction: Prediction, batch: Batch, where: str = "", **details: Any
) -> Tensor:
    """The total, where it, all that is logged and every gradient are finite.

    Raises:
        CheckFailed: they are not, or the loss raised; the message ends with ``where``.
    """
    try:
        output, gradients = trial.gradients(prediction, batch, **details)
    except Exception as error:
        raise CheckFailed(f"it raised {error!r}{where}") from error
    numbers = values(output) | {f"gradient of {name}": g for name, g in gradients.items()}
    if bad := [name for name, value in numbers.items() if not torch.isfinite(value).all()]:
        raise CheckFailed(f"NaN or infinite{where}: {listed(bad)}")
    return output.total.detach()


@check
def gradient_reaches_the_prediction(subject: Subject) -> str | None:
    """The gradient of the total reaches the prediction, or parameters of the loss's own where the
    total does not depend on the prediction."""
    trial = working(subject)
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
    other = prediction_of(parts | {name: noise})
    return trial.total(other, batch) != trial.total(prediction, batch)


@check
def weight_zero_silences_a_window(subject: Subject) -> str | None:
    """A window to which sample gates give the weight 0 has no part in the gradient, also where they
    give it to all: its values are its own, and a scalar term has no windows."""
    trial = working(subject)
    weightless, others = (weighted(trial, seed, range(SIZE)) for seed in (0, 1))
    for name, gradient in weightless.items():
        # What a loss asks of its own parameters alone is no window's.
        rest = gradient if name in trial.read else gradient - others[name]
        if rest.any():  # NaN counts
            raise CheckFailed(
                f"with all weights 0 the windows have a part in the gradient of {name}: a scalar "
                "term is for what has no windows, return (B,) values"
            )
    for row in range(SIZE):
        for name, gradient in weighted(trial, 0, [row]).items():
            if name not in trial.read or not gradient.dim() or not gradient[row].any():
                continue
            if coupled(trial, row, name):
                return "a window's gradient depends on others' predictions; all weights 0 was tried"
            raise CheckFailed(f"a window of weight 0 has a gradient of {name}")
    return None


def weighted(trial: Trial, seed: int, weightless: Iterable[int]) -> dict[str, Tensor]:
    """Gradients where the windows ``weightless`` have weight 0 and all others 1."""
    prediction, batch = trial.example(seed, SIZE)
    weight = torch.ones(SIZE)
    weight[list(weightless)] = 0
    return trial.gradients(prediction, batch, weight=weight)[1]


def coupled(trial: Trial, row: int, name: str) -> bool:
    """Whether the gradient of a window depends on what is predicted for the others."""
    prediction, batch = trial.example(0, SIZE)
    other, parts = random_prediction(batch, seed=1), parts_of(prediction)
    for field, value in parts_of(other).items():
        value[row] = parts[field][row]
    gradients = [trial.gradients(each, batch)[1][name][row] for each in (prediction, other)]
    return not torch.allclose(*gradients, rtol=1e-4, atol=1e-8)


@check
def target_scores_best(subject: Subject) -> str:
    """The target scores better than a prediction at right angles to it and than one that is the
    same for every window, and in batches of one window no worse, or the record says that the loss
    is a regulariser."""
    trial = working(subject)
    if trial.record.regulariser:
        raise Skipped("the record says that it is a regulariser")
    target, aside, same = scores(trial, size=8, batches=4)
    if target == aside == same:
        raise Skipped("its total does not depend on the prediction")
    note = f"the target scores {target:.4g}, right angles {aside:.4g}, a constant {same:.4g}"
    if not target < min(aside, same):
        raise CheckFailed(f"{note}; if it is not an objective by itself, set regulariser=True")
    # A loss that compares the windows of a batch may have nothing to say of one.
    alone, *others = scores(trial, size=1, batches=16)
    if alone > min(others) + SLACK * (min(aside, same) - target):
        raise CheckFailed(
            f"in batches of one window the target scores {alone:.4g}, others {min(others):.4g}"
        )
    return note


def scores(trial: Trial, size: int, batches: int) -> list[float]:
    """Mean totals of the target, of a prediction at right angles to it, and of a constant."""
    sums = torch.zeros(3)
    constant = unit(trial.batch(seed=batches).target.mean(dim=0))
    for seed in range(batches):
        batch = trial.batch(seed, size)
        predictions = (
            random_prediction(batch, 1.0, seed),
            random_prediction(batch, 0.0, seed),
            constant_prediction(constant.expand_as(batch.target), batch),
        )
        sums += torch.tensor([trial.total(each, batch) for each in predictions])
    return (sums / batches).tolist()


VALUE_CHECKS = checks_in(globals())
