"""Frozen, constant and chance figures planted into a history, and none in one that learns."""

from __future__ import annotations

import math

import pytest
from diagnostics.histories import planted, records, val

from lvmctl.core.formatting import number
from lvmctl.diagnostics.records import RunOptions
from lvmctl.diagnostics.runs.collapse import change_points
from lvmctl.diagnostics.runs.history import History
from lvmctl.diagnostics.runs.history_rules import (
    at_chance,
    constant_gates,
    history_findings,
    mixtures,
    off_target,
    worse_than_direct,
)


def changed(**figures):
    return planted(val(**figures))


@pytest.mark.parametrize("epochs", [2, 10, 25])
def test_a_healthy_history_has_no_finding(epochs):
    history = History(records(epochs))
    assert history_findings(history, change_points(history, RunOptions(permutations=99))) == []


def test_nothing_is_found_in_nothing():
    for record in ({"epoch": 1}, {"epoch": 1, "train": {}, "val": {}}, {"epoch": 1, "val": None}):
        assert history_findings(History([record]), {}) == []


@pytest.mark.parametrize(
    ("values", "name"),
    [
        ([0.4, 0.5, math.nan], "diverged"),
        ([0.0] * 10, "at-chance"),
        ([0.6 - 0.03 * epoch for epoch in range(15)], "collapse"),
        ([0.6, 0.6, 0.6, 0.2, 0.2], "collapse"),
    ],
)
def test_a_cosine_alone_shows_what_is_broken(values, name):
    history = History([{"epoch": e, "val": {"cos_next": v}} for e, v in enumerate(values, 1)])
    findings = history_findings(history, change_points(history, RunOptions(permutations=99)))
    assert [finding.name for finding in findings] == [name]


@pytest.mark.parametrize("weight", [1.0, 0.25, 0.6])
def test_a_gate_is_constant_where_training_and_validation_have_one_mean(weight):
    def constant(record):
        record["train"]["gate_weight_mean"] = record["val"]["gate_weight_mean"] = weight

    (finding,) = constant_gates(planted(constant))
    assert (finding.name, finding.epoch) == ("constant-gate", 1)
    assert f"gate_weight_mean is {weight:g}" in finding.evidence
    assert "leave the sample weight out" in finding.remedy
    config = {"sample": [{"name": "p7/directional-gate"}]}
    (finding,) = constant_gates(planted(constant, config=config))
    assert "--set gate_threshold=…" in finding.remedy


def test_a_mean_that_stays_over_epochs_alone_is_no_constant_gate():
    assert list(constant_gates(History(records()))) == []


def test_without_validation_only_a_known_weight_is_constant():
    def only_training(weight):
        def change(record):
            record["train"]["gate_weight_mean"] = weight
            del record["val"]

        return change

    config = {"sample": [{"options": {"weight": 0.25}}, None]}
    assert list(constant_gates(planted(only_training(0.57), config=config))) == []
    assert len(list(constant_gates(planted(only_training(1.0))))) == 1
    assert len(list(constant_gates(planted(only_training(0.25), config=config)))) == 1
    assert list(constant_gates(planted(only_training(0.25)))) == []


def test_a_mixture_on_one_chunk_or_on_all_is_constant():
    config = {"options": {"context": 5}}
    for entropy, words in ((0.001, "one chunk"), (math.log(5), "the centroid")):
        (finding,) = mixtures(planted(val(alpha_entropy=entropy), config=config))
        assert words in finding.evidence
    assert list(mixtures(changed(alpha_entropy=1.53))) == []
    assert list(mixtures(changed(alpha_entropy=math.log(5)))) == []  # K is not known


def test_ranks_at_chance_are_found_by_their_binomial_error():
    # 1500 windows at .14: two standard errors are .0179.
    (finding,) = at_chance(changed(**{"r@5": 0.157}))
    assert (finding.name, finding.severity, finding.epoch) == ("at-chance", "critical", 10)
    assert "R@5 in article .157, guessing gives .140 ± .018" in finding.evidence
    assert list(at_chance(changed(**{"r@5": 0.159}))) == []


def without_direct(**figures):
    return planted(lambda record: record["val"].pop("direct"), val(**figures))


def test_ranks_are_set_against_chance_where_their_number_is_not_known():
    def uncounted(rank, **more):
        counts = {"windows": None, "in_article_windows": None}
        return changed(**counts | {"r@5": rank} | more)

    (finding,) = at_chance(uncounted(0.14))
    assert "R@5 in article .140, guessing gives .140; direct has .300" in finding.evidence
    assert list(at_chance(uncounted(0.15))) == []
    assert list(at_chance(uncounted(0.1, windows=0))) == []


def test_a_chance_at_its_edge_has_no_error():
    assert list(at_chance(changed(**{"r@5": 0.5, "chance_r@5": -1e-7}))) == []


@pytest.mark.parametrize("value", [0.049, 0.0, -0.2])
def test_predictions_without_likeness_to_the_target_are_at_chance(value):
    (finding,) = off_target(without_direct(cos_next=value))
    assert (finding.name, finding.severity, finding.epoch) == ("at-chance", "critical", 10)
    assert finding.evidence == f"cos_next {number(value)}, a direction drawn at random has 0"
    assert list(off_target(without_direct(cos_next=0.051))) == []


def test_likeness_is_set_against_what_the_last_chunk_has():
    def beside(value, direct):
        return [f.evidence for f in off_target(changed(cos_next=value, direct=direct))]

    assert "direct has .420" in beside(0.04, {"cos_next": 0.42})[0]
    assert beside(0.04, {"cos_next": 0.06}) == []  # small where all are small: whitened chunks
    assert beside(0.01, {"cos_next": 0.04}) == []
    assert beside(0.01, {"cos_next": -0.2}) == []
    assert len(beside(-0.06, {"cos_next": 0.01})) == len(beside(-0.06, {"cos_next": -0.1})) == 1


def test_predictions_that_rank_better_than_the_last_chunk_are_of_some_use():
    (finding,) = off_target(changed(**{"cos_next": 0.0, "r@5": 0.31}))
    assert finding.severity == "serious"
    (finding,) = off_target(changed(**{"cos_next": 0.0, "r@5": 0.3}))
    assert finding.severity == "critical"


def test_a_remedy_asks_whether_it_still_learns():
    (finding,) = at_chance(changed(**{"r@5": 0.1}))
    learns = History(records())
    best = max(p.value for p in learns.curve("val.cos_next"))
    still = learns.last("val.cos_next") == best
    assert ("still learns" in finding.remedy) == still

    falls = changed(**{"r@5": 0.1, "cos_next": lambda epoch: 0.5 - 0.001 * epoch})
    (finding,) = at_chance(falls)
    assert "what happened first" in finding.remedy


def test_data_in_which_direct_is_at_chance_is_not_the_runs_fault():
    (finding,) = at_chance(changed(**{"r@5": 0.14, "direct": {"r@5": 0.14}}))
    assert finding.severity == "minor"
    assert "diagnose ceilings" in finding.remedy


def test_losing_to_the_last_chunk_on_both_figures_is_reported():
    (finding,) = worse_than_direct(changed(**{"cos_next": 0.3, "r@5": 0.2}))
    assert finding.name == "worse-than-direct"
    assert "cos_next .300 and R@5 .200" in finding.evidence
    assert list(worse_than_direct(changed(**{"cos_next": 0.3, "r@5": 0.4}))) == []
    assert list(worse_than_direct(changed(**{"cos_next": 0.5, "r@5": 0.2}))) == []


def test_one_figure_is_compared_where_the_other_is_not_known():
    (finding,) = worse_than_direct(changed(**{"r@5": 0.25, "direct": {"r@5": 0.7}}))
    assert "R@5 .250, where the last chunk itself (direct) has .700" in finding.evidence
    assert "cos_next" not in finding.evidence
    assert list(worse_than_direct(changed(**{"r@5": 0.69, "direct": {"r@5": 0.7}}))) == []
    (finding,) = worse_than_direct(changed(cos_next=0.3, direct={"cos_next": 0.42}))
    assert finding.evidence.startswith("cos_next .300, where")
    assert list(worse_than_direct(without_direct(cos_next=0.1))) == []
