"""The example of a third party, from its wheel, beside core's and without this checkout."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

from scaffold.environment import wheel

ROOT = Path(__file__).resolve().parents[2]
EXAMPLE = ROOT / "plugins/example-loss"
WORLD = "synth:topic?articles=24&chunks=24&dim=16"
SMALL = ["layers=1", "width=16", "heads=2", "feedforward=16", "eval_windows=64", "min_article=6"]


def test_the_wheel_holds_the_package_alone(tmp_path):
    names = zipfile.ZipFile(wheel(EXAMPLE, tmp_path)).namelist()
    assert {name for name in names if ".dist-info/" not in name} == {
        "lvmctl_example_loss/__init__.py",
        "lvmctl_example_loss/loss.py",
    }


def test_the_wheel_of_core_holds_the_package_the_experiments_the_licence_and_templates(tmp_path):
    names = set(zipfile.ZipFile(wheel(ROOT, tmp_path)).namelist())
    assert {"lvmctl/cli/main.py", "lvmctl/experiments.toml"} <= names
    assert any(name.endswith("licenses/LICENSE") for name in names)
    assert all(name.startswith(("lvmctl/", "lvmctl-")) for name in names)
    templates = [p for p in (ROOT / "lvmctl/scaffold/templates").rglob("*") if p.is_file()]
    assert len(templates) > 20
    assert {str(path.relative_to(ROOT)) for path in templates} <= names


def test_the_installed_command_stands_alone(installed):
    assert "Commands:" in installed.run("env/bin/lvmctl", "--help")
    assert "lvmctl-p8" in installed.run("lvmctl", "plugins", "list")
    assert "p8-pilot" in installed.run("lvmctl", "experiments", "list")
    assert "nothing is broken" in installed.run("lvmctl", "doctor")


def test_it_runs_from_there(installed):
    code = "import lvmctl, lvmctl_example_loss as e; print(lvmctl.__file__, e.__file__)"
    for place in installed.run("python", "-c", code).split():
        assert Path(place).is_relative_to(installed.home)


def test_it_is_listed(installed):
    shown = json.loads(installed.run("lvmctl", "plugins", "list", "--kind", "loss", "--json"))
    (loss,) = (record for record in shown["records"] if record["provider"] == "lvmctl-example-loss")
    assert (loss["name"], loss["version"], loss["status"]) == ("geodesic", "0.1.0", "ok")


def test_it_is_trained_with(installed, tmp_path):
    settings = [f"--set={value}" for value in SMALL]
    words = ["--plugin", "p8", "--loss", "geodesic:0.5", "--data", WORLD, "--epochs", "1"]
    installed.run("lvmctl", "train", *words, *settings, "--out", tmp_path / "run")
    config = json.loads((tmp_path / "run/config.json").read_text())
    assert ("example/geodesic", "0.5") in {(p["name"], p["weight"]) for p in config["losses"]}
    (epoch,) = json.loads((tmp_path / "run/training_history.json").read_text())
    (angle,) = (value for name, value in epoch["train"].items() if "geodesic" in name)
    assert 0 < angle < 3.2


def test_another_package_is_begun_there(installed, tmp_path):
    place = tmp_path / "lvmctl-mine"
    output = installed.run("lvmctl", "plugins", "new", "loss", "mine", "--out", place)
    assert f"pip install -e {place}" in output
    assert (place / "lvmctl_mine/loss.py").is_file()
