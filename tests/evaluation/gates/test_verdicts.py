"""Verdicts on single gates, from made-up figures: every status and what leads to it."""

from __future__ import annotations

import json
import math
from dataclasses import replace

import pytest
from evaluation.gates.estimates import NAMED, evidence

from lvmctl.evaluation.gates.bounds import Estimate
from lvmctl.evaluation.gates.verdicts import gate_verdict
from lvmctl.registry.verdict_specs import VerdictGate


def verdict_of(gate: VerdictGate | str, model, ceiling=None, chance=None, name="oracle", **options):
    """The verdict on a gate where the model, its ceiling and ``random`` have these figures."""
    gate = NAMED[gate] if isinstance(gate, str) else gate
    values = {"m": model, name: ceiling, "random": chance}
    figures = {who: {gate.metric: value} for who, value in values.items()}
    proof = evidence(figures, {(who, gate.against): paths for who, paths in figures.items()})
    return gate_verdict(gate, "m", options.pop("geometry", "unit"), proof, **options)


def test_a_gate_that_its_ceiling_fails_is_infeasible():
    verdict = verdict_of("p8-margin", 0.05, 0.12, name="cone-margin-ceiling", geometry="cone")
    assert (verdict.status, verdict.fair.status) == ("INFEASIBLE", "FAIL")
    assert verdict.why == "cone-margin-ceiling has .120"
    assert verdict.ceiling == ("cone-margin-ceiling", Estimate(0.12, 0.12, 0.12))


def test_a_gate_that_its_ceiling_passes_is_the_models_failure():
    verdict = verdict_of("p8-margin", 0.05, 0.20, name="cone-margin-ceiling", geometry="cone")
    assert (verdict.status, verdict.why) == ("FAIL", "")


def test_the_ceiling_of_another_class_is_not_asked():
    verdict = verdict_of("p8-margin", 0.05, 0.12, name="cone-margin-ceiling", geometry="span")
    assert (verdict.status, verdict.ceiling) == ("FAIL", None)


@pytest.mark.parametrize(
    ("model", "status"), [(0.9, "VACUOUS"), (0.1, "VACUOUS"), (None, "ABSENT")]
)
def test_a_gate_that_random_passes_is_vacuous_whatever_the_model_does(model, status):
    # A bank of six candidates: R@5 is 5/6 by chance.
    verdict = verdict_of("p8-r5", model, 1.0, chance=5 / 6)
    assert verdict.status == status
    if status == "VACUOUS":
        assert verdict.why == "random has .833"


@pytest.mark.parametrize("name", ["p6b-stability", "ship-latency"])
def test_stability_and_latency_are_subject_to_neither(name):
    for who in ("oracle", "wiener", "ridge"):
        verdict = verdict_of(name, 9.0, 9.0, chance=0.0, name=who)
        assert (verdict.status, verdict.ceiling, verdict.random) == ("FAIL", None, None)
    assert verdict_of(name, 0.01, 9.0, chance=0.0).status == "PASS"


def test_what_is_not_a_number_fails_whatever_can_be_reached():
    assert verdict_of("p8-margin", math.nan, 0.12, name="unit-margin-ceiling").status == "FAIL"


def test_a_ceiling_without_an_interval_is_judged_by_its_figure():
    wide = Estimate(0.3, -0.1, 0.7)
    assert verdict_of("ship-r5", wide, Estimate(0.4)).status == "MARGINAL"
    assert verdict_of("ship-r5", wide, Estimate(0.09)).status == "INFEASIBLE"


def test_the_ceiling_is_judged_interval_and_all():
    wide = Estimate(0.3, -0.1, 0.7)
    assert verdict_of("ship-r5", wide, Estimate(0.4, 0.05, 0.7)).status == "INFEASIBLE"
    assert verdict_of("ship-r5", wide, Estimate(0.4, 0.15, 0.7)).status == "MARGINAL"
    assert verdict_of("ship-r5", wide, Estimate(0.4, 0.15, 0.7), chance=wide).status == "MARGINAL"
    sure = Estimate(0.3, 0.2, 0.4)
    assert verdict_of("ship-r5", wide, Estimate(0.4, 0.15, 0.7), chance=sure).status == "VACUOUS"


def test_a_ceiling_between_the_bounds_does_not_pass():
    assert verdict_of("p7-cosine", 0.36, 0.40).status == "INFEASIBLE"


@pytest.mark.parametrize("unknown", [None, math.nan, Estimate(0.0, windows=0)])
def test_without_a_ceiling_the_model_is_judged_as_it_is(unknown):
    assert verdict_of("p7-cosine", 0.36, unknown).status == "MARGINAL"
    assert verdict_of("p7-cosine", 0.36, unknown).ceiling is None


@pytest.mark.parametrize(
    ("gate", "wiener", "ridge", "top"),
    [
        ("p6b-rollout", 0.30, 0.40, ("ridge", 0.40)),
        ("p6b-rollout", 0.40, 0.30, ("wiener", 0.40)),
        ("p6b-rollout", 0.40, math.nan, ("wiener", 0.40)),
        ("p6b-shuffled", -0.10, -0.02, ("wiener", -0.10)),
        ("p6b-shuffled", -0.02, -0.10, ("ridge", -0.10)),
    ],
)
def test_of_two_ceilings_the_better_one_counts(gate, wiener, ridge, top):
    metric = NAMED[gate].metric
    figures = {"m": {metric: 0.1}, "wiener": {metric: wiener}, "ridge": {metric: ridge}}
    verdict = gate_verdict(NAMED[gate], "m", "unit", evidence(figures))
    assert verdict.status == "INFEASIBLE"
    assert (verdict.ceiling[0], verdict.ceiling[1].value) == top


def test_of_two_ceilings_one_that_passes_beats_a_larger_one():
    gate = replace(NAMED["fair-offsets"], metric="offsets.fair")
    differences = {
        ("m", "direct"): {gate.metric: -0.1},
        ("cone-oracle", "direct"): {gate.metric: Estimate(0.1, -0.05, 0.25)},
        ("cone-margin-oracle", "direct"): {gate.metric: Estimate(0.2, -0.1, 0.5)},
    }
    assert gate_verdict(gate, "m", "cone", evidence({}, differences)).status == "INFEASIBLE"
    differences["cone-oracle", "direct"] = {gate.metric: Estimate(0.1, 0.05, 0.15)}
    verdict = gate_verdict(gate, "m", "cone", evidence({}, differences))
    assert (verdict.status, verdict.ceiling[0]) == ("FAIL", "cone-oracle")


def test_a_lead_on_a_baseline_is_not_out_of_reach_because_it_has_none_on_itself():
    gate = NAMED["fair-rollout"]
    differences = {
        ("m", "wiener"): {gate.metric: -0.1},
        ("wiener", "wiener"): {gate.metric: 0.0},
        ("ridge", "wiener"): {gate.metric: Estimate(-0.2, -0.3, -0.1)},
    }
    assert gate_verdict(gate, "m", "cone", evidence({}, differences)).status == "FAIL"


def test_a_model_may_surpass_a_ceiling_that_is_no_oracle():
    # wiener and ridge are good predictors, not perfect ones.
    assert verdict_of("p6b-rollout", 0.50, 0.40, name="ridge").status == "PASS"
    assert verdict_of("p8-order", 0.80, 0.55, name="order-classifier").status == "PASS"
    assert verdict_of("p8-order", 0.60, 0.55, name="order-classifier").status == "INFEASIBLE"
    # What the truth itself does not pass is no merit of the model.
    assert verdict_of("p7-anchor", 0.97, 0.30).status == "INFEASIBLE"


def test_gates_against_a_baseline_judge_differences():
    differences = {
        ("m", "direct"): {NAMED["ship-r5"].metric: Estimate(0.12, 0.11, 0.13)},
        ("oracle", "direct"): {NAMED["ship-r5"].metric: Estimate(0.6, 0.5, 0.7)},
        ("random", "direct"): {NAMED["ship-r5"].metric: Estimate(-0.3, -0.4, -0.2)},
    }
    figures = {"direct": {NAMED["ship-r5"].metric: 0.33}, "m": {NAMED["ship-r5"].metric: 0.0}}
    verdict = gate_verdict(NAMED["ship-r5"], "m", "cone", evidence(figures, differences))
    assert verdict.status == "PASS"
    assert verdict.judged.estimate == Estimate(0.12, 0.11, 0.13)
    assert (verdict.ceiling[1].value, verdict.random.value) == (0.6, -0.3)
    assert verdict.direct.value == 0.33


@pytest.mark.parametrize(
    ("gate", "why"),
    [
        ("p6b-deployment-r5", "no OOD windows"),
        ("strict-rollout-ood", "no OOD windows"),
        ("fair-stability", "no OOD windows"),
        ("fair-rollout", "wiener was not measured"),
        ("p8-order", "the run does not log it"),
        ("ship-latency", "not timed"),
        ("p6b-r1", "no article is long enough"),
        ("p6b-rollout", "no article is long enough"),
        ("p7-cosine", "not measured"),
    ],
)
@pytest.mark.parametrize("published_rules", [True, False])
def test_what_was_not_measured_is_absent_and_says_why(gate, why, published_rules):
    verdict = verdict_of(gate, None, published_rules=published_rules)
    assert (verdict.status, verdict.why) == ("ABSENT", why)


def test_a_prediction_that_is_not_a_number_fails():
    assert verdict_of("p7-cosine", math.nan, 1.0).status == "FAIL"
    assert verdict_of("p6b-shuffled", math.nan, -0.2, name="ridge").status == "FAIL"


def test_both_rules_stand_side_by_side():
    gate = NAMED["p6b-r5"]
    figures = {
        "m": {gate.metric: 0.72, gate.seed_metric: 0.61},
        "oracle": {gate.metric: 1.0, gate.seed_metric: 0.99},
        "random": {gate.metric: 0.1, gate.seed_metric: 0.09},
        "direct": {gate.metric: 0.32, gate.seed_metric: 0.24},
    }
    fair = gate_verdict(gate, "m", "unit", evidence(figures))
    seed = gate_verdict(gate, "m", "unit", evidence(figures), published_rules=True)
    for outcome in (fair, seed):
        assert (outcome.fair.status, outcome.fair.estimate.value) == ("PASS", 0.72)
        assert (outcome.seed.status, outcome.seed.estimate.value) == ("FAIL", 0.61)
        assert outcome.seed.metric == "in_article.unfiltered.r@5"
    assert (fair.status, seed.status) == ("PASS", "FAIL")
    # Ceiling, chance and baseline belong to the figure that is judged.
    assert (fair.ceiling[1].value, fair.random.value, fair.direct.value) == (1.0, 0.1, 0.32)
    assert (seed.ceiling[1].value, seed.random.value, seed.direct.value) == (0.99, 0.09, 0.24)


def test_the_seeds_asked_neither_for_intervals_nor_for_feasibility():
    wide = Estimate(0.3, -0.1, 0.7)
    gate = replace(NAMED["ship-r5"], seed_metric=None)
    assert verdict_of(gate, wide, Estimate(0.4, 0.05, 0.7), published_rules=True).status == "PASS"
    assert verdict_of("p7-cosine", 0.2, 0.3, chance=1.0, published_rules=True).status == "FAIL"


def test_a_record_is_plain_data_with_every_key():
    record = verdict_of("p8-margin", math.nan, 0.12, -0.01, name="unit-margin-ceiling").record()
    assert json.loads(json.dumps(record, allow_nan=False)) == record
    outcome = {"value": None, "ci": [None, None], "status": "FAIL"}
    assert record == {
        "name": "p8-margin",
        "category": "",
        "metric": "margin.last",
        "split": "val",
        "against": None,
        "op": ">=",
        "bound": 0.2,
        "marginal": None,
        "require_interval": False,
        "value": None,
        "ci": [None, None],
        "seed": {"metric": "margin.last", **outcome},
        "fair": {"metric": "margin.last", **outcome},
        "status": "FAIL",
        "why": "",
        "ceiling": {"name": "unit-margin-ceiling", "value": 0.12},
        "random": -0.01,
        "direct": None,
        "source": NAMED["p8-margin"].source,
        "optional": False,
    }
    absent = verdict_of("p6b-stability", None).record()
    assert (absent["op"], absent["bound"], absent["value"], absent["ci"]) == (
        "<=",
        0.05,
        None,
        None,
    )
    assert (absent["ceiling"], absent["random"]) == (None, None)
