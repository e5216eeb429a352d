"""The checks that models and baselines share: what they predict, and what they learn when they are
fitted."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from hypothesis import strategies as st
from torch import Tensor

from lvmctl.data import Windows
from lvmctl.registry.specs import Shape
from lvmctl.testing.check import Check, CheckFailed, Skipped, Subject, check, for_all
from lvmctl.testing.contexts import (
    KINDS,
    LARGE,
    NEAR,
    ROUNDING,
    SHAPE,
    Contexts,
    accepted,
    contexts,
    prove_unit,
    seeded,
)
from lvmctl.testing.pools import pooled
from lvmctl.testing.samples import SIZES, windows

Answers = dict[str, Tensor]


@dataclass(frozen=True)
class Kind:
    """How a kind of predictor is built and asked.

    Attributes:
        build: ``build(subject, shape, weights)``: a predictor that is not fitted.
        answer: ``answer(subject, predictor, context, seed)``: what it predicts for contexts
            (B, K, D), by name, "q" first; the seed is that of the targets an oracle is shown.
        weights: states of its weights that are tried.
        modes: whether it is tried in evaluation alone, or in training too.
    """

    build: Callable[..., Any]
    answer: Callable[..., Answers]
    weights: tuple[str, ...] = ("as built",)
    modes: tuple[bool, ...] = (False,)

    def fitted(
        self,
        subject: Subject,
        shape: Shape = SHAPE,
        weights: str = "as built",
        data: Windows | None = None,
    ) -> Any:
        """A predictor, fitted on ``data`` (six small articles by default) if it learns and can."""
        predictor = self.build(subject, shape, weights)
        if subject.record.fitted and hasattr(predictor, "fit"):
            with seeded(0):
                predictor.fit(windows(shape) if data is None else data)
        return predictor

    def many(self, subject: Subject) -> Callable[..., Any]:
        """``many(shape, weights, training)``: fitted predictors without gradients in a mode; each
        is built once, as that takes longer than to ask."""
        build = functools.cache(functools.partial(self.fitted, subject))

        def predictor(shape: Shape = SHAPE, weights: str = "as built", training: bool = False):
            made = build(shape, weights)
            if isinstance(made, torch.nn.Module):
                made.zero_grad()
                made.train(training)
            return made

        return predictor

    def answers(self, subject: Subject, predictor: Any) -> Answers:
        """What it predicts for ordinary contexts, and what it scores of candidates."""
        answers = self.answer(subject, predictor, Contexts().tensor())
        if hasattr(predictor, "score"):
            context, pool = pooled(subject, 4, 9, seed=0)
            scores = predictor.score(context, pool)
            answers = answers | {"score": scores.masked_fill(~pool.candidates, 0.0)}
        return answers


def gap(first: Tensor, second: Tensor | float) -> float:
    """The largest difference of two tensors; NaN where a number is missing."""
    return (first - second).abs().max().item()


def require_same(first: Answers, second: Answers, when: str, near: float = NEAR) -> None:
    """CheckFailed where two answers differ by more than ``near``."""
    for name, value in first.items():
        if not gap(value, second[name]) <= near:
            raise CheckFailed(f"{name} differs by up to {gap(value, second[name]):.3g} {when}")


def prediction_checks(kind: Kind) -> tuple[Check, ...]:
    """The checks of what predictors of a kind predict and learn."""
    weights, modes = st.sampled_from(kind.weights), st.sampled_from(kind.modes)

    @check
    def unit_norm(subject: Subject) -> str | None:
        """For contexts (B, K, D) of every kind q is (B, D), finite and of unit norm, whatever the
        weights, in training and for a large B too.

        Where chunks are exactly opposite there may be no direction, and q may be 0.
        """
        predictor = kind.many(subject)
        shapes, note = accepted(predictor)

        def rule(contexts: Contexts, weights: str, training: bool) -> None:
            with seeded(contexts.seed):
                made = predictor(contexts.shape, weights, training)
                q = kind.answer(subject, made, contexts.tensor())["q"]
            prove_unit(q.detach(), contexts)

        for_all(rule, 60, contexts=contexts(shapes), weights=weights, training=modes)
        for_all(rule, 4, contexts=st.just(LARGE), weights=weights, training=modes)
        return note

    @check
    @torch.no_grad()
    def deterministic(subject: Subject) -> None:
        """In evaluation the same context gives the same prediction, whatever was asked before."""
        predictor = kind.many(subject)()
        with seeded(1):
            first = kind.answer(subject, predictor, Contexts().tensor())
            kind.answer(subject, predictor, Contexts(seed=1).tensor())
        with seeded(2):
            again = kind.answer(subject, predictor, Contexts().tensor())
        require_same(first, again, "the second time", near=0)

    @check
    @torch.no_grad()
    def independent_of_the_batch(subject: Subject) -> None:
        """In evaluation a prediction does not depend on the other windows of its batch."""
        predictor = kind.many(subject)

        def rule(contexts: Contexts, weights: str) -> None:
            made, context = predictor(SHAPE, weights), contexts.tensor()
            rows = context.split(1)
            alone = torch.cat([kind.answer(subject, made, row)["q"] for row in rows])
            together = kind.answer(subject, made, context)["q"]
            require_same({"q": together}, {"q": alone}, "for a window alone", ROUNDING)

        for_all(rule, 10, contexts=contexts(kinds=["ordinary"]), weights=weights)
        for_all(rule, 2, contexts=st.just(LARGE), weights=weights)

    @check
    def leaves_its_input(subject: Subject) -> None:
        """What it is given is not changed: contexts, also in training, targets, and the windows it
        is fitted on."""
        data = windows(SHAPE)
        predictor = kind.fitted(subject, weights=kind.weights[-1], data=data)
        if not np.array_equal(data.split.vectors, windows(SHAPE).split.vectors):
            raise CheckFailed("fit changes the vectors of the windows")
        for training in kind.modes:
            if isinstance(predictor, torch.nn.Module):
                predictor.train(training)
            context = Contexts().tensor()
            kind.answer(subject, predictor, context)
            if not torch.equal(context, Contexts().tensor()):
                when = " in training" if training else ""
                raise CheckFailed(f"the context is changed{when}")

    @check
    def has_what_it_declares(subject: Subject) -> None:
        """It has `fit` if it is declared fitted and only then, and `estimate` if it is centred."""
        predictor, record = kind.build(subject, SHAPE, "as built"), subject.record
        for flag, method in (("fitted", "fit"), ("centred", "estimate")):
            if getattr(record, flag, False) and not callable(getattr(predictor, method, None)):
                raise CheckFailed(f"it is declared {flag} and has no `{method}`")
        if not record.fitted and hasattr(predictor, "fit"):
            raise CheckFailed("its `fit` is never called: declare fitted=True")

    @check
    @torch.no_grad()
    def fits_little_data(subject: Subject) -> None:
        """Fitted on one article or on one window, what it predicts and scores is finite, and q of
        unit norm."""
        require_fit(subject)
        for size in SIZES[1:]:
            predictor = kind.fitted(subject, data=windows(SHAPE, size))
            for name, value in kind.answers(subject, predictor).items():
                if not value.isfinite().all():
                    raise CheckFailed(f"{name} is not finite after a fit on {size}")
            for name in KINDS:
                inputs = Contexts(name)
                prove_unit(kind.answer(subject, predictor, inputs.tensor())["q"], inputs)

    @check
    @torch.no_grad()
    def same_fit_twice(subject: Subject) -> None:
        """Fitted twice on the same windows it predicts and scores the same."""
        require_fit(subject)
        predictor, answers = kind.build(subject, SHAPE, "as built"), []
        for seed in (1, 2):
            with seeded(seed):
                predictor.fit(windows(SHAPE))
            answers.append(kind.answers(subject, predictor))
        require_same(*answers, "after a second fit")

    def require_fit(subject: Subject) -> None:
        """Skip what is not fitted, or cannot be, which another check says."""
        if not subject.record.fitted:
            raise Skipped("it is not fitted")
        if not hasattr(kind.build(subject, SHAPE, "as built"), "fit"):
            raise Skipped("it has no `fit`")

    return (
        has_what_it_declares,
        unit_norm,
        deterministic,
        independent_of_the_batch,
        leaves_its_input,
        fits_little_data,
        same_fit_twice,
    )
