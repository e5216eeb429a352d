"""Models that learn from the training windows before the first step."""

from __future__ import annotations

import pytest
import torch

from lvmctl.core.errors import Interrupted, PluginError
from lvmctl.training import checkpoint

PLUGIN = """
from dataclasses import dataclass
from lvmctl.nn.sequence.options import SequenceOptions
from lvmctl import Composition, ModelSpec, Part, RecipeSpec, TrainingOptions, hookimpl


@dataclass(frozen=True, kw_only=True)
class Options(TrainingOptions, SequenceOptions):
    \"\"\"The recipe's.\"\"\"

@hookimpl
def lvmctl_recipes():
    return [RecipeSpec(name="taught", summary=".", target="taught.parts:compose", options=Options)]

@hookimpl
def lvmctl_models():
    return [ModelSpec(name="taught", summary=".", target="taught.parts:Taught", fitted=True)]
"""
PARTS = """
import numpy as np
import torch
from lvmctl import Prediction
from lvmctl.sphere import unit
from lvmctl import Composition, Part

def compose(options):
    return Composition(Part("taught"), (Part("core/mse"),))

class Taught(torch.nn.Module):
    def __init__(self, options, shape):
        super().__init__()
        self.scale = torch.nn.Parameter(torch.ones(()))
        self.register_buffer("mean", torch.zeros(shape.dim))
        self.register_buffer("fits", torch.zeros(()))

    def fit(self, windows):
        assert self.scale == 1  # no step was made
        self.mean.copy_(torch.from_numpy(windows.target(np.arange(len(windows))).mean(axis=0)))
        self.fits += 1

    def forward(self, context):
        return Prediction(unit(context[:, -1] + self.scale * self.mean))
"""


@pytest.fixture
def taught(plugged):
    """``taught(parts=PARTS)`` installs the plugin."""

    def make(parts: str = PARTS) -> None:
        files = {"taught/plugin.py": PLUGIN, "taught/parts.py": parts}
        plugged("lvmctl-taught", {"taught": "taught.plugin"}, files)

    return make


def mean_target(training) -> torch.Tensor:
    windows = training.builder.windows
    return torch.from_numpy(windows.target(range(len(windows))).mean(axis=0))


def test_it_is_fitted_once_on_the_training_windows(taught, make_training):
    taught()
    training = make_training(recipe="taught", epochs=2)
    training.fit()
    assert training.model.fits == 1
    assert torch.allclose(training.model.mean, mean_target(training), atol=1e-6)
    best = torch.load(training.run.best_model, weights_only=True)["model"]
    assert torch.equal(best["mean"], training.model.mean)


def test_a_run_that_goes_on_is_not_fitted_again(taught, make_training, monkeypatch):
    taught()
    training = make_training(recipe="taught", epochs=2)
    monkeypatch.setattr(training, "one_epoch", lambda: (_ for _ in ()).throw(PluginError("stop")))
    with pytest.raises(PluginError, match="stop"):
        training.fit()
    monkeypatch.undo()
    training.restore()
    training.fit()
    assert training.model.fits == 1
    assert len(training.records) == 2


def test_a_fault_in_its_fit_carries_the_plugins_name(taught, make_training):
    taught(PARTS.replace("self.fits += 1", "self.fits += nothing"))
    with pytest.raises(PluginError, match="taught") as error:
        make_training(recipe="taught").fit()
    assert "nothing" in str(error.value)


SLOW = PARTS.replace("def fit(self, windows):", "def fit(self, windows, progress=None):").replace(
    "        self.fits += 1",
    """        with progress("counting", "windows", 3) as advance:
            for index in range(3):
                self.fits += 1
                advance(1)""",
)


def test_a_fit_that_takes_long_shows_how_far_it_is(taught, make_training):
    taught(SLOW)
    training = make_training(recipe="taught", epochs=1)
    training.fit()
    assert training.model.fits == 3
    assert training.reporter.stages["counting"] == [3, 3]


def test_a_fit_can_tell_the_user_something(taught, make_training):
    telling = "def fit(self, windows, info):\n        info('it is simple text')"
    taught(PARTS.replace("def fit(self, windows):", telling))
    training = make_training(recipe="taught", epochs=1)
    training.fit()
    assert training.reporter.messages.count("it is simple text") == 1


def test_a_signal_ends_a_fit_that_says_how_far_it_is_and_it_begins_again(taught, make_training):
    taught(SLOW)
    training = make_training(recipe="taught", epochs=1)
    training.interrupts.received = 2
    with pytest.raises(Interrupted) as error:
        training.fit()
    assert error.value.exit_code == 130
    assert "counting" in str(error.value)
    assert str(training.run.path) in error.value.hint
    assert training.model.fits == 1
    assert not checkpoint.has_begun(training.run)


KEPT = PARTS.replace("def fit(self, windows):", "def fit(self, windows, partial):").replace(
    "        self.fits += 1",
    """        before = partial.load() or {"fits": torch.zeros(())}
        self.fits += before["fits"] + 1
        partial.save({"fits": self.fits})
        if self.fits < 2:
            raise ValueError("it ends here")""",
)


def test_a_fit_goes_on_with_what_it_kept_until_the_first_checkpoint(taught, make_training):
    taught(KEPT)
    training = make_training(recipe="taught", epochs=1)
    with pytest.raises(PluginError, match="it ends here"):
        training.fit()
    kept = training.run.checkpoints / "fit.pt"
    assert kept.exists()
    assert not checkpoint.has_begun(training.run)
    training.model.fits.zero_()
    training.fit()
    assert training.model.fits == 2
    assert not kept.exists()


def test_what_was_kept_and_cannot_be_read_is_done_again(taught, make_training):
    taught(KEPT.replace("< 2", "< 1"))
    training = make_training(recipe="taught", epochs=1)
    (training.run.checkpoints / "fit.pt").write_bytes(b"torn")
    training.fit()
    assert training.model.fits == 1
