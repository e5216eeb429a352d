"""Which figure is held against which gate (docs/methods.md#feasibility)."""

from __future__ import annotations

import pytest
from evaluation.gates.estimates import NAMED

from lvmctl.evaluation.gates.ceilings import ceilings, chance_matters

GEOMETRIES = ("unit", "anchored", "span", "cone")
ORACLES = dict(zip(GEOMETRIES, ("oracle", "oracle", "span-oracle", "cone-oracle")))


@pytest.mark.parametrize("geometry", GEOMETRIES)
def test_cosines_and_margins_have_the_ceiling_of_the_models_class(geometry):
    expected = ORACLES[geometry]
    for metric in ("cos_next", "cos_anchor"):
        assert ceilings(metric, geometry).names == (expected,)
    reach = {"anchored": "unit"}.get(geometry, geometry)
    for previous in ("last", "second_last", "unseen"):
        assert ceilings(f"margin.{previous}", geometry).names == (f"{reach}-margin-ceiling",)
    offsets = ceilings("offsets.seed", geometry).names
    assert offsets == ((expected,) if reach == "unit" else (expected, "cone-margin-oracle"))


@pytest.mark.parametrize("geometry", GEOMETRIES)
@pytest.mark.parametrize(
    ("metric", "names"),
    [
        ("in_article.filtered.r@5", ("oracle",)),
        ("global.filtered.mrr", ("oracle",)),
        ("offsets.accuracy", ("oracle",)),
        ("ablations.shuffled", ("wiener", "ridge")),
        ("rollout.mean", ("wiener", "ridge")),
        ("coherence.gap", ()),
        ("latency.ratio", ()),
        ("my_plugin.figure", ()),
    ],
)
def test_other_ceilings_are_the_same_for_every_class(metric, names, geometry):
    assert ceilings(metric, geometry).names == names


def test_only_what_a_model_may_surpass_is_beatable():
    declared = {"order_accuracy": "order-classifier"}
    assert ceilings("order_accuracy", "cone", declared).names == ("order-classifier",)
    beatable = {
        gate.metric for gate in NAMED.values() if ceilings(gate.metric, "cone", declared).beatable
    }
    assert {metric.partition(".")[0] for metric in beatable} == {
        "offsets",
        "ablations",
        "rollout",
        "order_accuracy",
    }


def test_chance_is_not_asked_of_stability_and_latency():
    exempt = {gate.metric for gate in NAMED.values() if not chance_matters(gate.metric)}
    assert exempt == {"coherence.gap", "latency.ratio"}
