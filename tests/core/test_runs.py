"""Which run a name means: a path, a name in runs/, or the beginning of either."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from lvmctl.core.errors import RunError
from lvmctl.core.runs import directories, find_run, finished_runs


def make(path: Path, file: str = "config.json") -> Path:
    path.mkdir(parents=True)
    (path / file).write_text("{}")
    return path


@pytest.fixture(autouse=True)
def runs_here(tmp_path, monkeypatch):
    """Runs ``p8_a``, ``p8_b``, ``plain`` and a sweep of two, in runs/; and one elsewhere."""
    monkeypatch.chdir(tmp_path)
    for name in ("p8_a", "p8_b", "plain", "grid_p7/seed0", "grid_p7/seed1"):
        make(Path("runs") / name)
    (Path("runs/grid_p7/grid.json")).touch()
    make(Path("else/where"))
    Path("runs/.hidden").mkdir()
    return tmp_path


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("p8_a", "runs/p8_a"),
        ("runs/p8_a", "runs/p8_a"),
        ("runs/p8_a/", "runs/p8_a"),
        ("pl", "runs/plain"),
        ("./runs/pl", "runs/plain"),
        ("grid_p7/seed1", "runs/grid_p7/seed1"),
        ("else/wh", "else/where"),
    ],
)
def test_a_run_is_known_by_path_name_or_beginning(name, path, runs_here):
    assert find_run(name) == Path(path)
    absolute = runs_here / path
    assert find_run(str(absolute)[:-1]) == absolute if name == "else/wh" else True


def test_one_run_that_is_found_from_two_places_is_one_run(runs_here, monkeypatch):
    monkeypatch.chdir(runs_here / "runs")
    assert find_run("./pl", root=runs_here / "runs").resolve() == runs_here / "runs" / "plain"


def test_a_name_that_is_whole_wins_over_longer_ones():
    make(Path("runs/p8"))
    assert find_run("p8") == Path("runs/p8")


def test_a_directory_here_that_is_no_run_hides_none():
    Path("pla").mkdir()
    Path("plain").mkdir()
    assert find_run("pla") == find_run("plain") == Path("runs/plain")


@pytest.mark.parametrize("name", ["p8", "runs/p8_"])
def test_an_ambiguous_beginning_lists_the_candidates(name):
    with pytest.raises(RunError, match="2 runs") as caught:
        find_run(name)
    assert caught.value.exit_code == 4
    assert "p8_a, p8_b" in caught.value.hint


def test_many_candidates_are_counted():
    for number in range(20):
        make(Path(f"runs/many_{number:02}"))
    with pytest.raises(RunError) as caught:
        find_run("many")
    assert "many_07" in caught.value.hint
    assert "12 more" in caught.value.hint


def test_an_unknown_name_is_answered_with_the_nearest():
    with pytest.raises(RunError) as caught:
        find_run("plian")
    assert "plain" in caught.value.hint
    make(Path("runs/lstm_c5_20251104_222516"))
    with pytest.raises(RunError, match="lstm_c5_20251104_222516"):
        find_run("lsmt")
    with pytest.raises(RunError) as caught:
        find_run("zzzzzz")
    assert "lvmctl runs list" in caught.value.hint
    with pytest.raises(RunError):
        find_run("")


def test_what_is_no_run_is_left_to_who_opens_it():
    Path("runs/foreign").mkdir()
    assert find_run("foreign") == Path("runs/foreign")
    with pytest.raises(RunError):
        find_run("forei")


def test_a_sweep_will_do_where_it_may():
    assert find_run("grid", sweeps=True) == Path("runs/grid_p7")
    assert find_run("grid_p7/seed0", sweeps=True) == Path("runs/grid_p7/seed0")
    with pytest.raises(RunError, match="2 runs") as caught:
        find_run("grid")
    assert "grid_p7/seed0, grid_p7/seed1" in caught.value.hint


def test_the_runs_trained_last_come_first():
    for number, name in enumerate(["plain", "grid_p7/seed1", "p8_a"]):
        weights = Path("runs", name, "best_model.pt")
        weights.touch()
        os.utime(weights, (number, number))
    assert [path.name for path in finished_runs()] == ["p8_a", "seed1", "plain"]
    assert find_run(None) == Path("runs/p8_a")
    # Its last epochs were none of the best.
    Path("runs/grid_p7/seed1/training_history.json").write_text("[]")
    assert find_run(None) == Path("runs/grid_p7/seed1")


def test_hidden_directories_are_no_runs_and_no_directory_has_none(runs_here):
    assert {path.name for path in directories()} == {"p8_a", "p8_b", "plain", "seed0", "seed1"}
    assert directories(runs_here / "nowhere") == []
