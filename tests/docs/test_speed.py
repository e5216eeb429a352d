"""docs/speed.md shows what docs/speed.json says was measured, and benchmarks keep what they say."""

from __future__ import annotations

import importlib.util
import json
import sys

import pytest
from docs.pages import DOCS, ROOT, read


def benchmark(name):
    """A module of benchmarks/, which is no package."""
    spec = importlib.util.spec_from_file_location(name, ROOT / "benchmarks" / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # where its records look for their annotations
    spec.loader.exec_module(module)
    return module


figures = benchmark("figures")
RECORD = json.loads((DOCS / "speed.json").read_text("utf-8"))
ONE = figures.Figure("steps", 200, "steps/s", "≥ 3 ×", "a loop", 50, 3 * 2**20)
GROWN = figures.Growth("a walk", "chunk", [10, 100, 1000], [2, 20, 200], "s", [5e6, 50e6, 500e6])


def part(**changed):
    kept = {"figures": [figures.asdict(ONE)], "growth": [figures.asdict(GROWN)]}
    return {"name": "walk", "command": "python walk.py", "error": None, **kept, **changed}


def test_the_tables_of_the_page_are_those_of_the_record():
    assert figures.page(read(DOCS / "speed.md"), RECORD) == read(DOCS / "speed.md")


def test_every_part_has_a_place_on_the_page():
    parts = benchmark("run").PARTS
    assert sorted(figures.marked(read(DOCS / "speed.md"))) == sorted(["machine", *parts])
    assert {each["name"] for each in RECORD["parts"]} <= parts.keys()
    assert all((ROOT / "benchmarks" / typed.split()[0]).is_file() for typed in parts.values())


@pytest.mark.parametrize(
    ("value", "unit", "aim", "peer", "memory", "ratio", "met"),
    [
        (200, "steps/s", "≥ 4 ×", 50, None, 4, True),
        (200, "steps/s", "≥ 4.1 ×", 50, None, 4, False),
        (2, "s", "≥ 3 ×", 10, None, 5, True),
        (80, "s", "≤ 75 s", None, None, None, False),
        (1_200, "windows/s", "≥ 1,000 windows/s", None, None, None, True),
        (2, "s", "≤ 256 MiB", None, 2**20, None, True),
        (2, "s", "≤ 256 MiB", None, 300 * 2**20, None, False),
        (300, "MiB", "≤ 256 MiB", None, None, None, False),
        (2, "s", "≥ 3 ×", None, None, None, None),
        (2, "s", "", 3, None, 1.5, None),
    ],
)
def test_an_aim_is_of_the_ratio_the_value_or_the_memory(value, unit, aim, peer, memory, ratio, met):
    figure = figures.Figure("it", value, unit, aim, "a peer", peer, memory)
    assert figure.ratio == ratio
    assert figure.met is met


def test_cost_in_proportion_has_exponent_1_and_its_memory_for_one():
    assert GROWN.exponent == pytest.approx(1)
    assert GROWN.memory_per_one == pytest.approx(5e5)
    squares = figures.Growth("pairs", "chunk", [10, 100], [3, 300], "s")
    assert squares.exponent == pytest.approx(2)
    assert squares.memory_per_one is None


def test_what_is_kept_is_read_again(tmp_path, monkeypatch):
    monkeypatch.setenv(figures.KEPT, str(tmp_path / "kept"))
    figures.keep(ONE, GROWN)
    figures.keep(ONE)
    kept = figures.read((tmp_path / "kept").read_text("utf-8"))
    assert [figures.Figure(**fields) for fields in kept["figures"]] == [ONE, ONE]
    assert [figures.Growth(**fields) for fields in kept["growth"]] == [GROWN]
    monkeypatch.delenv(figures.KEPT)
    figures.keep(ONE)  # nowhere


def test_a_ratio_is_the_median_over_turns():
    turns = {"lvmctl": [1.0, 2.0, 4.0], "other": [3.0, 4.0, 20.0]}
    (figure,) = figures.compared("it", "s", turns, {"other": "≥ 2 ×"})
    assert (figure.value, figure.ratio, figure.peer, figure.met) == (2, 3, "other", True)
    (rate,) = figures.compared("it", "windows/s", turns, {}, count=100)
    assert (rate.value, rate.ratio) == (50, pytest.approx(3))
    (alone,) = figures.compared("it", "s", {"lvmctl": [1.0]}, {})
    assert alone.ratio is None


def test_tables_say_what_was_met_once_for_all_peers():
    other = figures.Figure("steps", 200, "steps/s", "", "b loop", 400, 3 * 2**20)
    rows = figures.figure_rows(part(figures=[figures.asdict(each) for each in (ONE, other)]))
    assert rows[0] == ["steps", "200 steps/s", "≥ 3 × ✓", "a loop", "50.0", "4.00 ×", "3.00 MiB"]
    assert rows[1] == ["", "", "", "b loop", "400", "0.50 ×", ""]
    assert figures.growth_rows(part()) == [
        ["a walk", "10, 100, 1,000 chunks", "2.00, 20.0, 200 s", "1.00", "488 KiB"]
    ]
    text = figures.printed([part(), part()])
    assert max(map(len, text.splitlines())) <= 80
    assert "3.00 MiB" not in text  # a column of the page alone
    bare = figures.Growth("it", "chunk", [1, 2], [1, 2], "s")
    assert "memory" not in figures.printed([part(figures=[], growth=[figures.asdict(bare)])])


def test_the_page_has_a_part_between_its_marks_and_nothing_of_one_that_was_not_run():
    record = {**RECORD, "parts": [part(load=0.25, error="stopped after 300 s")]}
    page = "# A\n<!-- measured: walk -->\n<!-- end -->\n<!-- measured: run -->\nold\n<!-- end -->\n"
    text = figures.page(page, record)
    assert "`python walk.py`" in text
    assert "did not end: stopped after 300 s" in text
    assert "| steps | 200 steps/s |" in text
    assert "old" not in text
    assert figures.page(text, record) == text
    assert "0.25 cores" in figures.machine_text(record)


def test_a_run_goes_on_after_a_part_that_fails_and_keeps_the_rest(tmp_path, monkeypatch):
    run = benchmark("run")
    figure = json.dumps({"figures": figures.asdict(ONE)})
    kept = f"import os; open(os.environ['{figures.KEPT}'], 'a').write('''{figure}\\n''')"
    for name, code in {
        "fails": f"{kept}; exit(3)",
        "hangs": "while True: pass",
        "ends": kept,
    }.items():
        (tmp_path / f"{name}.py").write_text(code)
    page, record = tmp_path / "speed.md", tmp_path / "speed.json"
    page.write_text("<!-- measured: ends -->\n<!-- end -->\n")
    parts = {name: f"{name}.py" for name in ("fails", "hangs", "ends")}
    changed = {"PLACE": tmp_path, "PARTS": parts, "RECORD": record, "PAGE": page, "LIMIT": 2}
    for name, value in changed.items():
        monkeypatch.setattr(run, name, value)
    with pytest.raises(SystemExit) as ended:
        run.main.main([], standalone_mode=False)
    assert ended.value.code == 1
    written = json.loads(record.read_text("utf-8"))["parts"]
    assert [each["error"] for each in written] == ["exit code 3", "stopped after 2 s", None]
    assert [len(each["figures"]) for each in written] == [1, 0, 1]
    assert "| steps |" in page.read_text("utf-8")
