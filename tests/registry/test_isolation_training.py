"""After a plugin fails in the middle of a training, the run goes on from its last checkpoint."""

from __future__ import annotations

import json

import pytest
import torch
from recorder import Recorder
from registry.distributions import forget, unpack
from registry.rogues import BOMB, MENDED, with_loss
from training.small import DATA, TINY

from lvmctl.cli.main import run as command
from lvmctl.core.errors import PluginError
from lvmctl.core.run_directory import RunDirectory
from lvmctl.registry import configure
from lvmctl.training import checkpoint, job


@pytest.fixture
def installed(tmp_path, monkeypatch):
    """``installed(distribution)`` puts a version of it in the place of another."""

    def make(distribution):
        site = unpack(tmp_path / distribution.stem, distribution)
        monkeypatch.syspath_prepend(str(site))
        forget()
        configure()

    yield make
    forget()
    configure()


def train(run, loss="bomb", **options) -> list[str]:
    """Train P8 with another loss in this process; what was said."""
    values = TINY | {"epochs": 2, "dropout": 0.1, "checkpoint_every": 3} | options
    reporter = Recorder()
    layers, sources = [("test", values)], {"data": DATA}
    job.start(job.TrainRequest("p8", layers, [loss], sources, device="cpu", out=run), reporter)
    return reporter.messages


def files_of(run) -> dict:
    """The newest checkpoint of a run."""
    return checkpoint.load_latest(RunDirectory(run))


def assert_same(first: dict, other: dict) -> None:
    for name in ("model", "objective"):
        assert first[name].keys() == other[name].keys()
        assert all(torch.equal(value, other[name][key]) for key, value in first[name].items())
    assert first["records"] == other["records"]


def test_the_run_goes_on_bit_for_bit_when_the_plugin_is_repaired(installed, tmp_path):
    installed(MENDED)
    train(tmp_path / "whole")
    installed(BOMB)
    with pytest.raises(PluginError, match=r"loss bomb of plugin bomb \(lvmctl-bomb 1.0\).*boom"):
        train(tmp_path / "run")
    saved = files_of(tmp_path / "run")
    assert (saved["before"], saved["index"]) == (7, 0)  # it fails in the tenth step
    manifest = json.loads((tmp_path / "run" / "manifest.json").read_text())
    assert manifest["outcome"].startswith("ended: it failed with RuntimeError: boom")
    installed(MENDED)
    job.resume(tmp_path / "run", (), "auto", Recorder())
    assert_same(files_of(tmp_path / "run"), files_of(tmp_path / "whole"))


def test_the_command_names_the_plugin_and_ends_with_two(installed, tmp_path, capsys):
    installed(BOMB)
    settings = [word for key, value in TINY.items() for word in ("--set", f"{key}={value}")]
    words = ["train", "--plugin", "p8", "--data", DATA, "--loss", "bomb", *settings]
    assert command([*words, "--out", str(tmp_path / "run")]) == 2
    error = capsys.readouterr().err.splitlines()[-1]
    assert error.startswith("error: loss bomb of plugin bomb (lvmctl-bomb 1.0): it failed with")
    assert "boom" in error


BACKWARD = """
class Boom(torch.autograd.Function):
    @staticmethod
    def forward(context, value):
        return value.clone()
    @staticmethod
    def backward(context, gradient):
        raise RuntimeError('boom')
value = Boom.apply(value)
"""


@pytest.mark.parametrize(
    "forward", [BACKWARD.strip(), "raise SystemExit(3)", "value = value.detach() + 'x'"]
)
def test_wherever_it_fails_the_last_checkpoint_stands(forward, installed, tmp_path):
    installed(with_loss("bomb", forward))
    run = tmp_path / "run"
    with pytest.raises(PluginError, match="loss bomb of plugin bomb") as caught:
        train(run)
    assert str(caught.value).endswith(f"; the last checkpoint stands: --resume {run}")
    assert files_of(run)["index"] == 0
