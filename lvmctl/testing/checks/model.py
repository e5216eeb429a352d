"""Checks of models: what they predict. How they train and are kept is in files of its own."""

from __future__ import annotations

import torch
from hypothesis import strategies as st

from lvmctl.testing.check import Check, CheckFailed, Skipped, Subject, check
from lvmctl.testing.checks.model_fields import fields
from lvmctl.testing.checks.model_fit import FIT_CHECKS
from lvmctl.testing.checks.model_state import exportable, state_round_trips
from lvmctl.testing.checks.model_training import (
    finite_gradients,
    finite_in_bf16,
    gradient_reaches_every_parameter,
)
from lvmctl.testing.checks.proofs import ROUNDING, prove, prove_unit
from lvmctl.testing.checks.score import score_checks
from lvmctl.testing.examples import for_all
from lvmctl.testing.inputs.contexts import LARGE, Contexts, accepted, contexts
from lvmctl.testing.inputs.models import WEIGHTS, Models, built, given, off, predict, seeded

DIRECTED = ("ordinary", "alike", "identical", "orthogonal")
"""Kinds of contexts in which no mixture cancels, so that float32 keeps its direction."""


@check
def shapes(subject: Subject) -> str | None:
    """Contexts (B, K, D) give a `Prediction` whose q is (B, D), in training and for a large B
    too."""
    models = Models(subject)
    taken, note = accepted(models)

    def rule(contexts: Contexts, training: bool) -> None:
        predict(models(contexts.shape, training=training), contexts.tensor())

    for_all(rule, contexts=contexts(taken, ["ordinary"]), training=st.booleans())
    for_all(rule, contexts=st.just(LARGE), training=st.booleans())
    return note


@check
def unit_norm(subject: Subject) -> None:
    """q is finite and of unit norm for every context, whatever the weights, in training too.

    Where chunks are exactly opposite there may be no direction, and q may be 0.
    """
    models = Models(subject)
    taken, _ = accepted(models, Exception)

    def rule(contexts: Contexts, weights: str, training: bool) -> None:
        with seeded(contexts.seed):
            q = predict(models(contexts.shape, weights, training), contexts.tensor()).q
        prove_unit(q.detach(), contexts)

    states = st.sampled_from(WEIGHTS)
    for_all(rule, 60, contexts=contexts(taken), weights=states, training=st.booleans())


@check
@torch.no_grad()
def declared_geometry(subject: Subject) -> str:
    """q lies where the declared geometry has it, whatever the weights."""
    geometry = subject.record.geometry
    if geometry == "unit":
        raise Skipped("unit_norm proves the geometry unit")
    models = Models(subject)
    taken, _ = accepted(models, Exception)
    away = [0.0]

    def rule(contexts: Contexts, weights: str) -> None:
        context = contexts.tensor()
        prediction = predict(models(contexts.shape, weights), context)
        away.append(prove(geometry, prediction, context))

    states = st.sampled_from(WEIGHTS)
    for_all(rule, 50, contexts=contexts(taken, DIRECTED), weights=states)
    return f"{geometry}: at most {max(away):.1g} away"


@check
@torch.no_grad()
def deterministic(subject: Subject) -> None:
    """In evaluation the same context gives the same prediction, whatever was asked before."""
    model, context = built(subject), Contexts().tensor()
    with seeded(1):
        first = given(predict(model, context))
        predict(model, Contexts(seed=1).tensor())
    with seeded(2):
        again = given(predict(model, context))
    for name, value in first.items():
        if not torch.equal(value, again[name]):
            raise CheckFailed(
                f"{name} differs by up to {off(value, again[name]):.3g} the second time"
            )


@check
@torch.no_grad()
def independent_of_the_batch(subject: Subject) -> None:
    """In evaluation a prediction does not depend on the other windows of its batch."""
    models = Models(subject)

    def rule(contexts: Contexts, weights: str) -> None:
        model, context = models(contexts.shape, weights), contexts.tensor()
        alone = [predict(model, context[row : row + 1]).q for row in range(len(context))]
        away = off(predict(model, context).q, torch.cat(alone))
        if not away < ROUNDING:
            raise CheckFailed(f"q of a window alone differs by up to {away:.3g}")

    states = st.sampled_from(WEIGHTS)
    for_all(rule, 10, contexts=contexts(kinds=["ordinary"]), weights=states)
    for_all(rule, contexts=st.just(LARGE), weights=states)


@check
def leaves_its_input(subject: Subject) -> None:
    """The context it is given is not changed, nor is it in training."""
    for training in (False, True):
        context = Contexts().tensor()
        predict(built(subject, weights="moved").train(training), context)
        if not torch.equal(context, Contexts().tensor()):
            raise CheckFailed(
                f"the context is changed in {'training' if training else 'evaluation'}"
            )


CHECKS: tuple[Check, ...] = (
    shapes,
    fields,
    unit_norm,
    declared_geometry,
    deterministic,
    independent_of_the_batch,
    leaves_its_input,
    gradient_reaches_every_parameter,
    finite_gradients,
    finite_in_bf16,
    state_round_trips,
    exportable,
    *FIT_CHECKS,
    *score_checks(built),
)
