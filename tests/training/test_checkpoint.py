"""Checkpoints: the newest whole one is read, damage is named, and nothing is unpickled."""

from __future__ import annotations

import hashlib
import json

import pytest
import torch

from lvmctl.core.errors import RunError
from lvmctl.training import checkpoint


def test_a_damaged_checkpoint_is_refused_by_name(make_training):
    training = make_training(epochs=2, keep_checkpoints=3)
    training.fit()
    newest, *older = sorted(training.run.checkpoints.glob("*.pt"), reverse=True)
    content = bytearray(newest.read_bytes())
    content[len(content) // 2] ^= 1
    newest.write_bytes(content)
    with pytest.raises(RunError, match=rf"{newest.name}.*content hash.*{older[0].name}"):
        checkpoint.load_latest(training.run)
    newest.unlink()
    with pytest.raises(RunError, match="incomplete"):
        checkpoint.load_latest(training.run)
    (training.run.checkpoints / "latest").write_text(older[0].name)
    assert checkpoint.load_latest(training.run)["epoch"] == 2


def test_a_pickle_in_the_place_of_a_checkpoint_is_never_run(make_training):
    training = make_training(epochs=1, keep_checkpoints=2)
    training.fit()

    class Trap:
        def __reduce__(self):
            return pytest.fail, ("the pickle was run",)

    older, newest = sorted(training.run.checkpoints.glob("*.pt"))
    torch.save({"model": Trap()}, newest)
    digest = hashlib.sha256(newest.read_bytes()).hexdigest()
    newest.with_suffix(".json").write_text(json.dumps({"sha256": digest}))
    with pytest.raises(RunError, match=rf"cannot be read.*{older.name}") as caught:
        checkpoint.load_latest(training.run)
    assert "\n" not in str(caught.value)


def test_old_checkpoints_go_and_nothing_is_pickled(make_training):
    training = make_training(epochs=3, checkpoint_every=1, keep_checkpoints=2)
    training.fit()
    names = sorted(path.name for path in training.run.checkpoints.iterdir())
    last = 3 * training.steps
    assert names == ["latest"] + [
        f"step_{step:08d}.{end}" for step in (last - 1, last) for end in ("json", "pt")
    ]
    weights = torch.load(training.run.best_model, weights_only=True)
    assert set(weights) == {"model", "losses"}


def test_an_orphan_of_a_killed_process_never_costs_the_new_checkpoint(make_training):
    training = make_training(epochs=2, keep_checkpoints=1)
    orphan = training.run.checkpoints / "step_00000009.pt"
    orphan.write_bytes(b"never named")
    (training.run.checkpoints / ".step_00000009.pt.abc").write_bytes(b"partial")
    training.save()
    names = sorted(path.name for path in training.run.checkpoints.iterdir())
    assert names == ["latest", "step_00000000.json", "step_00000000.pt"]
    assert checkpoint.load_latest(training.run)["epoch"] == 1


def test_files_of_others_among_the_checkpoints_stay(make_training):
    training = make_training(epochs=1)
    (training.run.checkpoints / ".ipynb_checkpoints").mkdir()
    (training.run.checkpoints / ".gitignore").write_text("*")
    (training.run.checkpoints / ".latest.abc").write_text("partial")
    training.fit()
    names = {path.name for path in training.run.checkpoints.iterdir()}
    assert {".ipynb_checkpoints", ".gitignore"} < names
    assert ".latest.abc" not in names


def test_latest_names_a_checkpoint_of_this_run_alone(make_training, tmp_path):
    training = make_training(epochs=1)
    training.fit()
    newest = max(training.run.checkpoints.glob("*.pt"))
    for path in (newest, newest.with_suffix(".json")):
        (training.run.path / path.name).write_bytes(path.read_bytes())
    (training.run.checkpoints / "latest").write_text(f"../{newest.name}")
    with pytest.raises(RunError, match=rf"is no checkpoint's name.*previous good.*{newest.name}"):
        checkpoint.load_latest(training.run)
