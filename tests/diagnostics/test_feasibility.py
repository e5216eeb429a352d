"""Which gates can be met, in worlds where that is known."""

from __future__ import annotations

import pytest
from diagnostics.worlds import Silent, world

from lvmctl.diagnostics.feasibility import Feasibility, answer
from lvmctl.diagnostics.measuring import sheet_of, windows_of
from lvmctl.diagnostics.window_options import FeasibilityOptions, WindowOptions
from lvmctl.errors import UsageError
from lvmctl.spec import GateSpec


@pytest.fixture(scope="module")
def rotation():
    """Bayes' prediction is R·x_last: margin[last] +.134, cos_next .9; direct has .69."""
    options = WindowOptions()
    return sheet_of(*windows_of(world("rotation"), options), options, Silent())


def gate(metric: str, **bound) -> GateSpec:
    return GateSpec(name="asked", summary="", role="verdict", metric=metric, **bound)


@pytest.mark.parametrize(
    ("asked", "status", "out"),
    [
        (gate("cos_next", at_least=-0.5), "VACUOUS", []),
        (gate("cos_next", at_least=0.65), "MET", []),
        (gate("cos_next", at_least=0.97), "OPEN", ["span", "cone"]),
        (gate("cos_next", at_least=1.1), "INFEASIBLE", ["unit", "span", "cone"]),
        # Only the margin maximiser reaches it, whose cosine to the target is below direct's.
        (gate("margin.last", at_least=0.45), "MISLEADING", ["cone"]),
        (gate("latency.ratio", at_most=1.15), "UNKNOWN", []),
        (gate("cos_next", at_least=0.5, split="ood"), "UNKNOWN", []),
    ],
)
def test_the_status_of_a_gate(rotation, asked, status, out):
    found = answer(asked, rotation, ("unit", "span", "cone"))
    assert (found.status, found.out_of_reach) == (status, out)


@pytest.mark.parametrize(
    ("asked", "change"),
    [
        (gate("cos_next", at_least=1.1), "ask for ≥ +1.000 at most (oracle's)"),
        (gate("margin.last", at_least=0.45), "ask for cos_next too: margin-max passes with"),
        (gate("latency.ratio", at_most=1.15), "needs a run"),
        (gate("cos_next", at_least=0.5, split="ood"), "needs text of another source"),
        (gate("cos_next", at_least=-0.5), "ask for more than random has"),
        (gate("cos_next", at_least=0.65), ""),
    ],
)
def test_what_would_change_it(rotation, asked, change):
    found = answer(asked, rotation, ("unit", "span", "cone"))
    assert found.change.startswith(change)
    assert bool(found.change) == bool(change)


def test_a_profile_and_the_class_of_a_recipe():
    pytest.importorskip("lvmctl_p8")
    splits = world("ar1")
    wide = Feasibility(FeasibilityOptions(profile="p8"))(splits, Silent())
    assert wide.figures["classes"] == ["unit", "span", "cone"]
    own = Feasibility(FeasibilityOptions(profile="p8", recipe="p8"))(splits, Silent())
    assert own.figures["classes"] == ["cone"]
    gates = {one["gate"]: one for one in own.figures["gates"]}
    assert gates["p8-margin"]["status"] == "INFEASIBLE"
    assert gates["p8-r5"]["status"] == "MET"
    assert own.verdict == "INFEASIBLE"
    assert "cone models cannot meet p8-margin" in own.sentence
    assert "p8-margin: ask for" in own.change
    assert len(own.tables[0].rows) == len(gates)


def test_the_horizon_is_the_recipes():
    pytest.importorskip("lvmctl_p6b")
    found = Feasibility(FeasibilityOptions(profile="p6b", recipe="p6b"))(world("ar1"), Silent())
    shown = {one["gate"]: one for one in found.figures["gates"]}
    # At horizon 2 the copier of ar1 has .81.
    assert found.figures["windows"] == len(windows_of(world("ar1"), WindowOptions(horizon=2))[1])
    assert shown


def test_an_unknown_profile_is_one_line():
    with pytest.raises(UsageError, match="there is no profile 'p9'"):
        Feasibility(FeasibilityOptions(profile="p9"))(world("ar1"), Silent())
