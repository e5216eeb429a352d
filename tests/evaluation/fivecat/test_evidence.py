"""Figures that verdicts ask for beside those of one split: 5CAT E's gap, and a run's time."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from lvmctl.evaluation.fivecat.evidence import evidence
from lvmctl.evaluation.gates.bounds import Estimate
from lvmctl.evaluation.per_window import WindowMetric
from lvmctl.evaluation.statistics.intervals import Resampling, difference_interval
from lvmctl.registry import load_registry

ARTICLE = np.repeat(np.arange(12), 4)


def table(values: np.ndarray) -> SimpleNamespace:
    """What one predictor, ``run``, did on 12 articles of 4 windows."""
    columns = {"cos_next": WindowMetric(values, np.arange(48))}
    return SimpleNamespace(
        measured={"run": SimpleNamespace(metrics=columns)},
        windows=SimpleNamespace(article=ARTICLE),
        resampling=Resampling(12, resamples=200),
    )


@pytest.mark.parametrize("ahead", [0.0, 0.3, -0.3])
def test_the_gap_judged_is_its_size_wherever_the_signed_one_may_lie(ahead):
    rng = np.random.default_rng(0)
    val, ood = table(rng.normal(0.5 + ahead, 0.1, 48)), table(rng.normal(0.5, 0.1, 48))
    proof = evidence(load_registry(), {"val": val, "ood": ood}, "run", None)
    estimate = proof.estimate("run", "val", "coherence.gap")
    samples = (
        (each.resampling, each.measured["run"].metrics["cos_next"].values, ARTICLE)
        for each in (val, ood)
    )
    low, high = difference_interval(*samples)
    assert (low < 0 < high) == (ahead == 0)
    sizes = np.abs(np.linspace(low, high, 100_001))
    assert (estimate.low, estimate.high) == pytest.approx((sizes.min(), sizes.max()), abs=1e-5)
    assert estimate.low <= estimate.value <= estimate.high
    assert estimate.value == pytest.approx(abs(ahead), abs=0.06)
    assert estimate.windows == 96


def test_there_is_no_gap_of_one_split_or_of_who_was_not_measured():
    first, two = table(np.zeros(48)), table(np.zeros(48))
    alone = evidence(load_registry(), {"val": first}, "run", None)
    assert alone.estimate("run", "val", "coherence.gap") is None
    both = evidence(load_registry(), {"val": first, "ood": two}, "run", None)
    assert both.estimate("other", "val", "coherence.gap") is None


def test_a_time_is_that_of_the_run_alone():
    ratio = Estimate(1.1, 1.0, 1.2)
    proof = evidence(load_registry(), {}, "run", ratio)
    assert proof.estimate("run", "val", "latency.ratio") == ratio
    assert proof.estimate("direct", "val", "latency.ratio") is None
