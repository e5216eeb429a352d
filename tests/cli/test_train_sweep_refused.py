"""What a sweep refuses before it trains anything."""

from __future__ import annotations

import pytest
from cli.sweeps import typing


@pytest.fixture
def typed(tmp_path, monkeypatch, capsys):
    """``typed(*words)`` runs lvmctl in ``tmp_path``: exit code, stdout, stderr."""
    return typing(tmp_path, monkeypatch, capsys)


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
        (["--plugin", "p8", "--print-commands"], 2, ["--print-commands: this is one run"]),
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
def test_what_is_wrong_is_reported_before_training(typed, tmp_path, words, code, messages):
    exit_code, out, err = typed("train", *words)
    assert (exit_code, out) == (code, "")
    assert err.splitlines()[-1].startswith("error: ")
    for message in messages:
        assert message in err.splitlines()[-1]
    assert {path.name for path in tmp_path.iterdir()} == {"experiments.toml"}


def test_a_place_that_is_no_sweep_is_left_alone(typed, tmp_path):
    (tmp_path / "here").mkdir()
    (tmp_path / "here/notes.txt").write_text("mine")
    code, _, err = typed("train", "--experiment", "tiny-*", "--out", "here")
    assert code == 6
    assert "exists already and is not a sweep; name another place with --out" in err
    assert [p.name for p in (tmp_path / "here").iterdir() if p.name != ".lock"] == ["notes.txt"]


def test_a_damaged_request_says_how_to_go_on(typed, tmp_path):
    (tmp_path / "g").mkdir()
    (tmp_path / "g/grid.json").write_text("{}")
    code, _, err = typed("train", "--resume", "g")
    assert code == 4
    assert "g/grid.json: is not the request of a sweep (KeyError: 'format'); type the" in err
