"""``lvmctl plugins``."""

from __future__ import annotations

import json


def test_list_shows_core_and_plugins_with_their_versions(run_cli):
    blocks = run_cli("plugins", "list").stdout.split("\n\n")
    shown = {block.splitlines()[0]: block.splitlines()[1:] for block in blocks}
    header, *rows = shown["lvmctl-p8 0.1.0, API 2"]
    assert header.split() == ["NAME", "KIND", "SUMMARY"]
    assert rows[0].split()[:2] == ["p8", "recipe"]
    assert any(row.startswith("mse ") for row in shown["lvmctl 0.1.0, API 2"])
    assert max(len(row) for rows in shown.values() for row in rows) <= 80


def test_kind_filters(run_cli):
    shown = json.loads(run_cli("plugins", "list", "--kind", "recipe", "--json").stdout)
    assert shown["schema"] == "lvmctl.plugins.list/1"
    assert {record["kind"] for record in shown["records"]} == {"recipe"}


def test_contested_names_are_listed_as_they_must_be_written(install_loss, run_cli):
    install_loss("a", "angular")
    site = install_loss("b", "angular")
    shown = json.loads(run_cli("plugins", "list", "--json", path=[site]).stdout)
    contested = [r["name"] for r in shown["records"] if r["status"] == "contested"]
    assert contested == ["a/angular", "b/angular"]
    result = run_cli("plugins", "describe", "angular", path=[site])
    assert result.returncode == 2
    assert "write 'a/angular' or 'b/angular'" in result.stderr
    assert run_cli("plugins", "describe", "b/angular", path=[site]).returncode == 0


def test_describe_a_recipe_shows_options_and_parts(run_cli):
    shown = json.loads(run_cli("plugins", "describe", "p8", "--json").stdout)
    recipe, profile = shown["described"]
    assert (recipe["kind"], profile["kind"]) == ("recipe", "profile")
    assert profile["gates"][0] == "p8-margin"
    options = {option["name"]: option for option in recipe["options"]}
    assert options["epochs"]["type"] == "int"
    assert options["epochs"]["default"] == 10
    assert options["lr"]["allowed"] == "0 to 1000"
    assert {part["name"] for part in recipe["parts"]} >= {"p8/mixture", "p8/listwise"}
    text = run_cli("plugins", "describe", "p8").stdout
    assert "p8/listwise" in text
    assert "AdamW learning rate" in text


def test_describe_shows_gates_by_their_role(run_cli):
    shown = run_cli("plugins", "describe", "p7").stdout
    assert "sample  p7/directional-gate" in shown
    assert "select  classic/distinct" in run_cli("plugins", "describe", "p5").stdout
    gate = run_cli("plugins", "describe", "p7/directional-gate").stdout
    assert "role: sample" in gate
    assert "require_interval" not in gate


def test_describe_a_loss_says_what_it_needs_and_a_model_its_geometry(run_cli):
    assert "needs: target" in run_cli("plugins", "describe", "core/mse").stdout
    assert "geometry: cone" in run_cli("plugins", "describe", "p8/mixture").stdout


def test_describe_a_plugin_lists_its_records(install_loss, run_cli):
    site = install_loss("a", "angular")
    shown = run_cli("plugins", "describe", "lvmctl-a", path=[site]).stdout
    assert "angular (loss)" in shown
    assert "a (lvmctl-a 1.0)" in shown


def test_describe_an_unknown_name_suggests(run_cli):
    result = run_cli("plugins", "describe", "listwize")
    assert result.returncode == 2
    assert "did you mean 'listwise'" in result.stderr


def test_list_filters_by_provider_and_status(install_loss, run_cli):
    shown = json.loads(run_cli("plugins", "list", "--provider", "lvmctl-p8", "--json").stdout)
    assert {record["provider"] for record in shown["records"]} == {"lvmctl-p8"}
    assert [plugin["name"] for plugin in shown["plugins"]] == ["p8"]
    wrong = run_cli("plugins", "list", "--provider", "p88")
    assert wrong.returncode == 2
    assert "did you mean 'p8'?" in wrong.stderr
    install_loss("a", "angular")
    site = install_loss("b", "angular")
    words = ["plugins", "list", "--status", "contested", "--json"]
    shown = json.loads(run_cli(*words, path=[site]).stdout)
    assert {record["name"] for record in shown["records"]} == {"a/angular", "b/angular"}


def test_describe_groups_options_by_their_paths(run_cli):
    text = run_cli("plugins", "describe", "p8", "--kind", "recipe").stdout
    options = text[text.index("\nOPTION ") :]
    assert all(len(line) <= 80 for line in options.splitlines())
    assert "--set OPTION=VALUE, or by its path: --set sequence.encoder=VALUE" in text
    ungrouped, *groups = options.split("\n\n")
    assert ungrouped.splitlines()[2].startswith("context ")
    assert "w_order" in ungrouped
    heads = [group.splitlines()[0] for group in groups]
    assert [head.partition(":")[0] for head in heads] == [
        "sequence.*",
        "listwise.*",
        "previous_repel.*",
        "order.*",
        "kill.*",
    ]
    assert heads[1] == "listwise.*: Options of the listwise ranking loss."
    assert "temperature       0.07 " in groups[1]
    assert "order_pairs       2 " in groups[3]
    assert "chunk pairs per window (order.pairs, int, 1 to" in groups[3]
    assert "group listwise" in text
    recipe = json.loads(run_cli("plugins", "describe", "p8", "--json").stdout)["described"][0]
    names = {option["path"]: option["name"] for option in recipe["options"]}
    assert names["order.pairs"] == "order_pairs"
    assert names["previous_repel.margin"] == "margin"
    assert {part["name"]: part["group"] for part in recipe["parts"]}["p8/order"] == "order"
