"""Checks of models, beside those that they share with baselines."""

from __future__ import annotations

import io

import torch
from hypothesis import strategies as st
from torch import Tensor, nn

from lvmctl.core.batch import Prediction
from lvmctl.sphere import unit
from lvmctl.testing.check import Check, CheckFailed, Skipped, Subject, check, for_all
from lvmctl.testing.contexts import (
    NEAR,
    ROUNDING,
    SHAPE,
    Contexts,
    accepted,
    contexts,
    normal,
    prove,
    prove_unit,
    seeded,
)
from lvmctl.testing.models import MODELS, STEPS, built, filled, predict, trainable
from lvmctl.testing.pools import pool_of, pooled, window_of
from lvmctl.testing.predictors import gap, prediction_checks, require_same
from lvmctl.testing.scores import score_checks

DIRECTED = ("ordinary", "alike", "identical", "orthogonal")
"""Kinds of contexts in which no mixture cancels, so that float32 keeps its direction."""

RESERVED = ("q", "rollout", "loss", "alpha_entropy", "gate_weight_mean")
"""Names that no extra may have."""

BF16 = 0.02
"""How far from 1 a norm may be in bfloat16, which has three digits."""

LIST = 9
"""Candidates of each context, where a model ranks them."""

WIDER = 24
"""D of another space than the one a model is built for."""


STATES = st.sampled_from(tuple(STEPS))


@check
@torch.no_grad()
def declared_geometry(subject: Subject) -> str:
    """q lies where the declared geometry has it, whatever the weights."""
    geometry = subject.record.geometry
    if geometry == "unit":
        raise Skipped("unit_norm proves the geometry unit")
    model, away = MODELS.many(subject), [0.0]
    shapes, _ = accepted(model, Exception)

    def rule(contexts: Contexts, weights: str) -> None:
        context = contexts.tensor()
        prediction = predict(model(contexts.shape, weights), context)
        away.append(prove(geometry, prediction, context))

    for_all(rule, 50, contexts=contexts(shapes, DIRECTED), weights=STATES)
    return f"{geometry}: at most {max(away):.1g} away"


@check
@torch.no_grad()
def fields(subject: Subject) -> None:
    """The prediction has the fields and extras that `gives` names and no others, as `Prediction`
    has them."""
    model = MODELS.many(subject)
    gives = tuple(name for name in subject.record.gives if name != "scores")
    if gives != subject.record.gives and not hasattr(model(), "score"):
        raise CheckFailed("`gives` names scores, and it has no score(context, pool)")
    if reserved := [name for name in gives if name in RESERVED]:
        raise CheckFailed(f"`gives` names {', '.join(reserved)}, which is lvmctl's to fill")
    shapes, _ = accepted(model, Exception)

    def rule(contexts: Contexts) -> None:
        context = contexts.tensor()
        prediction = predict(model(contexts.shape), context)
        require_declared(prediction, gives)
        require_form(prediction, context)

    for_all(rule, contexts=contexts(shapes))


def require_declared(prediction: Prediction, gives: tuple[str, ...]) -> None:
    """CheckFailed unless ``gives`` names what is there."""
    for name in ("rollout", "scores"):
        if getattr(prediction, name) is not None:
            raise CheckFailed(f"it fills {name}, which is lvmctl's to fill")
    names = {*filled(prediction)} - {"q"}
    for name in sorted(names - {*gives}):
        raise CheckFailed(f"it fills {name}, which `gives` does not name")
    for name in sorted({*gives} - names):
        raise CheckFailed(f"`gives` names {name}, which it does not fill")


def require_form(prediction: Prediction, context: Tensor) -> None:
    """CheckFailed unless every field has its shape and its range."""
    shapes = {"raw": tuple(context[:, 0].shape), "weights": tuple(context.shape[:2])}
    for name, value in filled(prediction).items():
        shape = tuple(value.shape) if isinstance(value, Tensor) else type(value).__name__
        if name in shapes and shape != shapes[name]:
            raise CheckFailed(f"{name} is {shape}, not a tensor {shapes[name]}")
        if not isinstance(value, Tensor) or shape[:1] not in ((), (len(context),)):
            raise CheckFailed(f"{name} is {shape}, not a tensor () or ({len(context)}, …)")
        if not value.isfinite().all():
            raise CheckFailed(f"{name} is not finite")
    if prediction.weights is not None:
        least, sums = prediction.weights.min(), prediction.weights.sum(dim=-1)
        if least < 0 or gap(sums, 1) > NEAR:
            between = f"the sums are {sums.min():.3g} to {sums.max():.3g}"
            raise CheckFailed(f"weights are not on the simplex: least {least:.3g}, {between}")


@check
def gradient_reaches_every_parameter(subject: Subject) -> None:
    """Every parameter receives gradient, or its `requires_grad` is False."""
    many = MODELS.many(subject)
    missing = set(trainable(many()))
    if not missing:
        raise Skipped("it has no trainable parameters")
    for weights in STEPS:  # a part that starts at zero may hold gradient back at first
        model, context = many(SHAPE, weights, training=True), Contexts().tensor()
        with seeded(0):
            total = scalar(predict(model, context))
            if "scores" in subject.record.gives:
                total = total + list_scores(subject, model, context)
            total.backward()
        missing -= {n for n, p in trainable(model).items() if p.grad is not None and p.grad.any()}
    if missing:
        raise CheckFailed(f"no gradient reaches {', '.join(sorted(missing))}: use it, or freeze it")


def scalar(prediction: Prediction) -> Tensor:
    """A scalar that depends on every number of the prediction, at random."""
    values = [value.flatten() for value in filled(prediction).values()]
    return sum((value * normal(0, *value.shape).to(value)).sum() for value in values)


def list_scores(subject: Subject, model: nn.Module, context: Tensor) -> Tensor:
    """A scalar that depends on every score of a list of each context's own."""
    vectors = unit(torch.randn(len(context), LIST, context.shape[-1]))
    candidates = torch.ones(vectors.shape[:2], dtype=torch.bool)
    scores = model.score(context, pool_of(subject, context, vectors, candidates))
    return (scores * torch.randn(scores.shape)).sum()


def train(subject: Subject, bf16: bool) -> None:
    """CheckFailed where a gradient is not finite, or q is not of unit norm under autocast."""
    model = MODELS.many(subject)
    shapes, _ = accepted(model, Exception)

    def rule(contexts: Contexts, weights: str) -> None:
        trained = model(contexts.shape, weights, training=True)
        context = contexts.tensor().requires_grad_()  # a rollout feeds predictions back
        with seeded(contexts.seed), torch.autocast("cpu", torch.bfloat16, enabled=bf16):
            prediction = predict(trained, context)
        total = scalar(prediction)
        if total.requires_grad:
            total.backward()
        for name, value in [("the context", context), *trainable(trained).items()]:
            if value.grad is not None and not value.grad.isfinite().all():
                raise CheckFailed(f"the gradient of {name} is not finite")
        if bf16:
            prove_unit(prediction.q.detach(), contexts, BF16)

    for_all(rule, 40, contexts=contexts(shapes), weights=STATES)


@check
def finite_gradients(subject: Subject) -> None:
    """In training the gradients of parameters and context are finite for every context."""
    train(subject, bf16=False)


@check
def finite_in_bf16(subject: Subject) -> None:
    """Under bfloat16 autocast q is finite and of unit norm, and gradients are finite."""
    train(subject, bf16=True)


@check
@torch.no_grad()
def state_round_trips(subject: Subject) -> None:
    """A new model that is not fitted predicts and scores the same once it has the state, read with
    `weights_only`.

    The state is one that training leaves: weights have moved, `at` was called.
    """
    model, file = MODELS.fitted(subject, weights="moved"), io.BytesIO()
    with seeded(0):
        predict(model.train(), Contexts().tensor())  # running statistics move too
    torch.save(model.eval().state_dict(), file)
    file.seek(0)
    try:
        state = torch.load(file, weights_only=True)
    except Exception as error:
        raise CheckFailed("its state holds more than tensors and plain values") from error
    fresh = built(subject, seed=1)
    try:
        fresh.load_state_dict(state)
    except Exception as error:
        raise CheckFailed(f"its state does not fit a new model: {one_line(error)}") from error
    answers = [MODELS.answers(subject, each) for each in (fresh, model)]
    require_same(*answers, "after loading")


@check
@torch.no_grad()
def serves_any_space(subject: Subject) -> None:
    """Declared `any_space`, it predicts and scores chunks of another width, at the same angles, as
    it does their originals, once `forget_space()` was called if it has it."""
    model = MODELS.fitted(subject, weights="moved")
    if not subject.record.any_space:
        if hasattr(model, "forget_space"):
            raise CheckFailed("its `forget_space` is never called: declare any_space=True")
        raise Skipped("it serves the space that it is trained in")
    if hasattr(model, "forget_space"):
        model.forget_space()
    turn = torch.linalg.qr(normal(7, WIDER, SHAPE.dim))[0].mT
    context, pool = pooled(subject, 4, 9, seed=0)
    turned = pool_of(subject, context, pool.vectors, pool.candidates, turn=turn)
    first = {"q": predict(model, context).q @ turn}
    second = {"q": predict(model, context @ turn).q}
    if hasattr(model, "score"):
        first["score"] = model.score(context, pool).masked_fill(~pool.candidates, 0.0)
        second["score"] = model.score(context @ turn, turned).masked_fill(~pool.candidates, 0.0)
    require_same(first, second, "for chunks at the same angles", ROUNDING)


@check
@torch.no_grad()
def q_reads_what_it_declares(subject: Subject) -> None:
    """Declared `q_reads`, its prediction reads of the contexts' chunks what `reads` names, and no
    less; which rows they have in their store changes nothing."""
    if not subject.record.q_reads:
        raise Skipped("its prediction reads vectors alone")
    if not subject.record.reads:
        raise CheckFailed("it is declared q_reads, and `reads` names nothing")
    model, context = subject.build(shape=SHAPE).eval(), Contexts().tensor()
    window = window_of(subject, context)
    order = normal(0, window.rows.numel()).argsort()
    first = model(context, window).q
    if unread := sorted({*subject.record.reads} - window.source.was_read):
        raise CheckFailed(f"`reads` names {', '.join(unread)}, which its prediction does not read")
    again = model(context, window_of(subject, context, order)).q
    require_same({"q": first}, {"q": again}, "for chunks in other rows", ROUNDING)


def one_line(error: Exception) -> str:
    """The beginning of what an error says."""
    return " ".join(str(error).split())[:200] or type(error).__name__


CHECKS: tuple[Check, ...] = (
    *prediction_checks(MODELS),
    fields,
    declared_geometry,
    gradient_reaches_every_parameter,
    finite_gradients,
    finite_in_bf16,
    state_round_trips,
    serves_any_space,
    q_reads_what_it_declares,
    *score_checks(MODELS, may_read=True),
)
