"""The checks of what training asks of a model: gradients, and bfloat16."""

from __future__ import annotations

import torch
from hypothesis import strategies as st
from torch import Tensor, nn

from lvmctl.core.batch import Pool
from lvmctl.sphere import unit
from lvmctl.testing.check import CheckFailed, Skipped, Subject, check
from lvmctl.testing.checks.proofs import prove_unit
from lvmctl.testing.examples import for_all
from lvmctl.testing.inputs.contexts import Contexts, accepted, contexts
from lvmctl.testing.inputs.models import (
    WEIGHTS,
    Models,
    built,
    objective,
    predict,
    seeded,
    trainable,
)

BF16 = 0.02
"""How far from 1 a norm may be in bfloat16, which has three digits."""

LIST = 9
"""Candidates of each context, where a model ranks them."""


@check
def gradient_reaches_every_parameter(subject: Subject) -> None:
    """Every parameter receives gradient, or its `requires_grad` is False."""
    missing = set(trainable(built(subject)))
    if not missing:
        raise Skipped("it has no trainable parameters")
    for weights in WEIGHTS:  # a part that starts at zero may hold gradient back at first
        model = built(subject, weights=weights).train()
        with seeded(0):
            context = Contexts().tensor()
            total = objective(predict(model, context))
            if "scores" in subject.record.gives:
                total = total + ranked(model, context)
            total.backward()
        reached = {name for name, p in trainable(model).items() if p.grad is not None}
        missing -= {name for name in reached if model.get_parameter(name).grad.any()}
    if missing:
        raise CheckFailed(f"no gradient reaches {', '.join(sorted(missing))}: use it, or freeze it")


def ranked(model: nn.Module, context: Tensor) -> Tensor:
    """A scalar that depends on every score of a list of each context's own."""
    vectors = unit(torch.randn(len(context), LIST, context.shape[-1]))
    candidates = torch.ones(vectors.shape[:2], dtype=torch.bool)
    scores = model.score(context, Pool(vectors, candidates))
    return (scores * torch.randn(scores.shape)).sum()


@check
def finite_gradients(subject: Subject) -> None:
    """In training the gradients of parameters and context are finite for every context."""
    models = Models(subject)
    taken, _ = accepted(models, Exception)

    def rule(contexts: Contexts, weights: str) -> None:
        train(models(contexts.shape, weights, training=True), contexts)

    for_all(rule, 60, contexts=contexts(taken), weights=st.sampled_from(WEIGHTS))


@check
def finite_in_bf16(subject: Subject) -> None:
    """Under bfloat16 autocast q is finite and of unit norm, and gradients are finite."""
    models = Models(subject)
    taken, _ = accepted(models, Exception)

    def rule(contexts: Contexts, weights: str) -> None:
        model = models(contexts.shape, weights, training=True)
        with torch.autocast("cpu", dtype=torch.bfloat16):
            q = train(model, contexts)
        prove_unit(q, contexts, BF16)

    for_all(rule, 60, contexts=contexts(taken), weights=st.sampled_from(WEIGHTS))


def train(model: nn.Module, contexts: Contexts) -> Tensor:
    """q (B, D) of a step that computes gradients; CheckFailed where one is not finite."""
    context = contexts.tensor().requires_grad_()  # a rollout feeds predictions back
    with seeded(contexts.seed):
        prediction = predict(model, context)
    total = objective(prediction)
    if total.requires_grad:
        with torch.autocast("cpu", enabled=False):
            total.backward()
    for name, value in [("the context", context), *trainable(model).items()]:
        if value.grad is not None and not value.grad.isfinite().all():
            raise CheckFailed(f"the gradient of {name} is not finite")
    return prediction.q.detach()
