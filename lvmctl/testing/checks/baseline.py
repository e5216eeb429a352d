"""Checks of baselines and oracles, beside those that they share with models."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from lvmctl.evaluation.predictors import Centred
from lvmctl.registry.specs import Shape
from lvmctl.sphere import unit
from lvmctl.testing.check import Check, CheckFailed, Skipped, Subject, check, form
from lvmctl.testing.contexts import KINDS, SHAPE, Contexts, normal
from lvmctl.testing.predictors import Answers, Kind, prediction_checks
from lvmctl.testing.samples import SIZES, windows
from lvmctl.testing.scores import score_checks


def built(subject: Subject, shape: Shape, weights: str) -> Any:
    """The subject's baseline, not fitted."""
    return subject.build(shape=shape)


def answer(subject: Subject, baseline: Any, context: Tensor, seed: int = 0) -> Answers:
    """What a baseline predicts for contexts (B, K, D).

    An oracle is shown unit targets too: random ones of a seed, each decided by its context alone.
    """
    if not subject.record.oracle:
        return {"q": predicted(baseline, context)}
    target = unit(context[:, 0] @ normal(seed + 1000, context.shape[-1], context.shape[-1]))
    before = target.clone()
    q = predicted(baseline, context, target)
    if not torch.equal(target, before):
        raise CheckFailed("the target is changed")
    return {"q": q}


def predicted(call: Callable[..., Tensor], context: Tensor, *target: Tensor) -> Tensor:
    """What ``call`` gives for contexts; CheckFailed unless it is (B, D) floats."""
    with torch.inference_mode():
        q = call(context, *target)
    shape = tuple(context[:, 0].shape)
    if not isinstance(q, Tensor) or tuple(q.shape) != shape:
        raise CheckFailed(f"it returned {form(q)}, not {shape}")
    if not q.is_floating_point():
        raise CheckFailed(f"it returned {q.dtype}, not floats")
    return q.float()


BASELINES = Kind(built, answer)


@check
def estimates_what_is_centred(subject: Subject) -> None:
    """From chunks minus the mean of the training chunks, `estimate` gives finite (B, D)."""
    if not subject.record.centred:
        raise Skipped("it is not centred")
    if not hasattr(built(subject, SHAPE, ""), "estimate"):
        raise Skipped("it has no `estimate`")
    for size in SIZES:
        data = windows(SHAPE, size)
        mean = data.split.mean()
        baseline = BASELINES.fitted(subject, data=Centred(data, mean))
        for kind in KINDS:
            context = Contexts(kind).tensor() - torch.from_numpy(mean)
            if not predicted(baseline.estimate, context).isfinite().all():
                raise CheckFailed(f"the estimate of {kind} chunks is not finite for {size}")


@check
def oracle_looks_at_the_target(subject: Subject) -> None:
    """What an oracle predicts depends on the target: anything else is a baseline."""
    if not subject.record.oracle:
        raise Skipped("it is not an oracle")
    oracle, context = BASELINES.fitted(subject), Contexts().tensor()
    first, other = (answer(subject, oracle, context, seed)["q"] for seed in (0, 1))
    if torch.equal(first, other):
        raise CheckFailed("it predicts the same for other targets: declare oracle=False")


CHECKS: tuple[Check, ...] = (
    *prediction_checks(BASELINES),
    estimates_what_is_centred,
    oracle_looks_at_the_target,
    *score_checks(BASELINES),
)
