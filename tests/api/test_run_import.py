"""Exported folders as runs; what is damaged or of others is refused in a line."""

from __future__ import annotations

import json

import pytest
import torch
from safetensors.torch import load_file, save_file

import lvmctl
from lvmctl.api.runs import summary


@pytest.fixture
def folder(centred_run, tmp_path):
    """An exported run with a transform."""
    return lvmctl.Run(centred_run).export(tmp_path / "shared", onnx=False)


def test_an_imported_run_is_evaluated_and_diagnosed_but_not_trained_on(folder, tmp_path):
    run = lvmctl.import_run(folder, tmp_path / "run")
    assert summary(run.path).state == "finished"
    assert run.manifest["imported"]["name"] == "shared"
    metrics = run.evaluate(max_windows=60).to_dict()["predictors"]
    assert "direct" in metrics
    assert run.diagnose().sentence
    for place in (run, folder):
        with pytest.raises(lvmctl.RunError, match="no checkpoints"):
            lvmctl.resume(place, epochs=2)


def test_force_replaces_what_was_imported_and_nothing_else(folder, p8_run, tmp_path):
    run = lvmctl.import_run(folder, tmp_path / "run")
    for place, force in ((run.path, False), (p8_run, True)):
        with pytest.raises(lvmctl.OutputError):
            lvmctl.import_run(folder, place, force=force)
    assert lvmctl.import_run(folder, run.path, force=True).recipe == "p8"


def edit(folder, change):
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    change(config)
    (folder / "config.json").write_text(json.dumps(config), encoding="utf-8")


def trust(folder):
    (folder / "hashes.json").unlink()


def cut(folder):
    trust(folder)
    file = folder / "model.safetensors"
    file.write_bytes(file.read_bytes()[:-9])


def foreign_tensors(folder):
    trust(folder)
    save_file({"bert.pooler.weight": torch.zeros(2)}, folder / "model.safetensors")


def fewer_tensors(folder):
    trust(folder)
    tensors = load_file(folder / "model.safetensors")
    tensors.pop(min(name for name in tensors if name.startswith("model.")))
    save_file(tensors, folder / "model.safetensors")


def another_library(folder):
    trust(folder)
    (folder / "config.json").write_text('{"architectures": ["BertModel"]}', encoding="utf-8")


def another_version(folder):
    trust(folder)
    edit(folder, lambda config: config.update(format="lvmctl.run/99"))


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (lambda folder: edit(folder, lambda config: config.update(recipe="p1")), "changed since"),
        (lambda folder: (folder / "transform.npz").unlink(), "transform.npz"),
        (lambda folder: (folder / "model.safetensors").unlink(), "not an exported run"),
        (lambda folder: (folder / "config.json").unlink(), "not an exported run"),
        (lambda folder: (folder / "training_history.json").write_text("["), "changed since"),
        (cut, "damaged"),
        (foreign_tensors, "none of lvmctl's"),
        (fewer_tensors, "does not fit the model"),
        (another_library, "not the configuration of a run"),
        (another_version, "another version"),
    ],
)
def test_a_damaged_or_foreign_folder_is_refused(damage, words, folder, tmp_path):
    damage(folder)
    with pytest.raises(lvmctl.RunError, match=words) as caught:
        lvmctl.import_run(folder, tmp_path / "run")
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "run").exists()


def test_what_is_missing_is_named(folder, tmp_path):
    with pytest.raises(lvmctl.RunError, match="no such folder"):
        lvmctl.import_run(tmp_path / "nothing")
    trust(folder)

    def of_another(config):
        config["model"] |= {"name": "p77/gone", "package": "lvmctl-p77 1.0"}

    edit(folder, of_another)
    with pytest.raises(lvmctl.PluginError, match="pip install lvmctl-p77"):
        lvmctl.import_run(folder, tmp_path / "run")
