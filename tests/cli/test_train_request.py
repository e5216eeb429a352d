"""Which trainings a command line of ``lvmctl train`` asks for."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

from lvmctl.cli.train.request import (
    CommandLine,
    default_path,
    readable,
    seeds_of,
    trials_of,
)
from lvmctl.core.errors import UsageError

FILE = """
[one]
recipe = "p8"
data = "old"
ood = "far"
epochs = 1
[two]
extends = "one"
losses = ["mse:2"]
["star*"]
recipe = "p8"
["a/b"]
recipe = "p8"
["one_seed1"]
recipe = "p8"
[broken]
recipe = 3
"""


@pytest.fixture(autouse=True)
def working(tmp_path, monkeypatch):
    (tmp_path / "experiments.toml").write_text(FILE)
    monkeypatch.chdir(tmp_path)


def names(*patterns: str, **flags: str) -> list[str]:
    typed = CommandLine(experiments=patterns, flags=flags)
    return [trial.name for trial in trials_of(typed, Path("g"))]


@pytest.mark.parametrize(
    ("text", "seeds"),
    [("0", [0]), ("0,1,2", [0, 1, 2]), ("0-2", [0, 1, 2]), ("7, 3-4", [7, 3, 4]), ("5-5", [5])],
)
def test_seeds(text, seeds):
    assert seeds_of(text) == seeds


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("0-", "invalid seed '0-'; give 1, 0,1,2 or 0-2"),
        ("a,b", "invalid seed 'a,b'"),
        ("0,,1", "invalid seed '0,,1'"),
        ("1-2-3", "invalid seed"),
        ("3-1", "the range 3-1 is descending"),
        ("0,1,0", "a seed is named twice"),
        ("0-2,1", "a seed is named twice"),
        ("0-999999999999", "more than 1000 seeds"),
    ],
)
def test_what_is_no_seed(text, message):
    with pytest.raises(UsageError, match=re.escape(message)):
        seeds_of(text)


@pytest.mark.parametrize(
    ("patterns", "seed", "sweep"),
    [
        (["one"], None, False),
        (["one"], "3", False),
        (["one"], "-3", False),
        (["one"], "0,1", True),
        (["one"], "0-1", True),
        (["one*"], None, True),
        (["star*"], None, False),
        (["one", "two"], None, True),
        ([], None, False),
        ([], "0-2", True),
    ],
)
def test_what_is_a_sweep(patterns, seed, sweep):
    flags = {} if seed is None else {"seed": seed}
    assert CommandLine(recipe="p8", experiments=patterns, flags=flags).is_sweep == sweep


def test_trials_are_named_after_their_experiment_and_seed():
    assert names("t*", "one") == ["two", "one"]
    assert names("one", "o?e", "one") == ["one"]
    assert names("one", "two", seed="0,3") == ["one_seed0", "one_seed3", "two_seed0", "two_seed3"]
    typed = CommandLine(recipe="p8/p8", flags={"seed": "1-2"})
    assert [trial.name for trial in trials_of(typed, Path("g"))] == ["p8-p8_seed1", "p8-p8_seed2"]


def test_a_trial_is_its_experiment_with_what_is_typed_laid_over_it(tmp_path):
    typed = CommandLine(
        experiments=["two"],
        flags={"seed": "4-5", "epochs": "2"},
        assignments=["lr=1e-3"],
        losses=["cosine"],
        sources={"data": None, "train": (), "val": "judge", "ood": None},
    )
    trial = trials_of(typed, Path("g"))[1]
    request = trial.request
    assert (trial.name, trial.group, trial.path) == ("two_seed5", "two", Path("g/two_seed5"))
    assert request.layers == [
        ("experiments.toml [one]", {"epochs": 1}),
        ("command line", {"seed": "5", "epochs": "2"}),
        ("--set", {"lr": "1e-3"}),
    ]
    assert request.losses == ("mse:2", "cosine")
    assert request.experiment == "two"
    sources = {name: str(tmp_path / name) for name in ("old", "judge", "far")}
    assert request.sources == {
        "data": sources["old"], "train": [], "val": sources["judge"], "ood": sources["far"],
    }  # fmt: skip


def test_a_request_is_read_back_as_it_was_saved(tmp_path):
    sources = {"data": None, "train": ("a", "b"), "val": "c", "ood": None}
    typed = CommandLine("p8", ["one"], {"seed": "1"}, ["lr=1"], ["mse"], sources, "cpu")
    back = CommandLine(**typed.record())
    assert back.sources["train"] == [str(tmp_path / "a"), str(tmp_path / "b")]
    assert replace(back, sources=sources) == typed


def test_all_that_is_wrong_is_reported_at_once():
    with pytest.raises(UsageError) as caught:
        names("onne*", "thre", "broken", "a/*")
    for message in (
        "no experiment matches 'onne*'; the nearest are one",
        "no experiment 'thre'",
        "recipe is not text",
        "'a/b' cannot be the name of a directory",
    ):
        assert message in str(caught.value)


def test_names_with_seeds_never_meet(tmp_path):
    (tmp_path / "experiments.toml").write_text("[x]\nrecipe = 'p8'\n[x_seed1]\nextends = 'x'\n")
    assert names("x*") == ["x", "x_seed1"]
    assert names("x*", seed="1") == ["x_seed1", "x_seed1_seed1"]


def test_a_sweep_has_a_limit():
    with pytest.raises(UsageError, match="1200 trials, at most 1000 are allowed"):
        names("one", "two", seed="0-599")


def test_the_same_request_has_the_same_place_and_another_has_not(tmp_path):
    command = CommandLine(experiments=["one", "two"], flags={"seed": "0-1"})
    path = default_path(command)
    assert re.fullmatch(r"runs/grid_one_two_[0-9a-f]{8}", str(path))
    assert default_path(replace(command, experiments=["two", "one"])).name[-8:] == path.name[-8:]
    assert default_path(replace(command, flags={"seed": "0,1"})) == path
    others = (
        replace(command, flags={"seed": "0-2"}),
        replace(command, flags={}),
        replace(command, assignments=["lr=1"]),
        replace(command, losses=["mse"]),
        replace(command, device="cpu"),
        replace(command, sources={"data": "d", "train": (), "val": None, "ood": None}),
    )
    assert len({default_path(other) for other in (command, *others)}) == 7


def test_readable_names():
    assert readable(["p7-*", "p8-pilot"]) == "p7_p8-pilot"
    assert readable(["*"]) == "all"
    assert readable(["p5.1"]) == "p5.1"
    assert len(readable(["x" * 50, "y" * 50])) == 60


@pytest.mark.parametrize("sources", [{"data": ""}, {"data": " "}, {"train": ("",)}, {"val": ""}])
def test_an_empty_source_is_not_the_working_directory(sources):
    typed = CommandLine(
        recipe="p8", sources={**dict.fromkeys(("data", "val", "ood")), "train": (), **sources}
    )
    with pytest.raises(UsageError, match="names no data"):
        typed.request(None)
