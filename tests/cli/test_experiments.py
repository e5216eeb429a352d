"""``lvmctl experiments``."""

from __future__ import annotations

import json

import pytest


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "mine.toml"
    path.write_text(
        "[base]\nrecipe = 'p8'\nsummary = 'Mine.'\nlr = 0.01\n"
        "[child]\nextends = 'base'\nepochs = 3\nlistwise.temperature = 0.2\n"
        "[typo]\nrecipe = 'p8'\nepoch = 3\nlrr = 1\n"
        "[lost]\nrecipe = 'p88'\n"
    )
    return path


def test_list_names_the_shipped_experiments(run_cli):
    shown = json.loads(run_cli("experiments", "list", "--json").stdout)
    assert {"p8-pilot", "p8-full"} <= {row["name"] for row in shown["experiments"]}


def test_show_gives_every_value_with_its_origin(run_cli, file):
    args = ("experiments", "show", "child", "--file", file, "--set", "batch_size=64", "--json")
    shown = json.loads(run_cli(*args).stdout)
    rows = {row["option"]: (row["value"], row["origin"]) for row in shown["values"]}
    assert rows["lr"] == (0.01, "mine.toml [base]")
    assert rows["epochs"] == (3, "mine.toml")
    assert rows["batch_size"] == (64, "--set")
    assert rows["context"] == (5, "default")
    assert rows["listwise.temperature"] == (0.2, "mine.toml")
    text = run_cli(*args[:-1]).stdout
    assert "batch_size" in text
    assert "--set" in text


def test_show_tells_all_errors_at_once(run_cli):
    result = run_cli("experiments", "show", "p8-pilot", "--set", "lrr=1", "--set", "epochs=x")
    assert result.returncode == 2
    assert "did you mean 'lr'" in result.stderr
    assert "epochs: 'x' is not a whole number" in result.stderr


def test_validate_reports_every_experiment(run_cli, file):
    result = run_cli("experiments", "validate", "--file", file, "--json")
    assert result.returncode == 2
    rows = {row["name"]: row for row in json.loads(result.stdout)["experiments"]}
    assert [rows[name]["status"] for name in ("base", "child", "typo", "lost")] == [
        "ok",
        "ok",
        "wrong",
        "wrong",
    ]
    assert "'epochs'" in rows["typo"]["error"]
    assert "'lr'" in rows["typo"]["error"]
    assert "did you mean 'p8'" in rows["lost"]["error"]


def test_validate_the_shipped_file(run_cli):
    assert run_cli("experiments", "validate").returncode == 0
