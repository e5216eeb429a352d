"""``lvmctl runs`` as it is typed."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from report.saved import write_run


@pytest.fixture
def terminal(monkeypatch):
    """A terminal on stdin, where ``terminal(text)`` is typed."""
    import io

    def answer(text: str) -> None:
        stdin = io.StringIO(text)
        stdin.isatty = lambda: True
        monkeypatch.setattr("sys.stdin", stdin)

    return answer


LONG = "grid_p7-baseline-and-others_0123456789/p7-baseline-of-the-books_seed0"


def test_an_empty_list_says_what_to_type(typed):
    code, out, _ = typed("runs", "list")
    assert (code, "lvmctl train" in out) == (0, True)
    code, out, _ = typed("runs", "list", "--json")
    assert json.loads(out) == {"schema": "lvmctl.runs.list/1", "directory": "runs", "runs": []}
    assert typed("runs", "list", "--dir", "nowhere")[0] == 4
    assert typed("runs", "show")[0] == 4


def test_the_list_fits_and_has_whole_names(typed):
    write_run(Path("runs/p8_c5_m0.07_20251104_222516"))
    write_run(Path("runs") / LONG)
    (Path("runs") / LONG).parent.joinpath("grid.json").touch()
    Path("runs/notes").mkdir()
    write_run(Path("runs/bad"))
    Path("runs/bad/config.json").write_text("{" + "}" * 99)
    code, out, _ = typed("runs", "list")
    assert code == 0
    lines = out.splitlines()
    assert max(len(line) for line in lines) <= 80
    assert LONG in lines
    why = json.loads(typed("runs", "list", "--json")[1])["runs"]
    (why,) = [run["why"] for run in why if run["name"] == "bad"]
    assert why in " ".join(out.split())
    (line,) = [line for line in lines if line.startswith("p8_c5_m0.07_20251104_222516 ")]
    assert "stopped 5/6" in line
    assert line.split()[-4:] == [".550", "[.530,", ".580]", ".520"]
    code, out, _ = typed("runs", "list", "--recipe", "p8", "--json")
    runs = json.loads(out)["runs"]
    assert {run["name"] for run in runs} == {"p8_c5_m0.07_20251104_222516", LONG}
    assert runs[0]["metrics"]["r@5"]["ci"] == [0.53, 0.58]
    assert typed("runs", "list", "--dir", f"runs/{Path(LONG).parent}")[1].count("stopped") == 1


def test_a_card_fits_and_says_what_to_type_next(typed):
    write_run(Path("runs/p8_a"))
    (Path("runs/p8_a/best_model.pt")).touch()
    (Path("runs/p8_a/5cat_results.json")).touch()
    code, out, _ = typed("runs", "show", "p8")
    assert code == 0
    assert max(len(line) for line in out.splitlines()) <= 80
    assert "fair FAIL" in out
    code, out, _ = typed("runs", "show", "--json")
    record = json.loads(out)
    assert (record["schema"], record["name"]) == ("lvmctl.runs.show/1", "p8_a")
    assert record["next"] == ["lvmctl diagnose run p8_a", "lvmctl eval report p8_a"]
    assert typed("eval", "report", "p8_a")[0] == 0
    record = json.loads(typed("runs", "show", "--json")[1])
    assert record["next"] == ["lvmctl diagnose run p8_a", "lvmctl predict p8_a --article 0"]
    os.utime("runs/p8_a/5cat_results.json", (2**32, 2**32))
    record = json.loads(typed("runs", "show", "--json")[1])
    assert "lvmctl eval report p8_a" in record["next"]
    Path("runs/p8_a/config.json").write_text("{")
    code, out, _ = typed("runs", "show", "p8")
    assert (code, "lvmctl runs remove p8_a" in out) == (0, True)


def test_nothing_is_removed_unasked(typed, terminal):
    write_run(Path("runs/a"))
    code, _, err = typed("runs", "remove", "a")
    assert (code, err.count("\n"), "--yes" in err) == (2, 1, True)
    terminal("n\n")
    code, out, err = typed("runs", "remove", "a", "--json")
    assert (code, json.loads(out)["removed"]) == (0, [])
    assert "KiB" in err
    assert Path("runs/a").is_dir()
    terminal("y\n")
    code, out, _ = typed("runs", "remove", "a", "--json")
    assert [each["name"] for each in json.loads(out)["removed"]] == ["a"]
    assert not Path("runs/a").exists()


def test_all_or_none_are_removed(typed):
    write_run(Path("runs/a"))
    write_run(Path("runs/b"))
    assert typed("runs", "remove", "a", "c", "--yes")[0] == 4
    assert Path("runs/a").is_dir()
    code, out, _ = typed("runs", "remove", "a", "b", "--yes")
    assert (code, len(out.splitlines())) == (0, 2)
    assert list(Path("runs").iterdir()) == []


def test_it_needs_no_torch(run_cli, tmp_path):
    write_run(tmp_path / "runs" / "a")
    for name in ("torch", "numpy"):
        (tmp_path / f"{name}.py").write_text("raise ImportError('not needed')")
    for words in (["list"], ["show", "a"], ["remove", "a", "--yes"]):
        done = run_cli("runs", *words, path=[tmp_path])
        assert done.returncode == 0, done.stderr


def finished(*names: str) -> None:
    """Runs with weights, each newer than the one before."""
    for number, name in enumerate(names):
        write_run(Path("runs") / name)
        for file in ("best_model.pt", "5cat_results.json"):
            Path("runs", name, file).touch()
            os.utime(Path("runs", name, file), (number, number))


def test_which_run_is_taken_is_reported_where_there_are_several(typed):
    finished("a")
    assert typed("eval", "report") == (0, "runs/a/report.html\n", "")
    finished("b")
    os.utime("runs/b/best_model.pt", (9, 9))
    os.utime("runs/b/5cat_results.json", (9, 9))
    code, out, err = typed("eval", "report")
    assert (code, out, "runs/b" in err) == (0, "runs/b/report.html\n", True)
    code, out, err = typed("runs", "show", "--json")
    assert (json.loads(out)["name"], "runs/b" in err) == ("b", True)


@pytest.mark.parametrize(("answer", "chosen"), [("\n", "c"), ("2\n", "b"), ("a\n", "a")])
def test_a_terminal_is_offered_the_runs(typed, terminal, answer, chosen):
    finished("a", "b", "c")
    terminal(answer)
    code, out, err = typed("eval", "report")
    assert (code, out) == (0, f"runs/{chosen}/report.html\n")
    assert err.index(" c ") < err.index(" b ") < err.index(" a ")


def test_a_terminal_is_not_asked_where_the_answer_is_known(typed, terminal):
    finished("a", "b")
    terminal("")
    assert typed("eval", "report", "a")[:2] == (0, "runs/a/report.html\n")
    assert json.loads(typed("eval", "report", "--json")[1])["out"] == "runs/b/report.html"
    assert typed("eval", "report")[0] == 130  # the end of the input
