"""Batch fields of plugins in a plan: found by name, refused in one line, made for a training."""

from __future__ import annotations

import json

import numpy as np
import pytest
from training.small import DATA, TINY

from lvmctl.core.errors import PluginError, UsageError
from lvmctl.plan import make_plan
from lvmctl.registry import load_registry

PLUGIN = """
import lvmctl

@lvmctl.hookimpl
def lvmctl_batch_fields():
    return [
        lvmctl.BatchFieldSpec(name=name, summary=".", shape="(B, N)", target=f"HOME:{name}")
        for name in ("places", "short", "odd")
    ]

@lvmctl.hookimpl
def lvmctl_losses():
    return [
        lvmctl.LossSpec(
            name=name.rpartition("/")[2],
            summary=".",
            target="HOME:Reads",
            needs=("target", name),
        )
        for name in ("places", "NAME/short", "odd", "plases", "weight")
    ]
"""
PARTS = """
import numpy as np
import torch

ASKED = []

def places(windows, index, count, rng):
    ASKED.append(count)
    return rng.random((len(index), count))

def short(windows, index):
    return windows.position[index][1:]

def odd(windows, index, width):
    return windows.position[index]

class Reads(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.places = 3

    def forward(self, prediction, batch, step):
        (name,) = [name for name in batch if name != "target"]
        values = getattr(batch, name)
        assert values.dtype == torch.float32 and values.shape == (len(prediction.q), 3)
        return (values.mean(dim=1) + 1) * (1 - (prediction.q * batch.target).sum(dim=-1))
"""


@pytest.fixture
def mine(plugged):
    """``mine(name)`` installs a plugin of this name with three fields and a loss for each."""

    def make(name: str = "mine") -> None:
        home = f"{name}_parts"
        text = PLUGIN.replace("HOME", home).replace("NAME/", f"{name}/")
        files = {f"{name}_plugin.py": text, f"{home}.py": PARTS}
        plugged(f"lvmctl-{name}", {name: f"{name}_plugin"}, files)

    return make


def test_a_loss_is_given_the_field_it_needs(mine, make_training):
    mine()
    training = make_training(losses=["mine/places"], epochs=1)
    training.fit()
    (record,) = json.loads(training.run.history.read_text())
    assert record["train"]["mine/places.loss_places"] > 0
    assert "order_pairs" in training.builder.fields  # P8's own, beside
    assert training.builder.counts == {
        "negatives": 2,
        "rollout": 0,
        "order_pairs": 2,
        "places": 3,
    }
    batch = training.builder.batch(np.arange(4), 1, 0)
    assert batch.places.shape == (4, 3)


@pytest.mark.parametrize(
    ("loss", "says"),
    [
        ("plases", "needs batch field 'plases', which does not exist; did you mean 'places'?"),
        ("weight", "lvmctl weighs what a loss returns, see docs/plugins/versions.md"),
    ],
)
def test_a_field_that_there_is_not_is_refused(mine, loss, says):
    mine()
    with pytest.raises(UsageError) as caught:
        make_plan(load_registry(), "p8", [("test", TINY)], [f"mine/{loss}"])
    assert says in str(caught.value)


def test_two_fields_of_one_name_cannot_be_in_one_batch(mine):
    mine("one")
    mine("two")
    make_plan(load_registry(), "p8", [("test", TINY)], ["one/places"])
    with pytest.raises(UsageError, match=r"one/places and two/places are both batch\.places"):
        make_plan(load_registry(), "p8", [("test", TINY)], ["one/places", "two/places"])


@pytest.mark.parametrize(
    ("loss", "says"),
    [
        ("short", r"field short of plugin mine.*it gives \(31,\) for 32 windows"),
        (
            "odd",
            "field odd of plugin mine.*it has a parameter 'width', and may have windows, index",
        ),
    ],
)
def test_the_fault_of_a_field_carries_its_plugin_s_name(mine, make_training, loss, says):
    mine()
    with pytest.raises(PluginError, match=says):
        make_training(losses=[f"mine/{loss}"], epochs=1).fit()


def test_a_run_is_evaluated_with_the_field_it_was_trained_with(mine, run_cli, site):
    mine()
    settings = [f"--set={key}={value}" for key, value in TINY.items()]
    words = ["train", "--plugin", "p8", "--data", DATA, "--epochs", 1, *settings]
    done = run_cli(*words, "--loss", "mine/places:0.1", "--out", "run", path=[site])
    assert done.returncode == 0, done.stderr
    shown = run_cli("diagnose", "run", "run", "--json", path=[site])
    assert shown.returncode in (0, 1), shown.stderr
    assert json.loads(shown.stdout)["not_examined"] == {}
