"""Checkpoints: the newest whole one is read, damage is named, and nothing is unpickled."""

from __future__ import annotations

import hashlib
import json

import pytest
import torch

from lvmctl.core.errors import RunError
from lvmctl.core.temporary import PREFIX
from lvmctl.training import checkpoint


def loaded(training) -> tuple[int, list[str]]:
    """The epoch of the checkpoint that is read, and what is said about it."""
    lines = []
    state = checkpoint.load_latest(training.run, warning=lines.append)
    return state["epoch"], lines


def test_where_the_newest_is_damaged_the_newest_whole_one_is_taken(make_training):
    training = make_training(epochs=3, keep_checkpoints=4)
    training.fit()
    newest, middle, older, _ = sorted(training.run.checkpoints.glob("*.pt"), reverse=True)
    assert loaded(training) == (4, [])
    content = bytearray(newest.read_bytes())
    content[len(content) // 2] ^= 1
    newest.write_bytes(content)
    epoch, (line,) = loaded(training)
    assert epoch == 3
    assert newest.name in line
    assert "content hash" in line
    assert f"going on from {middle.name}" in line
    newest.unlink()
    assert "incomplete" in loaded(training)[1][0]
    middle.with_suffix(".json").unlink()
    epoch, (line,) = loaded(training)
    assert epoch == 2
    assert f"going on from {older.name}" in line


@pytest.mark.parametrize("content", [None, b"", b"step_00000009.pt", b"\xff", b"../x\n" * 99])
def test_where_latest_names_nothing_the_newest_is_taken(make_training, content):
    training = make_training(epochs=2)
    training.fit()
    latest = training.run.checkpoints / "latest"
    latest.unlink() if content is None else latest.write_bytes(content)
    epoch, (line,) = loaded(training)
    assert epoch == 3
    assert "latest" in line or "incomplete" in line
    assert len(line) < 400


def test_without_a_whole_checkpoint_the_run_is_refused(make_training):
    training = make_training(epochs=1)
    training.fit()
    for path in training.run.checkpoints.glob("*.pt"):
        path.write_bytes(b"")
    with pytest.raises(RunError, match=r"content hash.*no checkpoint is whole.*new run") as caught:
        checkpoint.load_latest(training.run)
    assert caught.value.exit_code == 4


@pytest.mark.parametrize("at", [".json", ".pt", "latest"])
def test_a_kill_while_a_checkpoint_is_replaced_leaves_one(make_training, monkeypatch, at):
    training = make_training(epochs=1, keep_checkpoints=1)
    training.save()
    training.epoch = 7
    real = checkpoint.write_whole

    def dying(path, fill):
        if path.name.endswith(at):
            raise KeyboardInterrupt
        real(path, fill)

    monkeypatch.setattr(checkpoint, "write_whole", dying)
    monkeypatch.setattr("lvmctl.core.files.write_whole", dying)
    with pytest.raises(KeyboardInterrupt):
        training.save()
    assert loaded(training) == (7 if at == "latest" else 1, [])


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
    epoch, (line,) = loaded(training)
    assert epoch == 1
    assert "cannot be read" in line
    assert older.name in line
    assert "\n" not in line


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
    orphan.with_suffix(".json").write_text("{}")
    (training.run.checkpoints / f"{PREFIX}{'0' * 16}").write_bytes(b"partial")
    training.save()
    names = sorted(path.name for path in training.run.checkpoints.iterdir())
    assert names == ["latest", "step_00000000.json", "step_00000000.pt"]
    assert checkpoint.load_latest(training.run)["epoch"] == 1


def test_files_of_others_among_the_checkpoints_stay(make_training):
    training = make_training(epochs=1)
    (training.run.checkpoints / ".ipynb_checkpoints").mkdir()
    others = (".gitignore", ".latest.abc", "step_99999999.pt", "step_1.pt", "step_best.json")
    for name in others:
        (training.run.checkpoints / name).write_text("*")
    training.fit()
    names = {path.name for path in training.run.checkpoints.iterdir()}
    assert {".ipynb_checkpoints", *others} < names
    assert loaded(training) == (2, [])


def test_latest_names_a_checkpoint_of_this_run_alone(make_training, tmp_path):
    training = make_training(epochs=1)
    training.fit()
    newest = max(training.run.checkpoints.glob("*.pt"))
    for path in (newest, newest.with_suffix(".json")):
        (training.run.path / path.name).write_bytes(path.read_bytes())
    (training.run.checkpoints / "latest").write_text(f"../{newest.name}")
    epoch, (line,) = loaded(training)
    assert epoch == 2
    assert "is no checkpoint's name" in line


def test_a_run_has_begun_once_going_back_would_lose_something(make_training):
    training = make_training(epochs=1)
    assert not checkpoint.has_begun(training.run)
    training.save()
    training.run.history.write_text("[]")
    assert not checkpoint.has_begun(training.run)
    training.run.history.write_text("{")
    assert checkpoint.has_begun(training.run)
    training.run.history.write_text('[{"epoch": 1}]')
    assert checkpoint.has_begun(training.run)
    training.run.history.unlink()
    training.run.best_model.write_text("")
    assert checkpoint.has_begun(training.run)
    training.run.best_model.unlink()
    training.index = 1
    training.save()
    assert checkpoint.has_begun(training.run)
