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


def test_list_shows_what_is_wrong_beside_what_is_not(run_cli, tmp_path):
    path = tmp_path / "half.toml"
    path.write_text(
        "stray = 1\n[good]\nrecipe = 'p8'\nsummary = 'Fine.'\n[bad]\nrecipe = 3\n"
        "[lost]\nextends = 'god'\n"
    )
    result = run_cli("experiments", "list", "--file", path, "--json")
    assert result.returncode == 0
    rows = {row["name"]: row for row in json.loads(result.stdout)["experiments"]}
    assert rows["good"] == {"name": "good", "recipe": "p8", "summary": "Fine.", "error": None}
    assert "it is not a table" in rows["stray"]["error"]
    assert "recipe is not text" in rows["bad"]["error"]
    assert "did you mean 'good'" in rows["lost"]["error"]
    text = run_cli("experiments", "list", "--file", path).stdout
    assert "Fine." in text
    assert text.count("wrong: ") == 3
    assert run_cli("experiments", "show", "bad", "--file", path).returncode == 2
    assert run_cli("experiments", "validate", "--file", path).returncode == 2


def test_validate_reports_all_that_is_wrong_with_one(run_cli, tmp_path):
    path = tmp_path / "wrong.toml"
    path.write_text(
        "[bad]\nrecipe = 'p8'\nepochs = 'x'\nlrr = 3\norder.hiden = 3\nlosses = 'msee'\n"
    )
    result = run_cli("experiments", "validate", "--file", path, "--json")
    assert result.returncode == 2
    (row,) = json.loads(result.stdout)["experiments"]
    for reason in ("'x' is not a whole number", "'lr'", "'order.hidden'", "'mse'"):
        assert reason in row["error"]


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


@pytest.mark.parametrize("name", ["width", "layers", "heads", "feedforward", "seed", "horizon"])
def test_a_network_or_number_too_large_for_any_machine_is_refused(run_cli, name):
    result = run_cli("experiments", "show", "p8-pilot", "--set", f"{name}={10**20}")
    assert result.returncode == 2
    assert f"{name}: {10**20} is above" in result.stderr


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
    result = run_cli("experiments", "validate", "--json")
    assert result.returncode == 0
    assert {row["status"] for row in json.loads(result.stdout)["experiments"]} == {"ok"}


def test_shipped_experiments_of_absent_plugins_are_not_wrong(run_cli):
    result = run_cli("--no-plugins", "experiments", "validate", "--json")
    assert result.returncode == 0, result.stderr
    rows = {row["name"]: row["status"] for row in json.loads(result.stdout)["experiments"]}
    assert rows["p8-pilot"] == "not installed"


def test_an_option_by_any_of_its_names(run_cli, tmp_path):
    path = tmp_path / "named.toml"
    path.write_text(
        "[parent]\nrecipe = 'p8'\nsummary = 'Short.'\nmargin = 0.3\ntemperature = 0.1\nlr = 1.0\n"
        "[child]\nextends = 'parent'\nlr = 0.5\n[child.listwise]\ntemperature = 0.2\n"
        "[child.previous-repel]\nmargin = 0.4\n"
    )
    args = ("experiments", "show", "child", "--file", path, "--set", "p8/order.pairs=3", "--json")
    shown = json.loads(run_cli(*args).stdout)
    assert shown["schema"] == "lvmctl.experiments.show/2"
    rows = {row["option"]: (row["value"], row["origin"]) for row in shown["values"]}
    assert rows["listwise.temperature"] == (0.2, "named.toml")
    assert rows["previous_repel.margin"] == (0.4, "named.toml")
    assert rows["order.pairs"] == (3, "--set")
    assert rows["lr"] == (0.5, "named.toml")
    assert run_cli("experiments", "validate", "--file", path).returncode == 0
    result = run_cli("experiments", "show", "child", "--file", path, "--set", "kill.margn=3")
    assert result.returncode == 2
    assert "did you mean 'kill.margin'? (--set)" in result.stderr
