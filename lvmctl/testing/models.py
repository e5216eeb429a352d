"""Models to check: small, seeded, as built or with other weights, at a step of a training."""

from __future__ import annotations

import dataclasses

import torch
from torch import Tensor, nn

from lvmctl.core.batch import Prediction, Step
from lvmctl.nn.objective import set_step
from lvmctl.registry.specs import Shape
from lvmctl.testing.check import CheckFailed, Subject, form
from lvmctl.testing.contexts import SHAPE, seeded
from lvmctl.testing.pools import window_of
from lvmctl.testing.predictors import Answers, Kind

SMALL = {"width": 16, "layers": 2, "heads": 2, "feedforward": 32}
"""What is made small of options that have all of :mod:`lvmctl.nn.sequence.options`."""

STEPS = {"as built": Step(1, 0, 20, 10), "moved": Step(20, 9, 20, 10)}
"""States of a model that its promises are tried in, and the step of a training that it is given."""


def built(subject: Subject, shape: Shape = SHAPE, weights: str = "as built", seed: int = 0):
    """The subject's model, small, in evaluation mode and not fitted.

    Args:
        weights: one of :data:`STEPS`. What is "moved" is every trainable number, by a normal one of
            deviation one half: a geometry is a promise for any weights.
        seed: of the initial weights and of how they are moved.
    """
    subject = dataclasses.replace(subject, options=small(subject.options))
    with seeded(seed):
        model = subject.build(shape=shape)
        if not isinstance(model, nn.Module):
            raise CheckFailed(f"the target makes a {type(model).__name__}, not a torch.nn.Module")
        if subject.record.q_reads:
            forward = model.forward
            model.forward = lambda context: forward(context, window_of(subject, context))
        if weights == "moved":
            with torch.no_grad():
                for parameter in trainable(model).values():
                    parameter += torch.randn_like(parameter) / 2
        set_step(model, STEPS[weights])
    return model.eval()


def small(options: object) -> object:
    """``options`` with the common encoder's sizes made small, where they are its options."""
    if not {field.name for field in dataclasses.fields(options)} >= set(SMALL):
        return options
    try:
        return dataclasses.replace(options, **SMALL)
    except ValueError:  # other options want another size
        return options


def trainable(model: nn.Module) -> dict[str, nn.Parameter]:
    """The parameters that training may change, by name."""
    return {name: p for name, p in model.named_parameters() if p.requires_grad}


def predict(model: nn.Module, context: Tensor) -> Prediction:
    """What ``model`` makes of contexts (B, K, D); CheckFailed unless it is a prediction whose q is
    (B, D) real numbers."""
    prediction = model(context)
    if not isinstance(prediction, Prediction):
        raise CheckFailed(f"it returned a {type(prediction).__name__}, not a Prediction")
    shape, q = tuple(context[:, 0].shape), prediction.q
    if not isinstance(q, Tensor) or tuple(q.shape) != shape or not q.is_floating_point():
        dtype = f"{q.dtype} " if isinstance(q, Tensor) else ""
        raise CheckFailed(f"q is {dtype}{form(q)}, not a float tensor {shape}")
    return prediction


def filled(prediction: Prediction) -> Answers:
    """q, the fields that the model filled and its extras, by name."""
    values = {"q": prediction.q, "raw": prediction.raw, "weights": prediction.weights}
    return {name: v for name, v in values.items() if v is not None} | prediction.extras


def answer(subject: Subject, model: nn.Module, context: Tensor, seed: int = 0) -> Answers:
    """What a model predicts for contexts, by field."""
    return filled(predict(model, context))


MODELS = Kind(built, answer, tuple(STEPS), (False, True))
