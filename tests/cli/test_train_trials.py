"""What trials are started with, and what their ends come to, without training any."""

from __future__ import annotations

import json
import sys

import pytest
from cli.sweeps import DATA, typing

from lvmctl.cli.train.trial import COMMAND
from lvmctl.training.sweep import pool


@pytest.fixture
def typed(tmp_path, monkeypatch, capsys):
    """``typed(*words)`` runs lvmctl in ``tmp_path``: exit code, stdout, stderr."""
    return typing(tmp_path, monkeypatch, capsys)


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


def test_a_trial_is_given_all_that_was_typed(typed, working, monkeypatch, tmp_path):
    monkeypatch.setattr(pool, "cores", lambda: 3)
    heard = working({})
    words = ["--strict-plugins", "train", "--experiment", "tiny-*", "--seed", "1-2", "--plugin"]
    words += ["p8", "--set", "lr=.1", "--loss", "mse", "--device", "cpu", "-v", "--out", "g"]
    code, _, err = typed(*words, "--jobs", 99)
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
    typed("--debug", "train", "--plugin", "p8", "--data", DATA, "--seed", "0-1")
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
def test_how_trials_end_is_how_the_sweep_ends(typed, working, codes, code, states):
    working(codes)
    exit_code, out, err = typed("train", "--experiment", "tiny-*", "--out", "g", "--json")
    shown = json.loads(out)
    assert exit_code == code
    assert [member["state"] for member in shown["members"]] == states
    assert shown["comparison"] is None
    assert "error: g: 2 of 2 trials did not finish: tiny-a (exit code " in err
    broken = [member["error"] for member in shown["members"] if member["exit_code"] == 5]
    assert broken == ["it is broken"] * (5 in codes.values())


def test_a_signal_ends_the_sweep_with_the_way_to_go_on(typed, working):
    working({"tiny-a": 143}, 15)
    code, out, err = typed("train", "--experiment", "tiny-*", "--out", "g")
    assert (code, out) == (143, "")
    assert err.splitlines()[-1] == (
        "error: g: interrupted, 0 of 2 trials finished; go on with lvmctl train --resume g"
    )


def test_trials_of_other_articles_are_trained_and_not_compared(typed, working, monkeypatch):
    working({"tiny-a": 0, "odd": 0})
    words = ["train", "--experiment", "tiny-a", "--experiment", "odd", "--out", "g"]
    code, out, err = typed(*words)
    assert code == 0
    assert "no comparison will be made: odd and tiny-a are validated on different" in err
    assert out.splitlines()[0].split() == ["trial", "state", "epochs"]
    assert out.splitlines()[-1] == "sweep: g"


def test_a_sweep_is_resumed_from_what_it_was_asked_for(typed, working, tmp_path, monkeypatch):
    heard = working({})
    words = ["train", "--experiment", "tiny-*", "--seed", "0,4", "--epochs", 3, "--data", DATA]
    typed(*words, "--set", "lr=.1", "--loss", "mse:0.5", "--out", "g")
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


def test_a_directory_that_is_gone_is_reported(typed, working, tmp_path):
    working({})
    typed("train", "--experiment", "tiny-*", "--out", "g")
    saved = json.loads((tmp_path / "g/grid.json").read_text())
    (tmp_path / "g/grid.json").write_text(json.dumps(saved | {"directory": "/nowhere/at/all"}))
    code, _, err = typed("train", "--resume", "g")
    assert (code, "the directory it was started in is gone" in err) == (4, True)
    (tmp_path / "g/grid.json").write_text(json.dumps(saved | {"format": "lvmctl.grid/9"}))
    code, _, err = typed("train", "--resume", "g")
    assert (code, "was written by another version of lvmctl" in err) == (4, True)
