"""What is written works untouched: installed without this checkout, checked, tested and used."""

from __future__ import annotations

import json
import re
from pathlib import Path

import tomli

from lvmctl.scaffold.package import USE

WORLD = "synth:rotation?articles=24&chunks=24&dim=16&theta=20"
SMALL = [
    *(f"--set={size}" for size in ("layers=1", "width=16", "heads=2", "feedforward=16")),
    *("--set=min_article=6", "--set=eval_windows=64", "--epochs=1", f"--data={WORLD}"),
]


def test_it_is_what_was_installed_that_runs(installed, scaffolds):
    code = "import lvmctl, lvmctl_my_loss; print(lvmctl.__file__, lvmctl_my_loss.__file__)"
    for place in installed.run("python", "-c", code).split():
        assert Path(place).is_relative_to(installed.home)


def test_each_is_listed(installed):
    listed = json.loads(installed.run("lvmctl", "--strict-plugins", "plugins", "list", "--json"))
    mine = [r for r in listed["records"] if r["provider"] == f"lvmctl-my-{r['kind']}"]
    assert {record["kind"]: record["name"].replace("_", "-") for record in mine} == {
        kind: f"my-{kind}" for kind in USE
    }


def test_each_passes_its_own_tests(installed, scaffolds):
    """The checks of its kind among them."""
    words = ["-m", "pytest", "-v", "-p", "no:cacheprovider"]
    output = installed.run("python", *words, *scaffolds.values()).replace("_", "-")
    for kind in USE:
        assert re.search(rf"{kind} my-{kind}: .*PASSED", output), kind
    for place in scaffolds.values():
        configured = tomli.loads((place / "pyproject.toml").read_text())["tool"]["pytest"]
        assert configured["ini_options"] == {"addopts": "-p lvmctl.testing.fixtures"}


def test_the_checks_can_be_run(installed):
    words = ["plugins", "check", "my-command", "my-gate", "--json"]
    record = json.loads(installed.run("lvmctl", *words))
    assert record["summary"]["fail"] == 0
    passed = {c["subject"] for c in record["checks"] if c["status"] == "pass"}
    assert passed >= {"command my-command", "gate my-gate"}


def test_the_loss_is_trained_with(installed, tmp_path):
    words = ["--plugin", "p8", "--loss", "my-loss:0.5", "--out", tmp_path / "run"]
    installed.run("lvmctl", "train", *words, *SMALL)
    config = json.loads((tmp_path / "run/config.json").read_text())
    (saved,) = (loss for loss in config["losses"] if loss["name"] == "my-loss/my-loss")
    assert (saved["weight"], saved["options"]) == ("0.5", {})
    (epoch,) = json.loads((tmp_path / "run/training_history.json").read_text())
    (value,) = (value for name, value in epoch["train"].items() if "my-loss" in name)
    assert 0 < value < 3.2


def test_the_model_is_trained(installed, tmp_path):
    words = ["--plugin", "p8", "--model", "my-model", "--out", tmp_path / "run"]
    installed.run("lvmctl", "train", *words, *SMALL[4:])
    config = json.loads((tmp_path / "run/config.json").read_text())
    assert (config["model"]["name"], config["model"]["options"]) == (
        "my-model/my-model",
        {"newest": 2.0},
    )


def test_the_encoder_embeds(installed, tmp_path):
    (tmp_path / "a.txt").write_text("One chunk.\n\nAnother chunk.\n")
    words = ["--out", tmp_path / "store", "--encoder", "my-encoder", "--set", "dim=32"]
    installed.run("lvmctl", "data", "embed", tmp_path / "a.txt", *words)
    manifest = json.loads((tmp_path / "store/store.json").read_text())
    recipe = {"name": "my-encoder", "dim": 32, "size": 4}
    assert manifest["encoder"] == recipe | {"fingerprint": manifest["encoder"]["fingerprint"]}


def test_the_decoder_decodes(installed):
    words = "decoder = lvmctl.load_decoder('my-decoder'); vectors = decoder.store.vectors[:2]"
    code = f"import lvmctl; {words}; print(len(decoder.decode(vectors).texts))"
    assert installed.run("python", "-c", code).strip() == "2"


def test_the_baseline_is_evaluated(installed):
    record = json.loads(installed.run("lvmctl", "eval", "baselines", "--data", WORLD, "--json"))
    cosines = {name: record["predictors"][name]["cos_next"] for name in ("direct", "my-baseline")}
    assert 0 < cosines["my-baseline"] < cosines["direct"]  # this world turns 20° with every chunk


def test_the_diagnostic_is_asked(installed):
    record = json.loads(installed.run("lvmctl", "diagnose", "my-diagnostic", WORLD, "--json"))
    assert record["verdict"] == "DISTINCT"
    alike = installed.run("lvmctl", "diagnose", "my-diagnostic", WORLD, "--cosine=-1", "--json")
    assert json.loads(alike)["share"] == 1.0


def test_the_command_is_there(installed):
    shown = json.loads(installed.run("lvmctl", "my-command", WORLD, "--most", "2", "--json"))
    assert [article["chunks"] for article in shown["articles"]] == [24, 24]
