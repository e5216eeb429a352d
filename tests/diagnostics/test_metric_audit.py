"""The audit of metrics against the closed forms of the worlds (METHODS §1)."""

from __future__ import annotations

import pytest
from diagnostics.worlds import Silent, world

from lvmctl.data.bayes import bayes_margins
from lvmctl.data.synth import World
from lvmctl.diagnostics.metric_audit import MetricAudit
from lvmctl.diagnostics.window_options import MetricOptions


@pytest.fixture(scope="module")
def audit():
    options = MetricOptions(articles=60, chunks=24)
    return MetricAudit(options)(world("topic"), Silent())


def rules(audit, name: str) -> dict:
    found = audit.figures["worlds"][name]["rules"]
    return {(rule["whose"], rule["rule"]): rule for rule in found}


@pytest.mark.parametrize(("name", "tolerance"), [("ar1", 1e-4), ("rotation", 1e-4)])
def test_the_perfect_predictor_has_its_closed_form(audit, name, tolerance):
    expected = bayes_margins(World(name), 5)["last"]
    figures = rules(audit, name)["seed", "margin[last]"]["figures"]
    assert figures["the perfect one"]["value"] == pytest.approx(expected, abs=tolerance)


def test_the_copier_is_the_perfect_predictor_of_ar1(audit):
    found = rules(audit, "ar1")["fair", "cos_next"]
    assert found["perfect_rank"] == 1
    figures = found["figures"]
    assert figures["the copier"]["value"] == pytest.approx(figures["the perfect one"]["value"])
    assert figures["the copier"]["value"] == pytest.approx(0.9, abs=1e-4)


@pytest.mark.parametrize("name", ["ar1", "rotation"])
def test_the_margin_prefers_its_maximiser(audit, name):
    found = rules(audit, name)
    assert found["seed", "margin[last]"]["first"] == "the margin maximiser"
    assert found["seed", "margin[last]"]["perfect_rank"] > 1
    assert found["fair", "cos_next"]["perfect_rank"] == 1
    assert found["fair", "R@5"]["perfect_rank"] == 1


def test_even_the_target_itself_loses_the_margin(audit):
    found = rules(audit, "synth:topic?articles=40&chunks=24&dim=8@val")
    assert found["fair", "cos_next"]["figures"]["the perfect one"]["value"] == pytest.approx(1)


def test_the_verdict(audit):
    assert audit.verdict == "SEED RULES MISLEAD"
    assert "margin[last] in ar1 (the margin maximiser comes first)" in audit.sentence
    assert len(audit.tables) == 3
    assert audit.tables[0].rows[0][0] == "the perfect one"
