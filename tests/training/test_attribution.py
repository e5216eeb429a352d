"""A plugin's fault carries the plugin's name and costs nobody else anything."""

from __future__ import annotations

import json
import sys

import pytest
from training.small import DATA, TINY

from lvmctl.core.errors import PluginError, UsageError
from lvmctl.registry import load_registry

SMALL = [word for key, value in TINY.items() for word in ("--set", f"{key}={value}")]
PLUGIN = """
from lvmctl import LossSpec, hookimpl


@hookimpl
def lvmctl_losses():
    return [LossSpec(name="odd", summary="An odd loss.", target="odd_pkg.loss:Odd",
                     needs=("target",), needs_prediction={needs!r})]
{hooks}
"""
LOSS = """
import torch
from lvmctl import LossOutput

print("talk at import")

class Odd(torch.nn.Module):
    def __init__(self, options, shape):
        super().__init__()
        self.calls = 0
        {init}

    def forward(self, prediction, batch, step):
        self.calls += 1
        cosine = (prediction.q * batch.target).sum(-1)
        {forward}
"""


@pytest.fixture
def odd(plugged):
    """``odd(forward=…, init=…, hooks=…)`` installs a plugin with one loss, ``odd``."""

    def make(forward="return -cosine", init="", hooks="", needs=()):
        files = {
            "odd_pkg/plugin.py": PLUGIN.format(hooks=hooks, needs=needs),
            "odd_pkg/loss.py": LOSS.format(forward=forward, init=init),
        }
        plugged("lvmctl-odd", {"odd": "odd_pkg.plugin"}, files)

    return make


@pytest.mark.parametrize(
    ("faults", "message"),
    [
        ({"forward": "return cosine.mean()"}, r"one value per window, \(32,\), and not their mean"),
        ({"forward": "return 1.0"}, "a loss returns a tensor or a LossOutput, this is float"),
        ({"forward": "return LossOutput({'x': 1.0})"}, r"its term x is float, not \(32,\) or \(\)"),
        ({"forward": "return LossOutput({}, {'x': cosine})"}, "has no term"),
        ({"forward": "raise RuntimeError('boom')"}, "RuntimeError: boom"),
        ({"forward": "return batch.last"}, "reads batch.last without declaring it"),
        ({"forward": "raise SystemExit(9)"}, "SystemExit: 9"),
        (
            {"forward": "return LossOutput({str(self.calls): cosine})"},
            "it gives 2 now and 1 before",
        ),
    ],
)
def test_a_loss_that_fails_is_named_and_a_checkpoint_is_kept(odd, make_training, faults, message):
    odd(**faults)
    training = make_training(losses=["odd"])
    with pytest.raises(PluginError, match=rf"loss odd of plugin odd.*{message}"):
        training.fit()
    assert (training.run.checkpoints / "latest").exists()


def test_a_loss_that_cannot_be_made_is_named(odd, make_training):
    odd(init="raise ValueError('no')")
    with pytest.raises(PluginError, match=r"loss odd of plugin odd.*ValueError: no"):
        make_training(losses=["odd"])


def test_a_loss_that_needs_what_the_model_does_not_give_is_refused(odd, make_training):
    odd(needs=("raw",))
    with pytest.raises(UsageError, match="needs the prediction's raw, which model p8/mixture"):
        make_training(losses=["odd"])


HOOKS = """
@hookimpl
def lvmctl_before_run(run):
    raise RuntimeError("before")

@hookimpl
def lvmctl_after_epoch(run, epoch, metrics):
    raise RuntimeError("never called again")
"""
CHANGING = """
@hookimpl
def lvmctl_after_epoch(run, epoch, metrics):
    metrics.clear()
    return 3 if epoch == 1 else "enough"
"""
STOPPING = """
@hookimpl
def lvmctl_after_epoch(epoch, metrics):
    return f"odd says {metrics['epoch']}" if epoch == 2 else None
"""


@pytest.mark.parametrize(("hooks", "message"), [(HOOKS, "before"), (CHANGING, "it returned 3")])
def test_a_hook_that_fails_is_named_once_and_left_out(odd, make_training, hooks, message):
    odd(hooks=hooks)
    training = make_training(epochs=2)
    training.hooks.call("lvmctl_before_run", run=training.run)
    training.fit()
    assert training.stopped is None
    lines = [line for line in training.reporter.messages if "plugin odd" in line]
    assert len(lines) == 1
    assert message in lines[0]
    history = json.loads(training.run.history.read_text())
    assert [record["epoch"] for record in history] == [1, 2]
    assert all("cos_next" in record["val"] for record in history)  # it changed nothing


def test_a_hook_may_stop_the_training(odd, make_training):
    odd(hooks=STOPPING)
    training = make_training(epochs=5)
    training.fit()
    assert (len(training.records), training.stopped) == (2, "odd says 2")


def test_what_a_plugin_prints_stays_out_of_the_result(odd, run_cli, site):
    odd()
    words = ["train", "--plugin", "p8", "--data", DATA, "--epochs", "1", *SMALL]
    done = run_cli(*words, "--loss", "odd", "--json", path=[site])
    assert done.returncode == 0
    assert json.loads(done.stdout)["schema"] == "lvmctl.train/1"
    assert "talk at import" in done.stderr


def test_the_other_recipes_do_not_notice(odd):
    odd(forward="raise RuntimeError")
    assert load_registry().get("recipe", "p8").plugin.status == "ok"
    assert "odd_pkg.loss" not in sys.modules
