"""Every option of a recipe and of its parts can be set, by each of its names."""

from __future__ import annotations

import itertools
from operator import attrgetter
from typing import Any

import pytest

from lvmctl.config import OptionInfo, describe, values_of
from lvmctl.core.errors import UsageError
from lvmctl.plan import Plan, make_plan
from lvmctl.registry import load_registry

REGISTRY = load_registry()
RECIPES = [entry.qualified for entry in REGISTRY.entries("recipe")]
SWITCHES = {"p7/p7": {"stop_on_drift": True, "w_anchor": 1, "w_cosine": 1}}
SWITCHES["p8/p8"] = {"kill_rule": True}
"""What brings the parts that are there on request."""

LOSSES = ("p7/teacher-floor", "p7/anchor-floor")


def planned(recipe: str, values: dict[str, Any], losses: tuple[str, ...] = ()) -> Plan:
    switched = [("switches", SWITCHES.get(recipe, {}))]
    return make_plan(REGISTRY, recipe, [*switched, ("test", values)], losses)


def others(info: OptionInfo) -> list[Any]:
    """Values that are not the default, some of which other options may not allow."""
    if info.type.scalar is bool:
        return [not info.default]
    if info.schedule:
        return ["0.25"]
    values = [*(info.choices or ()), info.low, info.high]
    if info.type.many:
        return [(value,) * len(info.default or (1,)) for value in values if value is not None]
    if info.type.scalar in (int, float) and info.default:
        values += [info.default / 2, info.default * 2]
    return [info.type.scalar(value) for value in values if value not in (None, info.default)]


def another(recipe: str, info: OptionInfo) -> Any:
    """A value of an option that gives a plan; None where it is fixed."""
    for value in others(info):
        try:
            make_plan(REGISTRY, recipe, [("test", {info.path: value})])
        except UsageError:
            continue
        return value
    return None


@pytest.mark.parametrize("recipe", RECIPES)
def test_every_option_of_a_recipe_answers_to_its_path_and_short_name(recipe):
    known = describe(REGISTRY.get("recipe", recipe).record.options)
    before = make_plan(REGISTRY, recipe)
    shorts = [info.short for info in known]
    paths = {info.path for info in known}
    tried = 0
    for info in known:
        value = another(recipe, info)
        if value is None:
            assert info.low == info.high or info.path == "model"
            continue
        names = {info.path, info.path.replace("_", "-")}
        if shorts.count(info.short) == 1 and info.short not in paths - {info.path}:
            names |= {info.short, info.short.replace("_", "-")}
        for name in names:
            plan_made = make_plan(REGISTRY, recipe, [("test", {name: value})])
            changed = {p for p, v in values_of(plan_made.options).items() if v != seen(before, p)}
            assert changed == {info.path}, name
            assert (seen(plan_made, info.path), plan_made.origins[info.path]) == (value, "test")
        tried += 1
    assert tried > 20


def seen(plan: Plan, path: str) -> Any:
    return attrgetter(path)(plan.options)


@pytest.mark.parametrize("recipe", RECIPES)
def test_every_option_of_a_part_answers_to_the_parts_name(recipe):
    before, tried = planned(recipe, {}), 0
    for number, part in enumerate(before.parts):
        names = [part.entry.name, part.entry.qualified, part.entry.name.replace("-", "_")]
        for info in describe(part.entry.record.options):
            for name, value in itertools.product(names, others(info)):
                try:
                    plan_made = planned(recipe, {f"{name}.{info.path}": value})
                except UsageError:
                    continue
                assert attrgetter(info.path)(plan_made.parts[number].options) == value
                tried += 1
    assert tried > 10


@pytest.mark.parametrize("recipe", RECIPES)
def test_a_part_has_the_options_of_the_recipes_group(recipe):
    """All options of all parts, but for those that two parts share, are groups of the recipe."""
    plan = planned(recipe, {})
    classes = {type(getattr(plan.options, name)) for name in vars(plan.options)}
    for part in plan.parts:
        if describe(type(part.options)) and part.entry.qualified != "ranker/pool-rank":
            assert type(part.options) in classes


def p8(*layers: dict[str, Any], losses: tuple[str, ...] = ()) -> Plan:
    return make_plan(REGISTRY, "p8", [("test", values) for values in layers], losses)


def refused(*layers: dict[str, Any], losses: tuple[str, ...] = ()) -> str:
    with pytest.raises(UsageError) as caught:
        p8(*layers, losses=losses)
    return str(caught.value).removeprefix("recipe p8: ")


def test_a_parts_name_and_a_path_mean_one_option():
    for name in ("temperature", "listwise.temperature", "p8/listwise.temperature"):
        plan_made = p8({name: "0.25"})
        assert plan_made.losses[0].options.temperature == 0.25
        assert plan_made.options.listwise.temperature == 0.25
        assert plan_made.origins["listwise.temperature"] == "test"
    plan_made = p8({"previous-repel.margin": 0.2})
    assert plan_made.options.previous_repel.margin == 0.2
    assert plan_made.key_options["m"] == 0.2
    assert p8({"p8/order.hidden": 8}).losses[2].options.hidden == 8
    assert p8({"mixture.width": 64}).model.options.width == 64
    assert p8({"kill-rule.margin": 1, "kill_rule": True}).kill[0].options.margin == 1.0


def test_a_later_layer_wins_by_whatever_name():
    names = ("temperature", "listwise.temperature", "p8/listwise.temperature")
    for first, second in itertools.permutations(names, 2):
        assert p8({first: 1}, {second: 2}).losses[0].options.temperature == 2.0
        message = refused({first: 1, second: 2})
        assert message == f"{first} and {second} are the same option, give one (test)"


def test_an_option_of_one_part_alone_needs_no_part():
    pytest.importorskip("lvmctl_p7")
    assert p8({"hidden": 8}).options.order.hidden == 8
    plan_made = p8({"floor": 0.3}, losses=("p7/teacher-floor",))
    assert plan_made.losses[-1].options.floor == 0.3
    assert plan_made.origins["p7/teacher-floor.floor"] == "test"


def test_what_several_parts_have_needs_the_part():
    pytest.importorskip("lvmctl_p7")
    message = (
        "'floor' means p7/teacher-floor.floor and p7/anchor-floor.floor, write one of them (test)"
    )
    with pytest.raises(UsageError) as caught:
        make_plan(REGISTRY, "p8", [("test", {"floor": 0.3, "model": "p7/ranker"})], LOSSES)
    assert str(caught.value) == f"recipe p8: {message}"
    with pytest.raises(UsageError, match=r"means teacher_floor\.floor and anchor_floor\.floor"):
        make_plan(REGISTRY, "p7", [("test", {"floor": 0.3})])


def test_what_is_like_nothing():
    assert refused({"qqqqqq": 1}).endswith("; `lvmctl plugins describe` lists options (test)")
    assert refused({"qqq.q": 1}) == (
        "unknown option 'qqq.q', parts are p8/mixture, p8/listwise, core/previous-repel, p8/order"
        " (test)"
    )


def test_a_part_that_is_not_there_is_not_set():
    assert refused({"kill-rule.margin": 1}).startswith("unknown option 'kill-rule.margin', did")
    assert refused({"p7/infonce.negatives": 1}) == (
        "unknown option 'p7/infonce.negatives', did you mean 'listwise.negatives'? (test)"
    )


def test_options_of_an_added_loss_keep_their_addresses():
    pytest.importorskip("lvmctl_p7")
    losses = ("p7/infonce:0.5",)
    for name in ("infonce.negatives", "p7/infonce.negatives"):
        plan_made = p8({name: 5}, losses=losses)
        assert plan_made.losses[-1].options.negatives == 5
        assert plan_made.options.listwise.negatives == 2
        assert plan_made.origins["p7/infonce.negatives"] == "test"
        assert ("p7/infonce.negatives", 5, "test") in list(plan_made.values())
    assert p8({"negatives": 5}, losses=losses).losses[-1].options.negatives == 2
    again = {"infonce.negatives": 5, "p7/infonce.negatives": 5}
    assert refused(again, losses=losses) == (
        "p7/infonce.negatives gives p7/infonce.negatives again, give it once (test)"
    )
    message = refused({"infonce.negativs": 5}, losses=losses)
    assert "did you mean" in message
    assert "negatives" in message
