"""Baselines and oracles to check, fitted where they learn, called as lvmctl calls them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from lvmctl.registry.specs import Shape
from lvmctl.sphere import unit
from lvmctl.testing.check import CheckFailed, Skipped, Subject
from lvmctl.testing.inputs.contexts import SHAPE, Contexts, normal
from lvmctl.testing.inputs.worlds import windows


def fitted(subject: Subject, shape: Shape = SHAPE, data: Any = None) -> Any:
    """The subject's baseline, fitted on ``data`` (six small articles by default) if it learns.

    Raises:
        Skipped: it cannot be fitted, which a check of its own says.
    """
    made = subject.build(shape=shape)
    if subject.record.fitted:
        if not hasattr(made, "fit"):
            raise Skipped("it has no `fit`")
        made.fit(windows(shape) if data is None else data)
    return made


def asked(subject: Subject, made: Any, contexts: Contexts, seed: int = 0) -> Tensor:
    """What a baseline predicts for contexts; an oracle is given random targets of a seed too.

    Raises:
        CheckFailed: it is not (B, D) real numbers.
    """
    context = contexts.tensor()
    return called(made, context, *shown(subject, context, seed))


def shown(subject: Subject, context: Tensor, seed: int = 0) -> tuple[Tensor, ...]:
    """What is given beside the context: unit targets (B, D) for an oracle, else nothing."""
    return (unit(normal(seed + 1000, *context[:, 0].shape)),) if subject.record.oracle else ()


def called(call: Callable[..., Tensor], context: Tensor, *target: Tensor) -> Tensor:
    """What ``call`` gives for copies of contexts; CheckFailed unless it is (B, D) floats."""
    with torch.inference_mode():
        found = call(context.clone(), *(t.clone() for t in target))
    wanted = tuple(context[:, 0].shape)
    if not isinstance(found, Tensor) or tuple(found.shape) != wanted:
        what = tuple(found.shape) if isinstance(found, Tensor) else type(found).__name__
        raise CheckFailed(f"it returned {what}, not {wanted}")
    if not found.is_floating_point():
        raise CheckFailed(f"it returned {found.dtype}, not floats")
    return found.float()
