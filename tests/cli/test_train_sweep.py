"""``lvmctl train`` of several experiments or seeds, as it is sweeping."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys

import forked
import pytest
from cli.sweeps import DATA, EPOCHS, FILE, typing
from training.small import TINY
from training.test_resume import state_of

from lvmctl.core.run_directory import RunDirectory


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """``tiny-a`` and ``tiny-b``, trained two at a time: directory, JSON, stderr."""
    place = tmp_path_factory.mktemp("whole")
    (place / "experiments.toml").write_text(FILE)
    words = ["train", "--experiment", "tiny-*", "--jobs", "2", "--json"]
    done = subprocess.run(
        [forked.python(), "-m", "lvmctl", *words], cwd=place, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return place, json.loads(done.stdout), done.stderr


@pytest.fixture
def again(whole, monkeypatch, capsys):
    """``again(*words)`` runs lvmctl where the sweep was trained."""
    return typing(whole[0], monkeypatch, capsys)


def test_a_sweep_is_a_directory_of_runs_and_their_comparison(whole):
    place, record, _ = whole
    assert record["schema"] == "lvmctl.train.grid/1"
    assert re.fullmatch(r"runs/grid_tiny_[0-9a-f]{8}", record["grid"])
    grid = place / record["grid"]
    there = {path.name for path in grid.iterdir()} - {".lock"}
    assert there == {"grid.json", "comparison.json", "comparison.txt", "tiny-a", "tiny-b"}
    assert [member["name"] for member in record["members"]] == ["tiny-a", "tiny-b"]
    for member in record["members"]:
        assert (member["state"], member["trained"], member["exit_code"]) == ("finished", True, 0)
        assert member["experiment"] == member["name"]
        config = json.loads((place / member["run"] / "config.json").read_text())
        assert config["experiment"] == member["name"]
        margin = config["options"]["previous_repel"]["margin"]
        assert margin == {"tiny-a": 0.07, "tiny-b": 0.2}[member["name"]]
        assert config["origins"]["sequence.width"] == "experiments.toml [tiny]"
        assert config["backend"]["threads"] == 1


def test_trials_are_heard_by_name_and_counted(whole):
    _, _, err = whole
    for name in ("tiny-a", "tiny-b"):
        epochs = re.findall(rf"^{name} \| epoch (\d+)/{EPOCHS} .*windows/s$", err, re.MULTILINE)
        assert epochs == [str(n) for n in range(1, EPOCHS + 1)]
    assert re.search(r"^sweep: 0 of 2 finished; runs/grid_tiny_", err, re.MULTILINE)
    assert "0 of 2 finished; tiny-b is trained" in err
    assert re.search(r"^2 of 2 finished; tiny-[ab] finished after \d+ s$", err, re.MULTILINE)


def test_the_comparison_is_that_of_eval_compare(whole, again):
    place, record, _ = whole
    saved = json.loads((place / record["grid"] / "comparison.json").read_text())
    assert saved.pop("format") == "lvmctl.comparison/1"
    assert saved == {name: record["comparison"][name] for name in saved}
    paths = [member["run"] for member in record["members"]]
    _, out, _ = again("eval", "compare", *paths, "--json")
    other = json.loads(out)
    assert set(other["runs"]) == {"tiny-a", "tiny-b"}
    assert saved["predictors"] == other["predictors"]
    for name, run in other["runs"].items():
        assert saved["runs"][name]["differences"] == run["differences"]
    assert saved["seeds"] == {}


def test_typed_again_nothing_is_trained_and_the_comparison_is_shown(whole, again):
    place, record, _ = whole
    best = place / record["members"][0]["run"] / "best_model.pt"
    before = best.stat().st_mtime_ns
    code, out, err = again("train", "--experiment", "tiny-*")
    assert code == 0
    assert best.stat().st_mtime_ns == before
    assert "sweep: 2 of 2 finished" in err
    assert " is trained" not in err
    assert re.search(rf"^tiny-a +finished +{EPOCHS}$", out, re.MULTILINE)
    assert "tiny-b minus direct (K = 5, horizon 1)" in out
    rows = re.findall(r"^(tiny-a|tiny-b|direct|oracle) .* \d?\.\d{3}$", out, re.MULTILINE)
    assert rows == ["tiny-a", "tiny-b", "direct", "oracle"]
    text = (place / record["grid"] / "comparison.txt").read_text()
    assert text in out + "\n"
    assert out.endswith(f"sweep: {record['grid']}\n")


def test_another_configuration_is_refused_before_anything_is_trained(whole, again):
    place, record, _ = whole
    words = ("train", "--experiment", "tiny-*", "--experiment", "odd", "--out", record["grid"])
    code, out, err = again(*words, "--epochs", 3, "--set", "width=32")
    assert (code, out) == (4, "")
    assert "tiny-a: " in err
    assert (
        f"epochs is 3, was {EPOCHS}, sequence.width is 32, was 16; name another place with --out"
        in err
    )
    code, _, err = again(*words, "--data", f"{DATA}&seed=9")
    assert code == 4
    assert "another configuration: the data (content or splits)" in err
    code, _, err = again(*words, "--loss", "mse")
    assert "another configuration: losses differs" in err
    assert not (place / record["grid"] / "odd").exists()


def test_killed_interrupted_and_resumed_equals_uninterrupted(whole, tmp_path, cli_env):
    (tmp_path / "experiments.toml").write_text(FILE)
    words = [forked.python(), "-m", "lvmctl", "train"]
    begin = [*words, "--experiment", "tiny-*", "--out", "g"]

    def until(line: str, number: int, command: list[str]) -> tuple[int, str]:
        """Run until ``line`` is said, then send a signal; exit code and stderr."""
        text = ""
        with subprocess.Popen(
            command, cwd=tmp_path, env=cli_env, stderr=subprocess.PIPE, text=True
        ) as process:
            while line not in text:
                assert process.poll() is None, text
                text += process.stderr.readline()
            process.send_signal(number)
            return process.wait(), text + process.stderr.read()

    code, _ = until("tiny-a | epoch 2/", signal.SIGKILL, begin)
    assert code == -signal.SIGKILL
    code, text = until("tiny-b | epoch 3/", signal.SIGINT, begin)
    assert code == 130
    assert "0 of 2 finished; tiny-a is resumed" in text
    assert "tiny-a | epoch 1/" not in text
    last = text.splitlines()[-1]
    assert last == (
        "error: g: interrupted, 1 of 2 trials finished; go on with lvmctl train --resume g"
    )
    assert not (tmp_path / "g/comparison.json").exists()
    # From another directory: what the request names is looked for where it was sweeping.
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    done = subprocess.run(
        [*words, "--resume", "../g", "-v"],
        cwd=elsewhere,
        env=cli_env,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert "sweep: 1 of 2 finished, 1 to be resumed" in done.stderr
    assert "tiny-a | " not in done.stderr
    assert "tiny-b | epoch 2/" not in done.stderr
    assert (tmp_path / "g/comparison.json").exists()
    for name in ("tiny-a", "tiny-b"):
        run = whole[0] / whole[1]["grid"] / name
        assert state_of(tmp_path / "g" / name) == state_of(run)


def test_seeds_have_trials_of_their_own_and_a_spread(sweeping, tmp_path):
    small = [word for key, value in TINY.items() for word in ("--set", f"{key}={value}")]
    words = ["train", "--plugin", "p8", "--data", DATA, "--epochs", 1, *small, "--jobs", 2]
    code, out, err = sweeping(*words, "--seed", "0,3", "--out", "here")
    assert code == 0, err
    for seed in (0, 3):
        config = json.loads((tmp_path / f"here/p8_seed{seed}/config.json").read_text())
        assert config["options"]["seed"] == seed
        manifest = json.loads((tmp_path / f"here/p8_seed{seed}/manifest.json").read_text())
        assert manifest["argv"] == sys.argv  # what was sweeping, not the program of a trial
    assert "p8 over 2 seeds (sd of the sample)" in out
    saved = json.loads((tmp_path / "here/comparison.json").read_text())
    spread = saved["seeds"]["p8"]
    assert spread["runs"] == ["p8_seed0", "p8_seed3"]
    cosines = [saved["predictors"][run]["cos_next"] for run in spread["runs"]]
    assert spread["figures"]["cos_next"]["min"] == min(cosines)
    assert spread["figures"]["cos_next"]["max"] == max(cosines)
    shown = f"{sum(cosines) / 2:.3f}".lstrip("0")
    assert re.search(rf"^cos_next +{re.escape(shown)} +\.\d{{4}} ", out, re.MULTILINE)


def test_a_trial_that_diverges_is_reported_and_the_others_go_on(sweeping, tmp_path):
    words = ("train", "--experiment", "mad", "--experiment", "tiny-a", "--epochs", 2)
    code, out, err = sweeping(*words, "--out", "here", "--json")
    assert code == 5
    last = err.splitlines()[-1]
    assert "here: 1 of 2 trials did not finish: mad (exit code 5); correct it and try" in last
    assert "mad | error: here/mad: " in err
    mad, tiny = json.loads(out)["members"]
    assert (mad["state"], mad["exit_code"], tiny["state"]) == ("failed", 5, "finished")
    assert "non-finite" in mad["error"]
    saved = json.loads((tmp_path / "here/comparison.json").read_text())
    assert list(saved["runs"]) == ["tiny-a"]


def test_a_sweep_in_use_is_refused(whole, again):
    place, record, _ = whole
    with RunDirectory(place / record["grid"]):
        code, _, err = again("train", "--experiment", "tiny-*")
    assert code == 4
    assert "another training writes this run (process" in err


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--plugin", "p8"], "keeps its trials, --plugin cannot change"),
        (["--epochs", "20"], "options cannot change"),
        (["--set", "lr=1"], "options cannot change"),
        (["--data", "x"], "sources cannot change"),
        (["--device", "cpu"], "--device cannot change"),
        (["--out", "x"], "--out cannot change"),
    ],
)
def test_a_resumed_sweep_keeps_what_it_was_asked_for(whole, again, words, message):
    code, _, err = again("train", "--resume", whole[1]["grid"], *words)
    assert (code, message in err) == (2, True)
