"""Each check of verdict gates, profiles and metrics fails for a record that breaks its rule."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from testing.judged import address, fails, failures, judged, passes

from lvmctl.registry.verdict_specs import MetricSpec, ProfileSpec, VerdictGate

R5 = "in_article.filtered.r@5"
SOUND = VerdictGate(
    name="x",
    summary="Beside direct, wiener and direct-centred.",
    metric="margin.last",
    at_least=0.2,
    marginal=0.1,
)
DIRECT = replace(
    SOUND, metric=R5, at_least=0.0, marginal=None, against="direct", require_interval=True
)
PROFILE = ProfileSpec(name="all", summary="All of it.", gates=("x",), source="here")


TOLD = MetricSpec(name="told", summary="A metric.", low=0.0, high=1.0)
LATENCY = {"metric": "latency.ratio", "at_least": None, "at_most": 1.15, "marginal": 1.3}
GAP = {"metric": "coherence.gap", "at_least": None, "at_most": 0.05, "marginal": 0.1}

test_a_sound_gate_passes = passes(
    [
        SOUND,
        replace(SOUND, metric="cos_next", split="ood", at_least=0.5),
        replace(SOUND, **LATENCY),
        replace(SOUND, **GAP),
        replace(SOUND, metric="told"),
        DIRECT,
        replace(DIRECT, metric="ablations.shuffled", against="wiener"),
        replace(DIRECT, against="direct-centred"),
    ],
    PROFILE,
    TOLD,
    core=True,
)

BELONGS, MEASURED = "says_where_it_belongs", "figure_is_measured"
ORDER, VALUES = "bounds_are_in_order", "some_values_pass_and_some_fail"
BROKEN = [
    ({"category": "F"}, BELONGS, "category 'F' is not a test of 5CAT"),
    ({"split": "train"}, BELONGS, "split 'train' is never judged"),
    ({"reference": "core/fre"}, BELONGS, "no model 'core/fre'; did you mean 'free'?"),
    ({"against": "ridge"}, BELONGS, "does not name ridge"),
    ({"name": "y"}, BELONGS, "no profile names it"),
    ({"metric": "margin.lst"}, MEASURED, "nothing measures 'margin.lst' on val windows; did you"),
    ({"seed_metric": "offsets.sed"}, MEASURED, "did you mean 'offsets.seed'"),
    ({"metric": "ablations.shuffled", "split": "ood"}, MEASURED, "on ood windows"),
    ({"metric": "latency.ratio", "against": "direct"}, MEASURED, "of direct too"),
    ({"metric": "share"}, MEASURED, "nothing measures 'share'"),
    ({"against": "dirct"}, MEASURED, "against 'dirct', which is not a baseline"),
    ({"against": "random-centred"}, MEASURED, "which is not a baseline"),
    ({"at_least": math.nan, "marginal": None}, ORDER, "a figure of nan gets FAIL"),
    ({"marginal": 0.3}, ORDER, "0.3 lies on the passing side"),
    ({"marginal": math.inf, "at_least": None, "at_most": 0.2}, ORDER, "is not a failing value"),
    ({"metric": R5, "at_least": 70.0}, VALUES, "nothing can pass: in_article.filtered.r@5 lies"),
    ({"metric": R5, "at_least": 0.0, "marginal": None}, VALUES, "nothing can fail"),
    ({"at_least": None, "at_most": 2.0, "marginal": None}, VALUES, "nothing can fail"),
    (
        {"metric": R5, "at_least": None, "at_most": 0.5, "marginal": 0.6},
        "chance_does_not_beat_the_target",
        "oracle FAIL 1.000, random PASS 0.",
    ),
]

test_a_broken_gate_fails_its_check = fails(
    [(replace(SOUND, **details), check, why) for details, check, why in BROKEN], PROFILE, core=True
)

OTHERS = SOUND, replace(SOUND, name="free", optional=True)
test_a_sound_profile_passes = passes([PROFILE], *OTHERS)
test_a_broken_profile_fails_its_check = fails(
    [
        (replace(PROFILE, gates=("x", "z")), "gates_are_verdicts", "z"),
        (replace(PROFILE, source=""), "gates_are_verdicts", "no source for its bound"),
        (replace(PROFILE, needed=2), "needed_can_be_passed", "it needs 2 of 1 tests"),
        (replace(PROFILE, gates=("free",)), "needed_can_be_passed", "gates are optional"),
    ],
    *OTHERS,
)


# ------------------------------------------------------------------ metrics


CEILING = "ceiling_is_a_value_for_each_window"


def metric(values=None, **details) -> MetricSpec:
    """A metric whose ceiling is ``values(windows)``."""
    named = {"ceiling": "top", "target": address(lambda train, w: values(w))} if values else {}
    return replace(TOLD, **named, **details)


@pytest.mark.parametrize("record", [TOLD, replace(TOLD, chance=0.5)])
def test_a_sound_metric_passes(record):
    outcomes = judged(record)
    assert failures(outcomes) == {}
    assert CEILING not in outcomes
    halves = metric(lambda windows: np.where(np.arange(len(windows)) % 2, 0.5, np.nan))
    assert judged(halves)[CEILING].why == "0.500 on text-like chunks"


test_a_broken_metric_fails_its_check = fails(
    [
        (metric(chance=2.0), "chance_is_possible", "2 is not between 0 and 1"),
        (metric(lambda windows: 0.5), CEILING, "252 windows it gives values of shape ()"),
        (metric(lambda w: np.full(len(w), 50.0)), CEILING, "it gives 50, beyond 0 to 1"),
        (
            metric(lambda windows: np.random.default_rng().random(len(windows))),
            CEILING,
            "asked again, it gives other values",
        ),
    ]
)
