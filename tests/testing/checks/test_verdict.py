"""Each check of verdict gates fails for a record that breaks its rule, and for no sound one."""

from __future__ import annotations

import math
import re
from dataclasses import replace

import judged
import pytest
import torch
from beside_core import judged_beside_core

from lvmctl import LossOutput
from lvmctl.evaluation.gates.bounds import judge
from lvmctl.registry import load_registry
from lvmctl.registry.specs import LossSpec
from lvmctl.registry.verdict_specs import MetricSpec, VerdictGate
from lvmctl.testing.checks import verdict as verdict_checks
from lvmctl.testing.checks.verdict import CHECKS
from lvmctl.testing.conformance import cases

R5 = "in_article.filtered.r@5"
SOUND = VerdictGate(
    name="x",
    summary="A gate.",
    metric="margin.last",
    at_least=0.2,
    marginal=0.1,
)
LEAD = replace(
    SOUND, metric=R5, at_least=0.0, marginal=None, against="direct", require_interval=True
)


class Sharing(torch.nn.Module):
    """A loss that logs a share."""

    def forward(self, prediction, batch, step):
        loss = 1 - (prediction.q * batch.target).sum(-1)
        return LossOutput({"mine": loss}, {"share": loss})


SHARING = LossSpec(name="sharing", summary="A loss.", target=f"{__name__}:Sharing")


def failures(record, *others):
    return judged.failures(judged_beside_core(record, CHECKS, *others))


@pytest.mark.parametrize(
    "record",
    [
        SOUND,
        LEAD,
        replace(LEAD, metric="ablations.shuffled", at_least=None, at_most=0.0, against="wiener"),
        replace(LEAD, against="direct-centred"),
        replace(SOUND, metric="cos_next", split="ood", at_least=0.5),
        replace(SOUND, metric="latency.ratio", at_least=None, at_most=1.15, marginal=1.3),
        replace(SOUND, metric="coherence.gap", at_least=None, at_most=0.05, marginal=0.1),
    ],
    ids=lambda record: f"{record.metric} {record.split} {record.against}",
)
def test_a_sound_gate_passes(record):
    assert failures(record) == {}


def test_what_an_installed_loss_logs_can_be_judged():
    record = replace(SOUND, metric="share")
    assert failures(record, SHARING) == {}
    assert list(failures(record)) == ["figure_is_measured"]


def test_a_metric_that_a_plugin_declares_can_be_judged_within_its_bounds():
    metric = MetricSpec(name="told", summary="A metric.", low=0.0, high=1.0)
    record = replace(SOUND, metric="told", at_least=0.75, marginal=0.6)
    assert failures(record, metric) == {}
    assert list(failures(record)) == ["figure_is_measured"]
    found = failures(replace(record, at_least=1.5), metric)
    assert "nothing can pass: told lies between 0 and 1" in found[VALUES]


MEASURED, VALUES = "figure_is_measured", "some_values_pass_and_some_fail"
BROKEN = [
    ({"metric": "margin.lst"}, MEASURED, "nothing measures 'margin.lst' on val windows; "),
    ({"metric": "margin.lst"}, MEASURED, "did you mean 'margin.last'"),
    ({"seed_metric": "offsets.sed"}, MEASURED, "did you mean 'offsets.seed'"),
    ({"metric": "ablations.shuffled", "split": "ood"}, MEASURED, "on ood windows"),
    ({"metric": "latency.ratio", "against": "direct"}, MEASURED, "of direct too"),
    ({"marginal": 0.3}, "marginal_is_short_of_the_bound", "0.3 lies on the passing side"),
    ({"marginal": 0.2}, "marginal_is_short_of_the_bound", "passing side of the bound 0.2"),
    ({"metric": R5, "at_least": 70.0}, VALUES, "nothing can pass: .* between 0 and 1"),
    ({"metric": R5, "at_least": 0.0, "marginal": None}, VALUES, "nothing can fail"),
    ({"at_least": None, "at_most": 2.0, "marginal": None}, VALUES, "nothing can fail"),
    (
        {"metric": R5, "at_least": None, "at_most": 0.5, "marginal": 0.6},
        "chance_does_not_beat_the_target",
        r"oracle FAIL 1.000, random PASS 0\.",
    ),
]


@pytest.mark.parametrize(("details", "check", "why"), BROKEN)
def test_a_broken_gate_fails_its_check_alone(details, check, why):
    found = failures(replace(SOUND, **details))
    assert list(found) == [check]
    assert re.search(why, found[check])


@pytest.mark.parametrize("name", ["dirct", "core/direct", "random-centred"])
def test_only_a_name_that_evaluation_shows_can_be_compared_with(name):
    found = failures(replace(LEAD, against=name))
    assert set(found) == {MEASURED, "chance_does_not_beat_the_target"}
    assert f"against '{name}', which no baseline is called" in found[MEASURED]


def test_a_bound_that_is_no_number_decides_nothing():
    found = failures(replace(SOUND, at_least=math.nan, marginal=None))
    assert "a figure of nan gets FAIL" in found["bound_decides"]


def judged_by(monkeypatch, rule):
    monkeypatch.setattr(verdict_checks, "judge", rule)
    return failures(SOUND)


def test_an_order_that_is_upside_down_somewhere_is_told(monkeypatch):
    def rule(gate, figure, require_interval):
        return "FAIL" if figure and figure.value > 1 else judge(gate, figure, require_interval)

    why = judged_by(monkeypatch, rule)["better_is_never_worse"]
    assert "which is better, FAIL (smallest example" in why


def test_a_bound_that_does_not_pass_itself_is_told(monkeypatch):
    def rule(gate, figure, require_interval):
        short = figure and figure.value == gate.at_least
        return "MARGINAL" if short else judge(gate, figure, require_interval)

    assert list(judged_by(monkeypatch, rule)) == ["bound_decides"]


def test_a_marginal_band_that_nothing_is_in_is_told(monkeypatch):
    def rule(gate, figure, require_interval):
        return judge(replace(gate, marginal=None), figure, require_interval)

    found = judged_by(monkeypatch, rule)
    assert found == {"marginal_is_short_of_the_bound": "a figure of 0.1 gets FAIL, not MARGINAL"}


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_what_is_no_number_may_not_pass(monkeypatch, value):
    def rule(gate, figure, require_interval):
        wrong = figure and repr(figure.value) == repr(value)
        return "PASS" if wrong else judge(gate, figure, require_interval)

    assert f"a figure of {value!r} passes" in judged_by(monkeypatch, rule)["bound_decides"]


def test_a_missing_figure_may_not_fail(monkeypatch):
    def rule(gate, figure, require_interval):
        return judge(gate, figure, require_interval) if figure else "FAIL"

    assert judged_by(monkeypatch, rule)["bound_decides"].endswith("missing gets FAIL")


def test_every_verdict_that_is_installed_passes():
    registry = load_registry()
    found = [
        case.outcome()
        for entry in registry.entries("gate")
        if isinstance(entry.record, VerdictGate)
        for case in cases(entry.qualified, registry=registry, kind="gate")
        if case.check in CHECKS
    ]
    assert [outcome for outcome in found if outcome.status == "fail"] == []
    ran = {outcome.check for outcome in found if outcome.status == "pass"}
    assert ran == {check.name for check in CHECKS}
