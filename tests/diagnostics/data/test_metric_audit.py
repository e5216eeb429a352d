"""The audit of metrics against the closed forms of the worlds (docs/methods.md#worlds)."""

from __future__ import annotations

from dataclasses import replace

import pytest
from data.synthetic.closed_forms import bayes_margins
from diagnostics.worlds import world
from recorder import Recorder

from lvmctl.data.synthetic.worlds import World
from lvmctl.diagnostics.data.metric_audit import MetricAudit
from lvmctl.diagnostics.data.metric_audit import audit as audited
from lvmctl.diagnostics.records import MetricOptions
from lvmctl.evaluation.gates.bounds import Estimate


@pytest.fixture(scope="module")
def audit():
    options = MetricOptions(articles=60, chunks=24)
    return MetricAudit(options)(world("topic"), Recorder())


def rules(audit, name: str) -> dict:
    by_rule = audit.figures["worlds"][name]["rules"]
    return {(rule["whose"], rule["rule"]): rule for rule in by_rule}


@pytest.mark.parametrize(("name", "tolerance"), [("ar1", 1e-4), ("rotation", 1e-4)])
def test_the_perfect_predictor_has_its_closed_form(audit, name, tolerance):
    expected = bayes_margins(World(name), 5)["last"]
    figures = rules(audit, name)["seed", "margin[last]"]["figures"]
    assert figures["the perfect one"]["value"] == pytest.approx(expected, abs=tolerance)


def test_the_copier_is_the_perfect_predictor_of_ar1(audit):
    rule = rules(audit, "ar1")["fair", "cos_next"]
    assert rule["perfect_rank"] == 1
    figures = rule["figures"]
    assert figures["the copier"]["value"] == pytest.approx(figures["the perfect one"]["value"])
    assert figures["the copier"]["value"] == pytest.approx(0.9, abs=1e-4)


@pytest.mark.parametrize("name", ["ar1", "rotation"])
def test_the_margin_prefers_its_maximiser(audit, name):
    by_rule = rules(audit, name)
    assert by_rule["seed", "margin[last]"]["first"] == "the margin maximiser"
    assert by_rule["seed", "margin[last]"]["perfect_rank"] > 1
    assert by_rule["fair", "cos_next"]["perfect_rank"] == 1
    assert by_rule["fair", "R@5"]["perfect_rank"] == 1
    assert by_rule["fair", "offset accuracy"]["perfect_rank"] == 1


def test_the_margin_over_the_best_chunk_outside_prefers_a_copier(audit):
    rule = rules(audit, "rotation")["diagnostic", "margin outside"]
    assert rule["first"] == "the copier"


def test_even_the_target_itself_loses_the_margin(audit):
    by_rule = rules(audit, "synth:topic?articles=40&chunks=24&dim=8@val")
    assert by_rule["fair", "cos_next"]["figures"]["the perfect one"]["value"] == pytest.approx(1)


def test_the_verdict(audit):
    assert audit.verdict == "PUBLISHED RULES MISLEAD"
    assert audit.sentence == (
        "A perfect predictor loses 4 of 9 rankings by the published rules, and 0 of 9 by the fair "
        "rules."
    )
    rules, *worlds = audit.tables
    assert rules.rows[0][0] == "published: margin[last]"
    assert rules.rows[0][1].startswith("✗ -.100 < +.0")
    assert rules.rows[3][:2] == ("fair: cos_next", "✓ +.900")
    assert [table.detail for table in (rules, *worlds)] == [False, True, True, True]
    assert worlds[0].header[:3] == ("rule", "perfect one", "copier")


@pytest.mark.parametrize("name", ["ar1", "rotation"])
def test_a_store_that_is_called_like_a_world_stands_beside_it(name):
    splits = world("topic", articles=20, chunks=12)
    named = replace(splits, val=replace(splits.val, name=name))
    options = MetricOptions(articles=20, chunks=14, min_article=8)
    diagnosis = MetricAudit(options)(named, Recorder())
    worlds = diagnosis.figures["worlds"]
    assert list(worlds) == ["ar1", "rotation", f"store {name}"]
    assert [each["perfect"] for each in worlds.values()] == ["bayes", "bayes", "oracle"]
    assert worlds[f"store {name}"]["windows"] != worlds[name]["windows"]
    assert [table.title.partition(" (")[0] for table in diagnosis.tables[1:]] == list(worlds)


@pytest.mark.parametrize(("more", "rank"), [(5e-7, 1), (0.0, 1), (2e-6, 2), (-0.1, 1)])
def test_equal_within_rounding_is_not_better(more, rank):
    class MetricTable:
        windows = (0,)

        def estimate(self, name: str, path: str) -> Estimate | None:
            if path != "cos_next":
                return None
            return Estimate({"bayes": 0.9, "direct": 0.9 + more, "centroid": 0.5}.get(name, 0.1))

    (rule,) = audited(MetricTable(), "bayes")["rules"]
    assert rule["perfect_rank"] == rank
    assert rule["first"] == ("the copier" if rank == 2 else "the perfect one")
