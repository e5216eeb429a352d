"""Checks of losses: inputs for which they must stay finite."""

from __future__ import annotations

import torch
from hypothesis import strategies as st
from torch import Tensor

from lvmctl.core.batch import Batch, Prediction, Step
from lvmctl.core.errors import UsageError
from lvmctl.registry.specs import Shape
from lvmctl.testing.check import CheckFailed, Skipped, Subject, check
from lvmctl.testing.examples import for_all
from lvmctl.testing.inputs.contexts import MANY, accepted
from lvmctl.testing.inputs.loss_trial import (
    FIRST,
    KINDS,
    STEPS,
    Trial,
    built,
    listed,
    made_of,
    parts_of,
    sound,
    values,
)

WIDE = Shape(768, 5)
"""As wide as the vectors of common encoders."""


@check
def finite_for_every_prediction(subject: Subject) -> None:
    """Value, terms, metrics and gradient are finite whether a prediction is ordinary, the target,
    its opposite, at right angles to it, or the newest chunk, at every step and in a large batch."""
    trial = sound(subject)

    def finite(kind: str, size: int, seed: int) -> None:
        prediction, batch = trial.example(seed, size, kind)
        for step in STEPS:
            when = "" if step == FIRST else f" in epoch {step.epoch} of {step.epochs}"
            require_finite(trial, prediction, batch, step=step, where=when)

    kinds = st.sampled_from(list(KINDS))
    for_all(finite, kind=kinds, size=st.integers(3, 8), seed=st.integers(0, 999))
    for_all(finite, kind=kinds, size=st.just(MANY), seed=st.just(0))


@check
def finite_for_tiny_batches(subject: Subject) -> None:
    """Value, terms, metrics and gradient are finite for one window and for two."""
    trial = sound(subject)
    for size in (1, 2):
        for seed in range(3):
            require_finite(trial, *trial.example(seed, size), where=f" for a batch of {size}")


@check
def finite_in_bf16(subject: Subject) -> str:
    """Under bf16 autocast, value, terms, metrics and gradient are finite for predictions of
    float32, as core's models give them, and of bf16."""
    trial = sound(subject)

    def totals(kind: str) -> list[float]:
        prediction, batch = trial.example(kind=kind)
        found = [trial.total(prediction, batch)]
        for dtype, given in (("float32", prediction), ("bf16", rounded(prediction))):
            where = f" for {kind} predictions of {dtype}"
            found.append(float(require_finite(trial, given, batch, bf16=True, where=where)))
        return found

    ordinary, *_ = [totals(kind) for kind in KINDS]
    return "total {:.4g}, under autocast {:.4g}, of bf16 predictions {:.4g}".format(*ordinary)


def rounded(prediction: Prediction) -> Prediction:
    """The same prediction in bf16."""
    return made_of({name: value.bfloat16() for name, value in parts_of(prediction).items()})


@check
def fits_every_shape(subject: Subject) -> None:
    """Value and gradient are finite for every width, context and horizon that it does not
    refuse."""
    needs = sound(subject).record.needs
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


@check
def scale_is_known(subject: Subject) -> str:
    """Value and gradient are finite at the width of real data; their sizes are reported."""
    sound(subject)
    try:
        trial = Trial(subject, WIDE)
    except UsageError:
        trial = Trial(subject)
    sizes = [f"{size(trial, kind)} for {kind} predictions" for kind in ("ordinary", "orthogonal")]
    return f"{'; '.join(sizes)}; D = {trial.shape.dim}"


def size(trial: Trial, kind: str) -> str:
    """The total and, per window, the norm of its gradient (of 1 - cos, that is 1)."""
    prediction, batch = trial.example(kind=kind)
    where = f" for {kind} predictions at D = {trial.shape.dim}"
    total = require_finite(trial, prediction, batch, where=where)
    _, gradients = trial.gradients(prediction, batch)
    windows = [
        gradients[name].reshape(len(batch), -1) for name in trial.read if gradients[name].dim()
    ]
    each = len(batch) * torch.cat(windows, dim=1).norm(dim=1).mean()
    own = [gradient.flatten() for name, gradient in gradients.items() if name not in trial.read]
    found = f"total {total:.3g}, gradient {each:.3g}"
    return f"{found}, its own parameters' {torch.cat(own).norm():.3g}" if own else found


def require_finite(
    trial: Trial,
    prediction: Prediction,
    batch: Batch,
    step: Step = FIRST,
    bf16: bool = False,
    where: str = "",
) -> Tensor:
    """The total, where it, all that is logged and every gradient are finite.

    Raises:
        CheckFailed: they are not, or the loss raised; the message ends with ``where``.
    """
    try:
        output, gradients = trial.gradients(prediction, batch, step, bf16)
    except Exception as error:
        raise CheckFailed(f"it raised {error!r}{where}") from error
    found = values(output) | {f"gradient of {name}": g for name, g in gradients.items()}
    if bad := [name for name, value in found.items() if not torch.isfinite(value).all()]:
        raise CheckFailed(f"NaN or infinite{where}: {listed(bad)}")
    return output.total.detach()
