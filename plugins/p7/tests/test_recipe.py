"""P7's published settings, value by value, and what they compose."""

from __future__ import annotations

from pathlib import Path

import pytest
import tomli
from lvmctl_p7 import options as parts
from lvmctl_p7.options import P7Options
from lvmctl_p7.recipe import compose

from lvmctl import UsageError
from lvmctl.config import bind, describe
from lvmctl.plan import make_plan
from lvmctl.registry import load_registry

PUBLISHED = {
    # docs/methods.md#p7
    "context": 5,
    "horizon": 1,
    "anchor_lambda": 0.8,
    "learn_lambda": True,
    "temperature": 0.07,
    "negatives": 2,
    "in_batch": True,
    "margin": 0.07,
    "teacher_floor": 0.20,
    "warmup": 2,
    "w_rank": 1.0,
    "w_margin": 0.5,
    "w_teacher": 0.2,
    "gate": True,
    "gate_threshold": 0.03,
    "gate_weight": 0.25,
    "epochs": 10,
    "batch_size": 64,
    "weight_decay": 1e-4,
    # docs/methods.md#common-settings
    "encoder": "transformer",
    "width": 512,
    "layers": 4,
    "heads": 8,
    "feedforward": 2048,
    "dropout": 0.1,
    "lr": 5e-4,
    "clip": 1.0,
    # Parts of the follow-ups alone
    "anchor_floor": 0.5,
    "w_anchor": 0.0,
    "w_cosine": 0.0,
    # The report's rule is there for those who want it.
    "stop_on_drift": False,
}
NAMES = (
    "p7/infonce",
    "core/previous-repel",
    "p7/teacher-floor",
    "p7/anchor-floor",
    "core/cosine",
)
EXPERIMENTS = Path(__file__).parents[3] / "experiments.toml"
VARIANTS = {
    # docs/methods.md#variants-of-p7
    "p7-baseline": {},
    "p7-strong-anchor": {"anchor_lambda": 0.6},
    "p7-higher-margin": {"margin": 0.10},
    "p7-larger-context": {"context": 7},
    "p7-strong-margin": {"w_margin": 1.5, "w_rank": 0.5, "warmup": 5, "epochs": 15},
    "p7-fixed-anchor": {"anchor_lambda": 0.6, "learn_lambda": False, "w_anchor": 0.5},
    "p7-pure-margin": {"w_rank": 0.0, "w_margin": 1.0, "w_cosine": 1.0},
    # Ours, to see the teacher's end.
    "p7-teacher": {"teacher_floor": 0.5, "w_teacher": 2.0},
}

LOSSES = {"p7-pure-margin": ["p7/teacher-floor:0.2"]}


def test_the_defaults_are_the_published_values():
    defaults = {info.short: info.default for info in describe(P7Options)}
    assert {name: defaults[name] for name in PUBLISHED} == PUBLISHED


def test_the_bounds_of_lambda_and_of_the_drift_are_the_published_ones():
    assert (parts.LEAST_LAMBDA, parts.MOST_LAMBDA) == (0.6, 0.9)
    assert parts.DriftOptions() == parts.DriftOptions(cos_anchor=0.05)


def test_the_composition():
    composition = compose(P7Options())
    assert composition.model.name == "p7/ranker"
    weights = {part.name: part.weight for part in composition.losses}
    assert weights == dict(zip(NAMES, (1.0, 0.5, "0.2,3=0", 0.0, 0.0)))
    assert [part.name for part in composition.gates] == ["p7/directional-gate"]
    assert composition.run_name == {"c": 5, "m": 0.07, "l": 0.8}


@pytest.mark.parametrize(("warmup", "last"), [(0, 0), (1, 1), (2, 2), (7, 7)])
def test_the_teacher_lasts_as_many_epochs_as_asked(warmup, last):
    plan = make_plan(load_registry(), "p7", [("test", {"warmup": warmup})])
    weights = {part.entry.name: part.weight for part in plan.losses}
    if not last:
        assert "teacher-floor" not in weights
        return
    assert not any(weights["teacher-floor"].is_zero(epoch) for epoch in range(1, last + 1))
    assert weights["teacher-floor"].is_zero(last + 1)


def test_only_what_has_a_weight_is_trained():
    plan = make_plan(load_registry(), "p7")
    names = [part.entry.qualified for part in plan.losses]
    assert names == ["p7/infonce", "core/previous-repel", "p7/teacher-floor"]


def test_each_gate_has_its_role():
    plan = make_plan(load_registry(), "p7", [("test", {"stop_on_drift": True})])
    assert [part.entry.qualified for part in plan.sample] == ["p7/directional-gate"]
    assert [part.entry.qualified for part in plan.kill] == ["p7/drift-stop"]
    assert plan.select == ()


def test_without_the_gate_windows_weigh_the_same():
    assert compose(P7Options(gate=False)).gates == ()


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"anchor_lambda": ".5"}, "0.5 is below 0.6"),
        ({"anchor_lambda": ".91"}, "0.91 is above 0.9"),
        ({"negatives": "65"}, "65 is above 64"),
        ({"negatives": "-1"}, "-1 is below 0"),
        ({"temperature": "0"}, "is below 0.001"),
        ({"margin": "2.5"}, "2.5 is above 2"),
        ({"warmup": "-1"}, "-1 is below 0"),
        ({"teacher_floor": "1.1"}, "1.1 is above 1"),
        ({"anchor_floor": "-1.1"}, "-1.1 is below -1"),
        ({"gate_weight": "1.5"}, "1.5 is above 1"),
        ({"gate_threshold": "-3"}, "-3.0 is below -2"),
        ({"w_rank": "-1"}, "-1.0 is below 0"),
        ({"encoder": "mamba"}, "'mamba' is not one of transformer, lstm, gru"),
        ({"gate_treshold": "1"}, "gate_threshold"),
    ],
)
def test_a_value_out_of_range_is_refused(values, message):
    with pytest.raises(UsageError, match=message):
        bind(P7Options, [("--set", values)])


def test_the_gate_needs_two_chunks():
    registry = load_registry()
    message = "gate directional-gate needs second_last, use --context 2 or more"
    with pytest.raises(UsageError, match=message):
        make_plan(registry, "p7", [("--set", {"context": "1"})])
    plan = make_plan(registry, "p7", [("--set", {"context": "1", "gate": "false"})])
    assert plan.sample == ()


def test_the_anchor_penalty_needs_a_raw_prediction():
    pytest.importorskip("lvmctl_p8")
    message = "loss anchor-floor needs the prediction's raw, which model p8/mixture does not give"
    with pytest.raises(UsageError, match=message):
        make_plan(load_registry(), "p8", losses=["p7/anchor-floor"])


@pytest.mark.skipif(not EXPERIMENTS.exists(), reason="the plugin is alone, without experiments")
@pytest.mark.parametrize("name", VARIANTS)
def test_the_experiment_is_the_published_variant(name):
    tables = tomli.loads(EXPERIMENTS.read_text(encoding="utf-8"))
    values = dict(tables[name])
    if "extends" in values:
        values = tables[values.pop("extends")] | values
    assert values.pop("recipe") == "p7"
    values.pop("summary")
    assert values.pop("losses", []) == LOSSES.get(name, [])
    bound = bind(P7Options, [(name, values)])
    assert bound.options == bind(P7Options, [(name, VARIANTS[name])]).options
    changed = {i.short: i.default for i in describe(P7Options) if bound.origins[i.path] == name}
    assert changed.keys() == VARIANTS[name].keys()
    assert all(changed[key] != value for key, value in VARIANTS[name].items())


@pytest.mark.skipif(not EXPERIMENTS.exists(), reason="the plugin is alone, without experiments")
def test_no_variant_is_missing():
    tables = tomli.loads(EXPERIMENTS.read_text(encoding="utf-8"))
    assert {name for name in tables if name.startswith("p7-")} == VARIANTS.keys()


def test_pure_margin_keeps_its_floor_to_the_end():
    values = [("experiment", VARIANTS["p7-pure-margin"])]
    plan = make_plan(load_registry(), "p7", values, LOSSES["p7-pure-margin"])
    weights = {part.entry.name: str(part.weight) for part in plan.losses}
    assert weights == {"previous-repel": "1", "teacher-floor": "0.2", "cosine": "1"}
