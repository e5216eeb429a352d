"""Plans: from a recipe, options and losses to what is trained."""

from __future__ import annotations

import json
from operator import attrgetter

import pytest

from lvmctl.config import describe, matches
from lvmctl.core.errors import PluginError, UsageError
from lvmctl.plan import from_record, make_plan
from lvmctl.plan.parts import split_weight
from lvmctl.registry import Registry, load_registry


def plan(*layers, losses=()):
    return make_plan(load_registry(), "p8", [("test", values) for values in layers], losses)


def weights(plan):
    return {part.entry.qualified: float(str(part.weight)) for part in plan.losses}


def test_the_recipe_as_published():
    assert weights(plan()) == {"p8/listwise": 1.0, "core/previous-repel": 0.5, "p8/order": 0.2}
    assert plan().describe() == (
        "p8: p8/mixture | 1 × p8/listwise + 0.5 × core/previous-repel + 0.2 × p8/order"
    )


def test_the_strongest_layer_wins_and_origins_are_kept():
    plan_made = make_plan(
        load_registry(), "p8", [("file", {"lr": 1, "epochs": 2}), ("--set", {"lr": 2})]
    )
    assert plan_made.options.lr == 2
    assert (plan_made.origins["lr"], plan_made.origins["epochs"]) == ("--set", "file")
    assert plan_made.origins["previous_repel.margin"] == "default"


def test_losses_are_added_reweighted_and_taken_out():
    assert weights(plan(losses=["mse:0.5"]))["core/mse"] == 0.5
    assert weights(plan(losses=["cosine"]))["core/cosine"] == 1.0
    assert weights(plan(losses=["p8/order:3"]))["p8/order"] == 3
    assert set(weights(plan(losses=["listwise:0", "order:0"]))) == {"core/previous-repel"}
    assert [*weights(plan(losses=["order:0.2", "listwise"])).values()] == [1, 0.5, 0.2]
    assert set(weights(plan({"w_order": 0}))) == {"p8/listwise", "core/previous-repel"}


def test_every_fault_is_reported_at_once():
    with pytest.raises(UsageError) as caught:
        plan({"temprature": 1, "lr": -1, "epochs": "many"})
    message = str(caught.value)
    assert "'temprature', did you mean 'temperature'? (listwise.temperature)" in message
    assert "lr" in message
    assert "epochs" in message
    with pytest.raises(UsageError) as caught:
        plan({"listwise.temperatur": 1, "order.hidden": 0, "nothing.x": 1})
    message = str(caught.value)
    assert "'listwise.temperatur', did you mean 'listwise.temperature'?" in message
    assert "order.hidden: 0 is below 1" in message
    assert "unknown option 'nothing.x', parts are p8/mixture, p8/listwise" in message


def test_faults_of_every_stage_are_reported_together():
    with pytest.raises(UsageError) as caught:
        plan({"epochs": "x", "lrr": 3, "order.hiden": 3}, losses=["listwize"])
    for part in ("epochs", "'lrr', did you mean 'lr'?", "'order.hidden'", "'listwise'"):
        assert part in str(caught.value)


@pytest.mark.parametrize("text", ["mse:x", "mse:-1", "mse:nan", "mse:inf"])
def test_a_weight_is_a_number_of_at_least_0(text):
    with pytest.raises(UsageError, match="invalid weight"):
        plan(losses=[text])


def test_unknown_names_suggest_the_nearest():
    with pytest.raises(UsageError, match="did you mean 'listwise'"):
        plan(losses=["listwize"])
    with pytest.raises(PluginError, match="did you mean 'p8'"):
        make_plan(load_registry(), "p88")


def test_nothing_to_minimise_is_refused():
    with pytest.raises(UsageError, match="nothing to minimise"):
        plan({"w_rank": 0, "w_margin": 0, "w_order": 0})


def test_losses_of_changing_weights_choose_no_epoch():
    changing = {"best_by": "loss", "epochs": 3}
    for weight in ("0.2,3=0", "0,2~1"):
        with pytest.raises(UsageError, match=f"best_by=loss .* loss mse changes .{weight}"):
            plan(changing, losses=[f"mse:{weight}"])
    for fixed in ("0.2", "0.2,4=0", "0.2,2=0.2"):
        plan(changing, losses=[f"mse:{fixed}"])
    plan({"best_by": "r@5", "epochs": 3}, losses=["mse:0.2,3=0"])


def test_a_plan_survives_config_json():
    made = plan({"lr": 1e-3, "order.hidden": 8, "kill_rule": True}, losses=["mse:0.5"])
    read = from_record(load_registry(), json.loads(json.dumps(made.record())))
    assert read.record() == made.record()
    assert read.options == made.options
    assert read.describe() == made.describe()


def test_a_run_whose_plugin_is_gone_says_so():
    record = plan().record() | {"losses": [{"name": "gone/loss", "weight": 1.0, "options": {}}]}
    with pytest.raises(PluginError, match="gone/loss"):
        from_record(load_registry(), record)


def test_another_model_takes_the_options_it_shares():
    plan_made = plan({"model": "core/free", "width": 96, "heads": 4})
    assert plan_made.model.entry.qualified == "core/free"
    assert (plan_made.model.options.width, plan_made.model.options.heads) == (96, 4)
    assert list(plan_made.key_options.values())[-1] == "free"
    assert plan_made.describe().startswith("p8: core/free | ")
    assert from_record(load_registry(), plan_made.record()) == plan_made


def test_a_model_that_cannot_be_is_reported_with_everything_else():
    with pytest.raises(UsageError) as error:
        plan({"model": "core/fre", "lr": "fast"})
    assert "did you mean 'free'?" in str(error.value)
    assert "lr" in str(error.value)


def test_a_package_that_is_gone_is_named(monkeypatch):
    registry, saved = load_registry(), plan(losses=["p7/infonce"]).record()
    plugins = [each for each in registry.plugins if each.distribution != "lvmctl-p7"]
    with pytest.raises(PluginError) as error:
        from_record(Registry(plugins, registry.hook), saved)
    assert str(error.value) == (
        "the run needs loss p7/infonce of lvmctl-p7, which is not installed; "
        "pip install lvmctl-p7 (it was made with 0.1.0)"
    )
    plugins = [each for each in registry.plugins if each.distribution != "lvmctl-p8"]
    with pytest.raises(PluginError, match=r"needs recipe p8 of lvmctl-p8.*pip install lvmctl-p8"):
        from_record(Registry(plugins, registry.hook), saved)


def test_an_older_run_says_what_is_missing_without_its_package():
    saved = plan().record()
    saved["losses"][0] = {**saved["losses"][0], "name": "gone/loss"}
    del saved["losses"][0]["package"]
    with pytest.raises(PluginError, match=r"no loss 'gone/loss'"):
        from_record(load_registry(), saved)


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("mse", ("mse", "1")),
        ("mse:.5", ("mse", ".5")),
        ("p7/mse:0,3=1", ("p7/mse", "0,3=1")),
        ("./a.py:Mine", ("./a.py:Mine", "1")),
        ("a/b.py:Mine:0.5", ("a/b.py:Mine", "0.5")),
        ("a.py:0.5", ("a.py", "0.5")),
        ("mse:", ("mse", "")),
    ],
)
def test_a_name_and_its_weight(text, parts):
    assert split_weight(text) == parts


@pytest.mark.parametrize("recipe", [e.qualified for e in load_registry().entries("recipe")])
def test_a_run_from_before_options_were_nested_is_read(recipe):
    made = make_plan(load_registry(), recipe, [("test", {"epochs": 3, "lr": 0.01})])
    record = json.loads(json.dumps(made.record()))
    known = describe(type(made.options))
    unambiguous = [info for info in known if len(matches(known, info.short)) == 1]
    assert len(unambiguous) == len(known)
    record["options"] = {info.short: attrgetter(info.path)(made.options) for info in unambiguous}
    record["origins"] = {info.short: made.origins[info.path] for info in unambiguous}
    read = from_record(load_registry(), json.loads(json.dumps(record)))
    assert read == made
    assert read.record() == made.record()


def test_options_of_an_old_run_that_are_gone_are_named():
    record = plan().record()
    record["options"]["tempratur"] = 1
    with pytest.raises(UsageError, match=r"'tempratur', did you mean 'temperature'\?.*config.json"):
        from_record(load_registry(), record)


@pytest.mark.parametrize(
    ("track", "words"), [("tensorbord", "tensorbord"), ("core,nothing-like-it", "lvmctl-trackers")]
)
def test_an_unknown_tracker_is_a_usage_error(track, words):
    with pytest.raises(UsageError, match=words):
        make_plan(load_registry(), "plain", [("--set", {"track": track})])


def test_trackers_are_split_at_commas():
    made = make_plan(load_registry(), "plain", [("--set", {"track": "core, core"})])
    assert made.options.tracked == ("core", "core")
