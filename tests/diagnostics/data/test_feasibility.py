"""Which gates can be met, in worlds where that is known."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from diagnostics.worlds import world
from recorder import Recorder

from lvmctl.core.errors import UsageError
from lvmctl.diagnostics.data.feasibility import Feasibility, answer, measure_splits
from lvmctl.diagnostics.measuring import windows_of
from lvmctl.diagnostics.records import FeasibilityOptions, WindowOptions
from lvmctl.evaluation.gates.feasibility import verdict_of
from lvmctl.registry import load_registry
from lvmctl.registry.verdict_specs import VerdictGate

REGISTRY = load_registry()


@pytest.fixture(scope="module")
def rotation():
    """Bayes' prediction is R·x_last: margin[last] +.134, cos_next .9; direct has .69."""
    return measured(world("rotation"))


def measured(splits, *gates: VerdictGate, reporter=None, **options):
    """The metric tables that the gates ask for."""
    options = FeasibilityOptions(**options)
    return measure_splits(splits, options, list(gates), reporter or Recorder())


def status_of(tested: VerdictGate, tables, *more):
    return answer(REGISTRY, tested, tables, ("unit", "span", "cone"), *more)


def gate(metric: str, **bound) -> VerdictGate:
    return VerdictGate(name="asked", summary="", metric=metric, **bound)


ALL = ["unit", "span", "cone"]


@pytest.mark.parametrize(
    ("tested", "status", "out", "change"),
    [
        (gate("cos_next", at_least=-0.5), "VACUOUS", [], "ask for more than random has"),
        (gate("cos_next", at_least=0.65), "MET", [], ""),
        (gate("cos_next", at_least=0.97), "OPEN", ALL[1:], ""),
        (gate("cos_next", at_least=1.1), "INFEASIBLE", ALL, "ask for ≥ +1.000 at most (oracle's)"),
        # Only the margin maximiser reaches it, whose cosine to the target is below direct's.
        (
            gate("margin.last", at_least=0.45),
            "MISLEADING",
            ["cone"],
            "ask for cos_next too: margin-max passes with",
        ),
        (gate("latency.ratio", at_most=1.15), "UNKNOWN", [], "needs a run"),
        (
            gate("cos_next", at_least=0.5, split="ood"),
            "UNKNOWN",
            [],
            "needs text of another source",
        ),
    ],
)
def test_the_status_of_a_gate_and_what_would_change_it(rotation, tested, status, out, change):
    verdict = status_of(tested, rotation)
    assert (verdict.status, verdict.out_of_reach) == (status, out)
    assert verdict.change.startswith(change)
    assert bool(verdict.change) == bool(change)


@pytest.mark.parametrize(
    ("geometry", "status", "change"),
    [
        (None, "MISLEADING", "ask for cos_next too"),
        ("unit", "MISLEADING", "ask for cos_next too"),
        ("cone", "INFEASIBLE", "ask for ≥ "),
    ],
)
def test_a_gate_is_judged_for_the_class_of_its_profile(rotation, geometry, status, change):
    """Mixtures of the window cannot have this margin; what points anywhere can."""
    tested = gate("margin.last", at_least=0.45)
    verdict = status_of(tested, rotation, geometry)
    assert verdict.status == status
    assert verdict.change.startswith(change)
    assert ("cone-margin-ceiling" in verdict.change) == (geometry == "cone")
    assert verdict.out_of_reach == ["cone"]


@pytest.fixture(scope="module")
def apart():
    """``ar1``, where ``direct`` has .9 exactly, and other text, where it has about .69."""
    return replace(world("ar1"), ood=world("rotation").val)


@pytest.mark.parametrize(
    ("tested", "status"),
    [
        (gate("cos_next", at_least=0.8), "MET"),
        (gate("cos_next", at_least=0.8, split="ood"), "OPEN"),
        (gate("cos_next", at_least=0.6, split="ood"), "MET"),
        (gate("cos_next", at_least=1.1, split="ood"), "INFEASIBLE"),
        # The gap is about .2.
        (gate("coherence.gap", at_most=0.05), "OPEN"),
        (gate("coherence.gap", at_most=0.3), "MET"),
    ],
)
def test_gates_on_other_text_are_measured_where_there_is_some(apart, tested, status):
    verdict = status_of(tested, measured(apart, gate("coherence.gap", at_most=0.05)))
    assert verdict.status == status
    assert verdict.direct == pytest.approx(0.69 if tested.split == "ood" else 0.9, abs=0.02)


ON_OOD = gate("cos_next", at_least=0.5, split="ood")


def test_other_text_is_not_measured_for_nothing(apart):
    assert list(measured(apart, gate("cos_next", at_least=0.5))) == ["val"]
    assert list(measured(apart, ON_OOD)) == ["val", "ood"]
    assert list(measured(replace(apart, ood=None), ON_OOD)) == ["val"]


def test_every_test_that_profiles_ask_for_is_measured_on_other_text(apart):
    by_path = measured(apart, ON_OOD)["ood"].measured["direct"].metrics
    assert {"offsets.fair", "rollout.mean", "in_article.filtered.r@5"} < by_path.keys()
    assert any(path.startswith("coherence.") for path in by_path)


def test_other_text_without_long_articles_has_no_ranks(apart):
    tested = gate("in_article.filtered.r@5", at_least=0.5, split="ood")
    verdict = status_of(tested, measured(apart, tested, min_article=25))
    assert (verdict.status, verdict.change) == ("UNKNOWN", "no article is long enough")


def test_other_text_that_is_too_short_is_left_out(apart):
    reporter, ood = Recorder(), replace(apart.ood, lengths=np.full_like(apart.ood.lengths, 3))
    tables = measured(replace(apart, ood=ood), ON_OOD, reporter=reporter)
    assert status_of(ON_OOD, tables).status == "UNKNOWN"
    assert "gates on OOD text are left out" in reporter.messages[-1]


@pytest.mark.parametrize(
    ("statuses", "verdict"),
    [
        ("OPEN UNKNOWN UNKNOWN UNKNOWN", "UNDECIDED"),
        ("OPEN MET UNKNOWN UNKNOWN", "UNDECIDED"),
        ("OPEN MET OPEN UNKNOWN", "FEASIBLE"),
        ("OPEN MET UNKNOWN", "UNDECIDED"),
        ("OPEN MET", "FEASIBLE"),
        ("OPEN", "FEASIBLE"),
        ("UNKNOWN", "UNDECIDED"),
        ("MISLEADING VACUOUS OPEN", "VACUOUS"),
        ("MISLEADING OPEN MET", "MISLEADING"),
        ("UNKNOWN UNKNOWN UNKNOWN INFEASIBLE VACUOUS", "INFEASIBLE"),
    ],
)
def test_few_known_gates_decide_nothing(statuses, verdict):
    assert verdict_of(statuses.split()) == verdict


def test_an_undecided_profile_says_what_is_missing():
    """Where chunks are independent ``direct`` ranks by chance, and the target may lead by .85."""
    diagnosis = Feasibility(FeasibilityOptions(profile="ship"))(world("iid"), Recorder())
    assert [each["status"] for each in diagnosis.figures["gates"]] == ["OPEN", "OPEN", "UNKNOWN"]
    assert diagnosis.verdict == "UNDECIDED"
    assert diagnosis.figures["judged_class"] is None
    assert diagnosis.sentence.endswith("1 is unknown before a run; too few are known to say more.")
    assert diagnosis.change == "ship-latency: needs a run"


def test_a_profile_and_the_class_of_a_recipe():
    pytest.importorskip("lvmctl_p8")
    splits = world("ar1")
    wide = Feasibility(FeasibilityOptions(profile="p8"))(splits, Recorder())
    assert wide.figures["classes"] == ["unit", "span", "cone"]
    # The profile bears the name of a recipe whose models are mixtures of the window.
    assert (wide.verdict, wide.figures["judged_class"]) == ("INFEASIBLE", "cone")
    assert "judged for cone models like p8's" in wide.sentence
    result = Feasibility(FeasibilityOptions(profile="p8", recipe="p8"))(splits, Recorder())
    assert result.figures["classes"] == ["cone"]
    gates = {each["gate"]: each for each in result.figures["gates"]}
    assert gates["p8-margin"]["status"] == "INFEASIBLE"
    assert gates["p8-r5"]["status"] == "MET"
    assert result.verdict == "INFEASIBLE"
    assert "cone models cannot meet p8-margin" in result.sentence
    assert "p8-margin: ask for" in result.change
    assert len(result.tables[0].rows) == len(gates)


def test_the_horizon_is_the_recipes():
    pytest.importorskip("lvmctl_p6b")
    result = Feasibility(FeasibilityOptions(profile="p6b", recipe="p6b"))(world("ar1"), Recorder())
    shown = {each["gate"]: each for each in result.figures["gates"]}
    # At horizon 2 the copier of ar1 has .81.
    assert result.figures["windows"] == len(windows_of(world("ar1"), WindowOptions(horizon=2))[1])
    assert shown


def test_an_unknown_profile_is_one_line():
    with pytest.raises(UsageError, match="no profile 'p9'; there are"):
        Feasibility(FeasibilityOptions(profile="p9"))(world("ar1"), Recorder())
