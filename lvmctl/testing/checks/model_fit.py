"""Checks of models that learn from the training windows before the first step."""

from __future__ import annotations

import numpy as np
import torch
from hypothesis import strategies as st
from torch import Tensor, nn

from lvmctl.data import Windows
from lvmctl.testing.check import CheckFailed, Skipped, Subject, check
from lvmctl.testing.checks.proofs import NEAR
from lvmctl.testing.checks.score import asked
from lvmctl.testing.examples import for_all
from lvmctl.testing.inputs.contexts import SHAPE, Contexts
from lvmctl.testing.inputs.models import built, given, off, predict, seeded
from lvmctl.testing.inputs.worlds import SIZES, windows


@check
def has_fit_if_declared(subject: Subject) -> None:
    """It has `fit` if it is declared fitted and only then."""
    has = callable(getattr(built(subject, fit=False), "fit", None))
    if subject.record.fitted and not has:
        raise CheckFailed("it is declared fitted and has no `fit`")
    if has and not subject.record.fitted:
        raise CheckFailed("it has `fit`, which nobody calls: declare fitted=True")


@check
@torch.no_grad()
def fits_little_data(subject: Subject) -> None:
    """Fitted on one article or on one window, what it predicts and scores is finite."""
    model_that_fits(subject)

    def rule(size: str) -> None:
        model = built(subject, fit=False)
        fit(model, windows(SHAPE, size))
        for name, value in answers(model).items():
            if not value.isfinite().all():
                raise CheckFailed(f"{name} is not finite after a fit on {size}")

    for_all(rule, len(SIZES), size=st.sampled_from(SIZES))


@check
def fit_leaves_its_input(subject: Subject) -> None:
    """`fit` does not change the vectors of the windows."""
    model, data = model_that_fits(subject), windows(SHAPE)
    fit(model, data)
    if not np.array_equal(data.split.vectors, windows(SHAPE).split.vectors):
        raise CheckFailed("fit changes the vectors of the windows")


@check
@torch.no_grad()
def same_fit_twice(subject: Subject) -> None:
    """Fitted twice on the same windows it predicts and scores the same."""
    model = model_that_fits(subject)
    fit(model, windows(SHAPE), seed=1)
    first = answers(model)
    fit(model, windows(SHAPE), seed=2)
    same(first, answers(model), "after a second fit")


@check
@torch.no_grad()
def what_is_fitted_is_state(subject: Subject) -> None:
    """A new model that is not fitted predicts and scores the same once it has the state."""
    model = model_that_fits(subject)
    fit(model, windows(SHAPE))
    fresh = built(subject, seed=1, fit=False)
    fresh.load_state_dict(model.state_dict())
    same(answers(model), answers(fresh), "after loading")


def model_that_fits(subject: Subject) -> nn.Module:
    """The subject's model, before its fit.

    Raises:
        Skipped: it has none.
    """
    if not subject.record.fitted:
        raise Skipped("it is not fitted")
    model = built(subject, fit=False)
    if not hasattr(model, "fit"):
        raise Skipped("it has no `fit`")
    return model


def fit(model: nn.Module, data: Windows, seed: int = 0) -> None:
    """Fit a model; the random numbers of others go on as if nothing had happened."""
    with seeded(seed):
        model.fit(data)


def answers(model: nn.Module) -> dict[str, Tensor]:
    """What a model predicts, by field, and what it scores of candidates."""
    found = given(predict(model, Contexts().tensor()))
    if hasattr(model, "score"):
        context, pool = asked(4, 9, seed=0)
        found["score"] = model.score(context, pool).masked_fill(~pool.candidates, 0.0)
    return found


def same(first: dict[str, Tensor], second: dict[str, Tensor], when: str) -> None:
    """CheckFailed where two models' answers differ by more than rounding."""
    for name, value in first.items():
        if not off(value, second[name]) < NEAR:
            raise CheckFailed(f"{name} differs by up to {off(value, second[name]):.3g} {when}")


FIT_CHECKS = (
    has_fit_if_declared,
    fits_little_data,
    fit_leaves_its_input,
    same_fit_twice,
    what_is_fitted_is_state,
)
