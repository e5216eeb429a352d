"""What sweeps refuse, what trials are started with, and what their ends come to, without training
any."""

from __future__ import annotations

import json
import sys

import pytest
from cli.sweeps import DATA

from lvmctl.cli.train.trial import COMMAND
from lvmctl.training.sweep import pool


@pytest.fixture
def working(monkeypatch):
    """``working(codes, signum)`` takes the place of training; the list it gives hears of it."""

    def make(codes, signum=None):
        heard = []

        class Pool(pool.WorkerPool):
            def run(self, tasks):
                heard.append((json.loads(json.dumps(tasks)), self.jobs))
                for name in tasks:
                    if name in codes:
                        self.begins(name)
                        error = "it is broken" if codes[name] == 5 else None
                        self.ends(name, pool.Ended(codes[name], error, 1.0))
                return signum

        monkeypatch.setattr(pool, "WorkerPool", Pool)
        return heard

    return make


def test_a_trial_is_given_all_that_was_typed(sweeping, working, monkeypatch, tmp_path):
    monkeypatch.setattr(pool, "cores", lambda: 3)
    heard = working({})
    words = ["--strict-plugins", "train", "--experiment", "tiny-*", "--seed", "1-2", "--plugin"]
    words += ["p8", "--set", "lr=.1", "--loss", "mse", "--device", "cpu", "-v", "--out", "g"]
    code, _, err = sweeping(*words, "--jobs", 99)
    assert code == 0
    assert "--jobs 99: this machine gives 3 processors, so 3 at a time" in err
    ((tasks, jobs),) = heard
    assert jobs == 3
    assert list(tasks) == ["tiny-a_seed1", "tiny-a_seed2", "tiny-b_seed1", "tiny-b_seed2"]
    task = tasks["tiny-b_seed2"]
    request = task.pop("request")
    assert task == {
        "argv": sys.argv,
        "plugins": {"enabled": True, "strict": True, "disable": []},
        "debug": False,
        "verbose": True,
        "resume": False,
    }
    assert request.pop("layers")[-3:] == [
        ["experiments.toml", {"margin": 0.2}],
        ["command line", {"seed": "2"}],
        ["--set", {"lr": ".1"}],
    ]
    assert request == {
        "recipe": "p8",
        "losses": ["mse"],
        "sources": {"data": DATA, "train": [], "val": None, "ood": None},
        "device": "cpu",
        "out": "g/tiny-b_seed2",
        "experiment": "tiny-b",
    }
    heard.clear()
    sweeping("--debug", "train", "--plugin", "p8", "--data", DATA, "--seed", "0-1")
    ((tasks, jobs),) = heard
    assert jobs == 1
    first, _ = tasks.values()
    assert (first["debug"], first["verbose"], first["plugins"]["strict"]) == (True, False, False)


def test_a_trial_imports_nothing_of_the_working_directory():
    assert COMMAND[:2] == [sys.executable, "-P"]


@pytest.mark.parametrize(
    ("codes", "code", "states"),
    [
        ({"tiny-a": 5, "tiny-b": 6}, 5, ["failed", "failed"]),
        ({"tiny-a": -9, "tiny-b": 5}, 6, ["failed", "failed"]),
        ({"tiny-a": -15, "tiny-b": 4}, 143, ["begun", "failed"]),
    ],
)
def test_how_trials_end_is_how_the_sweep_ends(sweeping, working, codes, code, states):
    working(codes)
    exit_code, out, err = sweeping("train", "--experiment", "tiny-*", "--out", "g", "--json")
    shown = json.loads(out)
    assert exit_code == code
    assert [member["state"] for member in shown["members"]] == states
    assert shown["comparison"] is None
    assert "error: g: 2 of 2 trials did not finish: tiny-a (exit code " in err
    broken = [member["error"] for member in shown["members"] if member["exit_code"] == 5]
    assert broken == ["it is broken"] * (5 in codes.values())


def test_a_signal_ends_the_sweep_with_the_way_to_go_on(sweeping, working):
    working({"tiny-a": 143}, 15)
    code, out, err = sweeping("train", "--experiment", "tiny-*", "--out", "g")
    assert (code, out) == (143, "")
    assert err.splitlines()[-1] == (
        "error: g: interrupted, 0 of 2 trials finished; go on with lvmctl train --resume g"
    )


def test_trials_of_other_articles_are_trained_and_not_compared(sweeping, working, monkeypatch):
    working({"tiny-a": 0, "odd": 0})
    words = ["train", "--experiment", "tiny-a", "--experiment", "odd", "--out", "g"]
    code, out, err = sweeping(*words)
    assert code == 0
    assert "no comparison will be made: odd and tiny-a are validated on different" in err
    assert out.splitlines()[0].split() == ["trial", "state", "epochs"]
    assert out.splitlines()[-1] == "sweep: g"


def test_a_sweep_is_resumed_from_what_it_was_asked_for(sweeping, working, tmp_path, monkeypatch):
    heard = working({})
    words = ["train", "--experiment", "tiny-*", "--seed", "0,4", "--epochs", 3, "--data", DATA]
    sweeping(*words, "--set", "lr=.1", "--loss", "mse:0.5", "--out", "g")
    (tmp_path / "below").mkdir()
    monkeypatch.chdir(tmp_path / "below")
    from lvmctl.cli.main import run

    assert run(["train", "--resume", "../g", "--jobs", "1"]) == 0
    (first, _), (second, _) = heard
    assert list(first) == list(second)
    for name in first:
        first_request, again = (tasks[name]["request"] for tasks in (first, second))
        assert again.pop("out") == str(tmp_path / first_request.pop("out"))
        assert again == first_request


def test_a_directory_that_is_gone_is_reported(sweeping, working, tmp_path):
    working({})
    sweeping("train", "--experiment", "tiny-*", "--out", "g")
    saved = json.loads((tmp_path / "g/grid.json").read_text())
    (tmp_path / "g/grid.json").write_text(json.dumps(saved | {"directory": "/nowhere/at/all"}))
    code, _, err = sweeping("train", "--resume", "g")
    assert (code, "the directory it was started in is gone" in err) == (4, True)
    (tmp_path / "g/grid.json").write_text(json.dumps(saved | {"format": "lvmctl.grid/9"}))
    code, _, err = sweeping("train", "--resume", "g")
    assert (code, "was written by another version of lvmctl" in err) == (4, True)


@pytest.mark.parametrize(
    ("words", "code", "messages"),
    [
        (["--experiment", "tinny-*"], 2, ["no experiment matches 'tinny-*'; the nearest are tiny"]),
        (["--experiment", "tiny-a", "--experiment", "tinyb"], 2, ["did you mean 'tiny"]),
        (["--experiment", "tiny-*", "--plugin", "p9"], 2, ["tiny-a trains p8, --plugin says p9"]),
        (["--experiment", "tiny-*", "--seed", "x"], 2, ["invalid seed 'x'; give 1, 0,1,2 or 0-2"]),
        (["--plugin", "p8", "--seed", "0,0"], 2, ["a seed is named twice"]),
        (["--plugin", "p88", "--seed", "0-1"], 2, ["p88_seed0, p88_seed1: no recipe 'p88'"]),
        (["--plugin", "p8", "--seed", "0-1", "--set", "seed=3"], 2, ["are both given"]),
        (["--plugin", "p8", "--seed", "0-" + "9" * 5000], 2, ["invalid seed"]),
        (["--seed", "0-1"], 2, ["nothing to train is named"]),
        (["--experiment", "tiny-a", "--jobs", "2"], 2, ["--jobs: this is one run and no sweep"]),
        (
            ["--plugin", "p8", "--print-commands"],
            2,
            ["--print-commands: this is one run", "--seed 0-2"],
        ),
        (["--experiment", "tiny-*", "--print-commands", "--jobs", "2"], 2, ["leave out --jobs"]),
        (["--experiment", "tiny-*", "--jobs", "0"], 2, ["0 is not in the range"]),
        (
            ["--experiment", "wrong", "--experiment", "lost", "--experiment", "tiny-a"],
            2,
            ["wrong: recipe p8: unknown option 'lrr'", "lost: ", "nowhere: no such store"],
        ),
        (["--experiment", "tiny-*", "--context", "40"], 3, ["tiny-a, tiny-b: ", "41 chunks"]),
        (["--experiment", "[a-"], 2, ["no experiment matches '[a-'"]),
    ],
)
def test_what_is_wrong_is_reported_before_training(sweeping, tmp_path, words, code, messages):
    exit_code, out, err = sweeping("train", *words)
    assert (exit_code, out) == (code, "")
    assert err.splitlines()[-1].startswith("error: ")
    for message in messages:
        assert message in err.splitlines()[-1]
    assert {path.name for path in tmp_path.iterdir()} == {"experiments.toml"}


def test_a_place_that_is_no_sweep_is_left_alone(sweeping, tmp_path):
    (tmp_path / "here").mkdir()
    (tmp_path / "here/notes.txt").write_text("mine")
    code, _, err = sweeping("train", "--experiment", "tiny-*", "--out", "here")
    assert code == 6
    assert "already exists and is not a sweep; name another place with --out" in err
    assert [p.name for p in (tmp_path / "here").iterdir() if p.name != ".lock"] == ["notes.txt"]


def test_a_damaged_request_says_how_to_go_on(sweeping, tmp_path):
    (tmp_path / "g").mkdir()
    (tmp_path / "g/grid.json").write_text("{}")
    code, _, err = sweeping("train", "--resume", "g")
    assert code == 4
    assert "g/grid.json: is not the request of a sweep ('format' is missing); type the" in err
