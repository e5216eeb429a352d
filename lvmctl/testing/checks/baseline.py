"""Checks of baselines and oracles."""

from __future__ import annotations

import functools

import numpy as np
import torch
from hypothesis import strategies as st
from torch import Tensor

from lvmctl.evaluation.predictors import Centred
from lvmctl.testing.check import Check, CheckFailed, Skipped, Subject, check
from lvmctl.testing.checks.proofs import NEAR, prove_unit
from lvmctl.testing.checks.score import score_checks
from lvmctl.testing.examples import for_all
from lvmctl.testing.inputs.baselines import asked, called, fitted, shown
from lvmctl.testing.inputs.contexts import LARGE, SHAPE, Contexts, accepted, contexts
from lvmctl.testing.inputs.models import seeded
from lvmctl.testing.inputs.worlds import SIZES, windows


@check
def has_what_it_declares(subject: Subject) -> None:
    """It has `fit` if it is declared fitted and only then, and `estimate` if it is centred."""
    made, record = subject.build(shape=SHAPE), subject.record
    for flag, method in (("fitted", "fit"), ("centred", "estimate")):
        if getattr(record, flag) and not callable(getattr(made, method, None)):
            raise CheckFailed(f"it is declared {flag} and has no `{method}`")
    if not record.fitted and hasattr(made, "fit"):
        raise CheckFailed("it has `fit`, which nobody calls: declare fitted=True")


@check
def unit_norm(subject: Subject) -> str | None:
    """q is (B, D), finite and of unit norm for every context.

    Where chunks are exactly opposite there may be no direction, and q may be 0.
    """
    made = functools.cache(functools.partial(fitted, subject))
    taken, note = accepted(made)

    def rule(contexts: Contexts) -> None:
        prove_unit(asked(subject, made(contexts.shape), contexts), contexts)

    for_all(rule, 100, contexts=contexts(taken))
    for_all(rule, contexts=st.just(LARGE))
    return note


@check
def fits_little_data(subject: Subject) -> None:
    """Fitted on one article or on one window, q is finite and of unit norm."""
    if not subject.record.fitted:
        raise Skipped("it is not fitted")

    def rule(contexts: Contexts, size: str) -> None:
        made = fitted(subject, data=windows(SHAPE, size))
        prove_unit(asked(subject, made, contexts), contexts)

    for_all(rule, 10, contexts=contexts(), size=st.sampled_from(SIZES[1:]))


@check
def same_fit_twice(subject: Subject) -> None:
    """Fitted twice on the same windows it predicts the same."""
    if not subject.record.fitted:
        raise Skipped("it is not fitted")
    found = []
    for seed in (1, 2):
        with seeded(seed):
            found.append(asked(subject, fitted(subject), Contexts()))
    same(*found, "after a second fit")


@check
def deterministic(subject: Subject) -> None:
    """The same context gives the same prediction, whatever was asked before."""
    made = fitted(subject)
    with seeded(1):
        first = asked(subject, made, Contexts())
        asked(subject, made, Contexts(seed=1))
    with seeded(2):
        same(first, asked(subject, made, Contexts()), "the second time")


@check
def independent_of_the_batch(subject: Subject) -> None:
    """A prediction does not depend on the other windows of its batch."""
    made = fitted(subject)

    def rule(contexts: Contexts) -> None:
        context = contexts.tensor()
        target = shown(subject, context)
        rows = [slice(row, row + 1) for row in range(len(context))]
        alone = [called(made, context[row], *(t[row] for t in target)) for row in rows]
        same(called(made, context, *target), torch.cat(alone), "for a window alone")

    for_all(rule, 10, contexts=contexts(kinds=["ordinary"]))
    for_all(rule, contexts=st.just(LARGE))


@check
def leaves_its_input(subject: Subject) -> None:
    """The context, the target and the windows it is fitted on are not changed."""
    data = windows(SHAPE)
    made = fitted(subject, data=data)
    if not np.array_equal(data.split.vectors, windows(SHAPE).split.vectors):
        raise CheckFailed("fit changes the vectors of the windows")
    context = Contexts().tensor()
    target = shown(subject, context)
    with torch.inference_mode():
        made(context, *target)
    if not torch.equal(context, Contexts().tensor()):
        raise CheckFailed("the context is changed")
    if not all(map(torch.equal, target, shown(subject, context))):
        raise CheckFailed("the target is changed")


@check
def estimates_what_is_centred(subject: Subject) -> None:
    """From chunks minus the mean of the training chunks, `estimate` gives finite (B, D)."""
    if not subject.record.centred:
        raise Skipped("it is not centred")
    if not hasattr(subject.build(shape=SHAPE), "estimate"):
        raise Skipped("it has no `estimate`")

    def rule(contexts: Contexts, size: str) -> None:
        data = windows(SHAPE, size)
        mean = data.split.mean()
        made = fitted(subject, data=Centred(data, mean))
        found = called(made.estimate, contexts.tensor() - torch.from_numpy(mean))
        if not found.isfinite().all():
            raise CheckFailed("the estimate is not finite")

    for_all(rule, 10, contexts=contexts(), size=st.sampled_from(SIZES))


@check
def oracle_looks_at_the_target(subject: Subject) -> None:
    """What an oracle predicts depends on the target: anything else is a baseline."""
    if not subject.record.oracle:
        raise Skipped("it is no oracle")
    made = fitted(subject)
    first, other = (asked(subject, made, Contexts(), seed) for seed in (0, 1))
    if torch.equal(first, other):
        raise CheckFailed("it predicts the same for other targets: declare oracle=False")


def same(first: Tensor, second: Tensor, when: str) -> None:
    """CheckFailed where two predictions (B, D) differ by more than rounding."""
    away = (first - second).abs().max().item()
    if not away < NEAR:
        raise CheckFailed(f"q differs by up to {away:.3g} {when}")


CHECKS: tuple[Check, ...] = (
    has_what_it_declares,
    unit_norm,
    fits_little_data,
    same_fit_twice,
    deterministic,
    independent_of_the_batch,
    leaves_its_input,
    estimates_what_is_centred,
    oracle_looks_at_the_target,
    *score_checks(fitted),
)
