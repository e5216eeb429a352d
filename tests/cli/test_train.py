"""``lvmctl train`` as it is typed."""

from __future__ import annotations

import json
import re
import signal
import subprocess
from pathlib import Path

import forked
import pytest
from training.small import DATA, TINY

import lvmctl

SMALL = [word for key, value in TINY.items() for word in ("--set", f"{key}={value}")]
TRAIN = ["train", "--plugin", "p8", "--data", DATA, "--epochs", "1", *SMALL]


def test_a_training_says_what_was_learned_and_where(typed):
    code, out, err = typed(*TRAIN, "--full")
    assert code == 0
    assert "direct" in out.partition("\n")[0]
    assert re.search(r"^cos_next +\.\d{3} +\.\d{3} +[+-]\.\d{3}", out, re.MULTILINE)
    assert re.search(r"^R@5 +\d?\.\d{3} +\d?\.\d{3} +[+-]", out, re.MULTILINE)
    for previous in ("last", "second_last", "unseen"):
        assert f"margin[{previous}]" in out
    assert 'does not mean "backward"' in out
    run = Path(out.splitlines()[-1].removeprefix("run: "))
    assert re.fullmatch(r"runs/p8_c5_m0\.07_\d{8}_\d{6}", str(run))
    assert "p8: p8/mixture | 1 × p8/listwise" in err
    assert re.search(r"^epoch 1/1 .*windows/s$", err, re.MULTILINE)
    files = {path.name for path in run.iterdir()}
    assert {"config.json", "training_history.json", "best_model.pt", "manifest.json"} <= files


def test_json_is_one_object_and_messages_stay_on_stderr(typed):
    code, out, _ = typed(*TRAIN, "--json", "--out", "here")
    record = json.loads(out)
    assert code == 0
    assert record["schema"] == "lvmctl.train/1"
    assert (record["run"], record["recipe"], record["stopped"]) == ("here", "p8", None)
    assert record["best"]["val"]["direct"]["r@5"] >= 0


def test_the_run_records_everything_a_figure_depends_on(typed, tmp_path):
    typed(*TRAIN, "--out", "here", "--seed", "3", "--context", "4", "--loss", "mse:0.5")
    config = json.loads((tmp_path / "here/config.json").read_text())
    assert config["options"]["seed"] == 3
    assert config["origins"]["seed"] == "command line"
    assert config["origins"]["sequence.width"] == "--set"
    assert config["origins"]["previous_repel.margin"] == "default"
    assert [part["name"] for part in config["losses"]][-1] == "core/mse"
    assert config["splits"]["train"]["content_hash"].startswith("sha256:")
    manifest = json.loads((tmp_path / "here/manifest.json").read_text())
    assert manifest["outcome"] == "finished"
    assert {"argv", "packages", "plugins", "backend", "seed", "options_sha256"} <= set(manifest)
    assert manifest["plugins"]["lvmctl-p8"] == "0.1.0"
    assert manifest["backend"]["threads"] >= 1


def test_an_experiment_and_what_is_typed_over_it(typed, tmp_path):
    (tmp_path / "experiments.toml").write_text(
        f'[base]\nrecipe = "p8"\ndata = "{DATA}"\nepochs = 1\nwindows = 50\n'
        + "".join(
            f'{key} = "{v}"\n' if isinstance(v, str) else f"{key} = {v}\n"
            for key, v in TINY.items()
        )
        + '[short]\nextends = "base"\nlosses = ["mse:2"]\nlistwise.temperature = 0.2\n'
    )
    code, _, err = typed("train", "--experiment", "short", "--seed", "5", "--out", "here")
    assert code == 0
    config = json.loads((tmp_path / "here/config.json").read_text())
    assert config["experiment"] == "short"
    assert (config["options"]["seed"], config["options"]["windows"]) == (5, 50)
    assert config["losses"][0]["options"]["temperature"] == 0.2
    assert config["losses"][-1] | {"options": {}} == {
        "name": "core/mse",
        "package": f"lvmctl {lvmctl.__version__}",
        "weight": "2",
        "options": {},
        "added": True,
    }
    trained = int(re.search(r"train (\d+) windows", err).group(1))
    assert 50 <= trained < 50 + 11


def test_resume_after_the_end_changes_nothing(typed, tmp_path):
    typed(*TRAIN, "--out", "here")
    before = (tmp_path / "here/training_history.json").read_bytes()
    code, out, err = typed("train", "--plugin", "p8", "--resume", "here")
    assert code == 0
    assert "Best epoch: 1" in out
    assert err.startswith("here is finished, 1 epoch; --epochs N trains longer\n")
    assert (tmp_path / "here/training_history.json").read_bytes() == before


def test_stores_apart_and_joined(typed):
    for name, seed in (("a", 1), ("b", 2), ("c", 3)):
        size = ["--articles", 12, "--chunks", 12, "--dim", 8]
        assert typed("data", "synth", "topic", *size, "--seed", seed, "--out", name)[0] == 0
    sources = ["--train", "a", "--train", "b", "--val", "c"]
    code, _, err = typed("train", "--plugin", "p8", *sources, "--epochs", 1, *SMALL)
    assert code == 0
    assert "train 168 windows of 24 articles; val 84 windows of 12 articles" in err


def test_other_training_data_takes_the_place_of_all_of_an_experiments_data(typed, tmp_path):
    (tmp_path / "experiments.toml").write_text(
        f'[a]\nrecipe = "p8"\ntrain = ["nowhere"]\nval = "{DATA}"\nepochs = 1\n'
    )
    other = "synth:topic?articles=30&chunks=10&dim=8"
    code, _, err = typed("train", "--experiment", "a", "--data", other, *SMALL)
    assert code == 0
    assert "train 120 windows of 24 articles; val 15 windows of 3 articles" in err


def test_moved_data_is_found_and_other_splits_are_refused(typed, tmp_path):
    typed("data", "synth", "topic", "--articles", 24, "--chunks", 12, "--dim", 8, "--out", "st")
    typed("data", "split", "st", "--by", "article")
    code, *_ = typed("train", "--plugin", "p8", "--data", "st", "--epochs", 1, *SMALL, "--out", "r")
    assert code == 0
    (tmp_path / "st").rename(tmp_path / "moved")
    code, _, err = typed("train", "--resume", "r", "--epochs", 2)
    assert (code, "no such store" in err) == (3, True)
    code, *_ = typed("train", "--resume", "r", "--epochs", 2, "--data", "moved")
    assert code == 0
    code, _, err = typed("train", "--resume", "r", "--epochs", 3)
    assert (code, "r goes on after epoch 2 of 3\n" in err) == (0, True)
    typed("data", "split", "moved", "--by", "article", "--seed", 9, "--force")
    code, _, err = typed("train", "--resume", "r", "--epochs", 4)
    assert (code, "content or splits differ" in err) == (4, True)


def test_verbose_shows_what_is_measured_every_200_steps(typed):
    code, _, err = typed(*TRAIN, "--set", "batch_size=1", "-v")
    assert code == 0
    shown = re.findall(r"^epoch 1 step (\d+)/220  loss \d.*$", err, re.MULTILINE)
    assert shown == ["200"]
    assert re.search(r"^epoch 1 step 200/220 .*  loss_rank \d", err, re.MULTILINE)
    assert " step " not in typed(*TRAIN)[2]


def test_the_kill_rule_prints_and_saves_why(typed, tmp_path):
    code, out, _ = typed(*TRAIN, "--epochs", 3, "--set", "kill_rule=true", "--out", "here")
    assert code == 0
    assert re.search(r"stopped after epoch 2: p8/kill-rule: margin\[last\] -0\.\d+ < \+0\.000", out)
    assert (
        "stopped: p8/kill-rule"
        in json.loads((tmp_path / "here/manifest.json").read_text())["outcome"]
    )


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        ([], 2, "nothing to train is named; give --plugin RECIPE or --experiment NAME"),
        (["--plugin", "p88"], 2, "no recipe 'p88'; did you mean 'p8'?"),
        (["--experiment", "p8-pilott"], 2, "no experiment 'p8-pilott'; did you mean 'p8-pilot'?"),
        (["--experiment", "p8-pilot", "--plugin", "p7"], 2, "trains p8, --plugin says p7"),
        (["--plugin", "p8", "--set", "marginn=1"], 2, "'marginn', did you mean 'margin'?"),
        (["--plugin", "p8", "--set", "lr"], 2, "not key=value: 'lr'"),
        (["--plugin", "p8", "--epochs", "0"], 2, "epochs"),
        (["--plugin", "p8", "--data", "nowhere"], 3, "no such store"),
        (
            ["--plugin", "p8", "--data", DATA, "--context", "40"],
            3,
            "41 chunks that a window of K = 40 and its target need (the longest of 2 has 16)",
        ),
        (["--plugin", "p8", "--data", "synth:ar2"], 2, "ar1"),
        (["--plugin", "p8", "--resume", "nowhere"], 4, "no such run"),
        (["--plugin", "p8", "--resume", ".", "--loss", "mse"], 2, "--loss cannot change"),
        (["--plugin", "p8", "--data", DATA, "--set", "heads=3"], 2, "heads = 3 does not divide"),
    ],
)
def test_one_line_and_a_code_for_every_fault(typed, tmp_path, words, code, message):
    exit_code, out, err = typed("train", *words)
    assert (exit_code, out) == (code, "")
    assert message in err
    assert err.splitlines()[-1].startswith("error: ")
    assert not (tmp_path / "runs").exists()


def test_an_output_that_exists_is_left_alone(typed, tmp_path):
    (tmp_path / "here").mkdir()
    code, _, err = typed(*TRAIN, "--out", "here")
    assert code == 6
    assert "already exists" in err
    assert list((tmp_path / "here").iterdir()) == []


def test_a_run_in_use_is_refused(typed, tmp_path):
    from lvmctl.core.run_directory import RunDirectory

    typed(*TRAIN, "--out", "here")
    with RunDirectory.open(tmp_path / "here"):
        code, _, err = typed("train", "--resume", "here")
    assert code == 4
    assert "another training writes this run (process" in err


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_from_outside(tmp_path, cli_env, number):
    words = [*TRAIN, "--epochs", "1000", "--out", str(tmp_path / "here")]
    with subprocess.Popen(
        [forked.python(), "-m", "lvmctl", *words], env=cli_env, stderr=subprocess.PIPE, text=True
    ) as process:
        while "epoch 1/" not in process.stderr.readline():
            assert process.poll() is None
        process.send_signal(number)
        text = process.stderr.read()
        code = process.wait()
    assert code == 128 + number
    assert f"continue with --resume {tmp_path / 'here'}" in text.splitlines()[-1]
