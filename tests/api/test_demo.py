"""What ``make demo`` prints, but for the training itself."""

from __future__ import annotations

import runpy

import pytest
from docs.pages import DOCS

import lvmctl


@pytest.fixture
def demo(cache_dir, monkeypatch):
    monkeypatch.setenv("LVMCTL_CACHE", str(cache_dir))
    return runpy.run_path(str(DOCS / "demo.py"))


@pytest.fixture
def run(demo, tmp_path):
    small = {"layers": 1, "width": 16, "heads": 2, "feedforward": 16}
    sizes = {"windows": 64, "eval_windows": 64, "epochs": 1}
    return lvmctl.train("p8", out=tmp_path / "run", sequence=small, **sizes)


def test_recipes_stand_beside_direct(demo, run):
    val = run.best["val"]
    rows = demo["compared"]({"p8": run}).splitlines()
    figures = [lvmctl.format_number(value) for value in (val["r@5"], val["direct"]["r@5"])]
    assert rows[1].split()[:3] == ["p8", *figures]
    assert max(map(len, rows)) <= 80


def test_an_example_is_ranked_with_its_texts(demo, run):
    lines = demo["example"](run).splitlines()
    assert [line[:2] for line in lines[3:6]] == ["1.", "2.", "3."]
    assert "chosen because it is a hit" in lines[0]
    assert [line.endswith("<- the true next chunk") for line in lines[3:]] == [True, False, False]
    assert all(line.strip() for line in lines)
    assert max(map(len, lines)) <= 100


def test_an_earlier_run_is_never_replaced(demo, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    first = demo["free"]("demo_p8")
    first.mkdir(parents=True)
    assert demo["free"]("demo_p8") != first


@pytest.mark.parametrize("recipe", ["p8", "p9"])
def test_its_recipes_are_there(demo, recipe):
    assert demo["RECIPES"][recipe] >= 1
