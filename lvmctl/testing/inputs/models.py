"""Models to check: small, seeded, as built or with other weights, told where training stands."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn

from lvmctl.core.batch import Prediction, Step
from lvmctl.nn.objective import set_step
from lvmctl.registry.specs import Shape
from lvmctl.testing.check import CheckFailed, Subject
from lvmctl.testing.inputs.contexts import SHAPE
from lvmctl.testing.inputs.worlds import windows

SMALL = {"width": 16, "layers": 2, "heads": 2, "feedforward": 32}
"""What is made small of options that have all of :mod:`lvmctl.nn.sequence.options`."""

FIRST = Step(epoch=1, index=0, epochs=20, steps_per_epoch=10)
LAST = Step(epoch=20, index=9, epochs=20, steps_per_epoch=10)
"""The ends of a training."""

FIELDS = ("raw", "weights")
"""What a model may fill of a :class:`~lvmctl.core.batch.Prediction`, beside q and extras."""

WEIGHTS = ("as built", "moved")
"""States of a model that its promises are tried in."""


def small(options: Any) -> Any:
    """``options`` with the common encoder's sizes made small, where they are its options."""
    names = {field.name for field in dataclasses.fields(options)}
    if not names >= set(SMALL):
        return options
    try:
        return dataclasses.replace(options, **SMALL)
    except ValueError:  # other options want another size
        return options


@contextmanager
def seeded(seed: int) -> Iterator[None]:
    """The CPU's random numbers from ``seed``; afterwards they go on as if nothing had happened."""
    before = torch.get_rng_state()
    torch.default_generator.manual_seed(seed)  # torch.manual_seed also tells every other device
    try:
        yield
    finally:
        torch.set_rng_state(before)


def built(
    subject: Subject,
    shape: Shape = SHAPE,
    weights: str = "as built",
    seed: int = 0,
    fit: bool = True,
) -> Any:
    """The subject's model in evaluation mode.

    Args:
        weights: one of :data:`WEIGHTS`. What is "moved" is every trainable number, by a normal
            one of deviation one half: a geometry is a promise for any weights. A model that is as
            built is told the first step of a training, one that is moved the last.
        seed: of the initial weights and of how they are moved.
        fit: whether one that is fitted learns from six small articles, where it can.

    Raises:
        CheckFailed: the target does not make a module.
    """
    subject = dataclasses.replace(subject, options=small(subject.options))
    with seeded(seed):
        model = subject.build(shape=shape)
        if not isinstance(model, nn.Module):
            raise CheckFailed(f"the target makes a {type(model).__name__}, not a torch.nn.Module")
        if fit and subject.record.fitted and hasattr(model, "fit"):
            model.fit(windows(shape))
        if weights == "moved":
            with torch.no_grad():
                for parameter in trainable(model).values():
                    parameter += torch.randn_like(parameter) / 2
        set_step(model, LAST if weights == "moved" else FIRST)
    return model.eval()


class Models:
    """A subject's models, each built once: a large one takes longer to build than to ask."""

    def __init__(self, subject: Subject) -> None:
        self.build = functools.cache(functools.partial(built, subject))

    def __call__(
        self, shape: Shape = SHAPE, weights: str = "as built", training: bool = False
    ) -> nn.Module:
        """The model of :func:`built`, without gradients and in the mode that is asked for."""
        model = self.build(shape, weights)
        model.zero_grad()
        return model.train(training)


def trainable(model: nn.Module) -> dict[str, nn.Parameter]:
    """The parameters that training may change, by name."""
    return {name: p for name, p in model.named_parameters() if p.requires_grad}


def predict(model: nn.Module, context: Tensor) -> Prediction:
    """What ``model`` makes of contexts (B, K, D).

    Raises:
        CheckFailed: no prediction, or one whose q is not (B, D) real numbers.
    """
    prediction = model(context)
    if not isinstance(prediction, Prediction):
        raise CheckFailed(f"it returned a {type(prediction).__name__}, not a Prediction")
    wanted, q = tuple(context[:, 0].shape), prediction.q
    if not isinstance(q, Tensor) or tuple(q.shape) != wanted or not q.is_floating_point():
        what = f"{q.dtype} {tuple(q.shape)}" if isinstance(q, Tensor) else type(q).__name__
        raise CheckFailed(f"q is {what}, not a float tensor {wanted}")
    return prediction


def given(prediction: Prediction) -> dict[str, Tensor]:
    """q, the fields that the model filled and its extras, by name."""
    values = {name: getattr(prediction, name) for name in ("q", *FIELDS)}
    return {name: v for name, v in values.items() if v is not None} | prediction.extras


def objective(prediction: Prediction, seed: int = 0) -> Tensor:
    """A scalar that depends on every number of the prediction, at random."""
    total = prediction.q.new_zeros(())
    generator = torch.Generator().manual_seed(seed)
    for value in given(prediction).values():
        factor = torch.randn(value.shape, generator=generator)
        total = total + (value * factor.to(value)).sum()
    return total


def off(first: Tensor, second: Tensor | float) -> float:
    """The largest difference of two tensors; NaN where a number is missing."""
    return (first - second).abs().max().item()
