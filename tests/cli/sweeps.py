"""Small experiments for sweeps, and a way to type commands beside them."""

from __future__ import annotations

from pathlib import Path

import forked
from cli import typed
from training.small import TINY

from lvmctl.cli.train import trial

DATA = "synth:topic?articles=24&chunks=10&dim=8"
EPOCHS = 20
HEAD = f'[tiny]\nrecipe = "p8"\ndata = "{DATA}"\nepochs = {EPOCHS}\n' + "".join(
    f"{key} = {value}\n" for key, value in TINY.items()
)
FILE = f"""{HEAD}
[tiny-a]
extends = "tiny"
[tiny-b]
extends = "tiny"
margin = 0.2
[mad]
extends = "tiny"
lr = 1e3
weight_decay = 1e3
max_skips = 0
[odd]
extends = "tiny"
data = "{DATA}&seed=4"
[wrong]
extends = "tiny"
lrr = 1
[lost]
extends = "tiny"
data = "nowhere"
"""


def typing(place: Path, monkeypatch, capsys):
    """``call(*words)`` runs lvmctl in ``place``, beside the experiments, with trials in forked
    processes: exit code, stdout, stderr."""
    (place / "experiments.toml").write_text(FILE)
    monkeypatch.setattr(trial, "COMMAND", [forked.python(), *trial.COMMAND[1:]])
    return typed.typing(place, monkeypatch, capsys)
