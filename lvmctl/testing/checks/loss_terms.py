"""A check of losses: the total is made of the terms that are logged."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from lvmctl.core.batch import LossOutput
from lvmctl.testing.check import Skipped, Subject, Unmet, check
from lvmctl.testing.inputs.batches import random_prediction
from lvmctl.testing.inputs.loss_trial import Trial, listed, sound

TOLERANCE = 1e-5
"""Share of the largest total; float32 has seven digits."""

SPARE = 8
"""Batches beyond twice the number of coefficients."""


@check
def total_is_the_weighted_terms(subject: Subject) -> str:
    """The total is the sum of the terms, each with a fixed weight or with one that a metric tells.

    The same coefficients have to fit more batches than there are coefficients: first one for each
    term, then one also for each term times each metric, for a loss that adapts its weights.
    """
    trial = sound(subject)
    output = trial(*trial.example())
    terms = list(output.terms)
    if not terms:
        raise Unmet('it logs no term; give the total a name, such as terms={"angle": total}')
    factors, left = fit([row(output) for output in outputs(trial, 2 * len(terms) + SPARE)])
    if left <= TOLERANCE:
        return f"total = {' + '.join(f'{c:.3g}·{name}' for c, name in zip(factors, terms))}"
    count = len(terms) * (1 + len(output.metrics))
    _, rest = fit([row(output, adaptive=True) for output in outputs(trial, 2 * count + SPARE)])
    if rest <= TOLERANCE:
        return f"the weights of {listed(terms)} depend on the batch, as its metrics tell"
    raise Unmet(
        f"{left:.2%} of the total is not a sum of its terms {listed(terms)} with fixed weights; "
        "log what is missing as a term, or a weight that changes with the batch as a metric"
    )


def outputs(trial: Trial, count: int) -> Iterator[LossOutput]:
    """What the loss says of ``count`` batches, with predictions from far to near."""
    for seed, closeness in enumerate(np.linspace(-0.9, 0.95, count)):
        batch = trial.batch(seed)
        yield trial(random_prediction(batch, float(closeness), seed), batch)


def row(output: LossOutput, adaptive: bool = False) -> list[float]:
    """What the total should be a sum of, and the total.

    Raises:
        Skipped: something is not finite.
    """
    metrics = [float(value) for value in output.metrics.values()] if adaptive else []
    terms = [float(value) for value in output.terms.values()]
    found = [*terms, *(metric * term for metric in metrics for term in terms), float(output.total)]
    if not np.isfinite(found).all():
        raise Skipped("its values are not finite")
    return found


def fit(rows: Sequence[Sequence[float]]) -> tuple[np.ndarray, float]:
    """The coefficients nearest to giving every row's last number from the others, in float64, and
    the largest error as a share of the largest of these."""
    *columns, totals = np.array(rows).T
    sizes = np.abs(columns).max(axis=1)
    sizes[sizes == 0] = 1
    matrix = np.stack(columns, axis=1) / sizes
    factors = np.linalg.lstsq(matrix, totals, rcond=None)[0]
    left = np.abs(matrix @ factors - totals).max() / max(np.abs(totals).max(), 1e-30)
    return factors / sizes, float(left)
