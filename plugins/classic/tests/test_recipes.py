"""P1 to P6's published settings, value by value, what they compose, and what is refused."""

from __future__ import annotations

import pytest
from lvmctl_classic import options as o
from lvmctl_classic.plugin import lvmctl_recipes

import lvmctl
from lvmctl import UsageError
from lvmctl.config import bind, describe
from lvmctl.registry import load_registry

# docs/methods.md#common-settings and what holds for all
COMMON = {
    "context": 5,
    "horizon": 1,
    "encoder": "transformer",
    "width": 512,
    "layers": 4,
    "heads": 8,
    "feedforward": 2048,
    "dropout": 0.1,
    "lr": 5e-4,
    "weight_decay": 0.01,
    "clip": 1.0,
}

# docs/methods.md#recipes, table: what each recipe has of its own
PUBLISHED = {
    "p1": {"epochs": 20, "batch_size": 64},
    "p2": {
        "epochs": 20,
        "batch_size": 64,
        "kappa": 0.5,
        "margin": 0.01,
        "w_guard": "0,6=.002",
    },
    "p3": {
        "epochs": 20,
        "batch_size": 64,
        "margin": 0.01,
        "w_guard": "0,6=.002",
        "window_dropout": "0,6=.05",
    },
    "p4": {"epochs": 20, "batch_size": 64, "steps": 3, "w_rollout": "0,4=.05,7=.1"},
    "p5": {
        "epochs": 34,
        "batch_size": 32,
        "ramp": ".03",
        "shares": (0.3, 0.7, 1.0),
        "stages": (4, 10, 20),
    },
    "p5.1": {
        "epochs": 34,
        "batch_size": 32,
        "ramp": "0,3~.1",
        "shares": (0.3, 0.7, 1.0),
        "stages": (4, 10, 20),
        "steepness": 5.0,
        "margin": 0.02,
        "w_forward": "0,6~.001",
    },
    "p6": {"epochs": 10, "batch_size": 32, "horizon": 2},
}

COMPOSED = {
    "p1": ("core/free", {"core/mse": 1.0}, ()),
    "p2": ("classic/residual", {"core/mse": 1.0, "classic/guard": "0,6=.002"}, ()),
    "p3": ("classic/window-dropout", {"core/mse": 1.0, "classic/guard": "0,6=.002"}, ()),
    "p4": ("core/free", {"core/mse": 1.0, "classic/rollout": "0,4=.05,7=.1"}, ()),
    "p5": ("classic/ramp", {"core/mse": 1.0}, ("classic/distinct",)),
    "p5.1": (
        "classic/ramp",
        {"core/mse": 1.0, "classic/forward-preference": "0,6~.001"},
        ("classic/distinct",),
    ),
    "p6": ("core/free", {"core/mse": 1.0}, ()),
}


@pytest.fixture(scope="module")
def registry():
    return load_registry()


def record(name: str):
    return next(spec for spec in lvmctl_recipes() if spec.name == name)


@pytest.mark.parametrize("name", PUBLISHED)
def test_the_defaults_are_the_published_values(name):
    defaults = {info.short: info.default for info in describe(record(name).options)}
    expected = COMMON | PUBLISHED[name]
    assert {key: defaults[key] for key in expected} == expected


@pytest.mark.parametrize("name", COMPOSED)
def test_the_composition(registry, name):
    composition = registry.resolve(registry.get("recipe", name))(record(name).options())
    weights = {part.name: part.weight for part in composition.losses}
    gates = tuple(part.name for part in composition.gates)
    assert (composition.model.name, weights, gates) == COMPOSED[name]
    assert composition.run_name == {"c": 5}


@pytest.mark.parametrize(
    ("options", "values", "message"),
    [
        (o.P2Options, {"w_guard": "x"}, "w_guard: invalid weight 'x'"),
        (o.P3Options, {"window_dropout": "0,x=1"}, "window_dropout: invalid weight change 'x=1'"),
        (o.P4Options, {"horizon": "2"}, "horizon: 2 is not allowed, it is fixed at 1"),
        (o.P4Options, {"steps": "0"}, "steps: 0 is below 1"),
        (o.P5Options, {"context": "1"}, "context: 1 is below 2"),
        (o.P5Options, {"shares": "0.5,1"}, "2 shares do not fit 3 stages"),
        (o.P5Options, {"shares": "0,1,1"}, "shares: 0.0 is below"),
        (o.P51Options, {"ramp": "5,4~1,2~0"}, "has epochs that do not ascend"),
        (o.P6Options, {"horizon": "1"}, "horizon: 1 is not allowed, it is fixed at 2"),
    ],
)
def test_a_value_out_of_range_is_refused(options, values, message):
    with pytest.raises(UsageError, match=message):
        bind(options, [("--set", values)])


def test_a_probability_of_window_dropout_is_at_most_one():
    with pytest.raises(UsageError, match="window_dropout"):
        bind(o.P3Options, [("--set", {"window_dropout": "0,2=1.5"})])


@pytest.mark.parametrize("recipe", ["p2", "p3"])
def test_a_window_of_one_chunk_has_no_second_last(recipe):
    with pytest.raises(UsageError, match="loss guard needs second_last"):
        lvmctl.train(recipe, context=1)
