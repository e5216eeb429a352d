"""Options that hold groups of options: their paths and short names, and what a key means."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, make_dataclass
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lvmctl import option
from lvmctl.config import bind, describe, values_of, with_values
from lvmctl.core.errors import UsageError
from lvmctl.core.tree import leaves


@dataclass(frozen=True, kw_only=True)
class Network:
    """A network."""

    width: int = option(8, "width", low=1, high=64)
    heads: int = option(2, "divides width", low=1, high=64)

    def __post_init__(self) -> None:
        if self.width % self.heads:
            raise ValueError(f"heads = {self.heads} does not divide width = {self.width}")


@dataclass(frozen=True, kw_only=True)
class Hinge:
    margin: float = option(0.1, "margin", low=0.0, high=2.0)


@dataclass(frozen=True, kw_only=True)
class Floor:
    margin: float = option(0.2, "margin", low=0.0, high=2.0)
    network: Network = Network(width=4)


@dataclass(frozen=True, kw_only=True)
class Base:
    epochs: int = option(10, "passes", low=1, high=99)
    rate: float = option(0.5, "step", low=0.0, high=1.0)


@dataclass(frozen=True, kw_only=True)
class Recipe(Base):
    epochs: int = 3
    sequence: Network = Network()
    hinge: Hinge = Hinge(margin=0.3)
    floor: Floor = option(Floor(), "the floor", prefix="floor_")
    heads: int = option(7, "its own", low=1, high=9)


def set_to(**values: Any) -> dict[str, Any]:
    """What ``values`` change of the recipe's defaults."""
    bound = bind(Recipe, [("--set", values)])
    before = values_of(Recipe())
    return {
        path: value for path, value in values_of(bound.options).items() if value != before[path]
    }


def refused(*layers: dict[str, Any]) -> str:
    with pytest.raises(UsageError) as caught:
        bind(Recipe, [("--set", values) for values in layers])
    return str(caught.value)


def test_options_are_described_by_their_paths():
    by_path = {info.path: (info.short, info.groups[-1:], info.default) for info in describe(Recipe)}
    assert by_path == {
        "epochs": ("epochs", (), 3),
        "rate": ("rate", (), 0.5),
        "sequence.width": ("width", ("sequence",), 8),
        "sequence.heads": ("heads", ("sequence",), 2),
        "hinge.margin": ("margin", ("hinge",), 0.3),
        "floor.margin": ("floor_margin", ("floor",), 0.2),
        "floor.network.width": ("floor_width", ("floor.network",), 4),
        "floor.network.heads": ("floor_heads", ("floor.network",), 2),
        "heads": ("heads", (), 7),
    }


def test_a_plain_default_keeps_what_the_base_says():
    epochs, before = describe(Recipe)[0], describe(Base)[0]
    assert (epochs.help, epochs.bounds, epochs.default) == (before.help, before.bounds, 3)
    assert "epochs: 100 is above 99" in refused({"epochs": 100})


def test_a_key_is_a_path_or_a_short_name():
    assert set_to(**{"hinge.margin": "1"}) == set_to(margin="1") == {"hinge.margin": 1.0}
    assert set_to(**{"floor.network.width": 6}) == {"floor.network.width": 6}
    assert set_to(**{"floor-width": 6}) == set_to(floor_width=6) == {"floor.network.width": 6}
    assert set_to(floor={"margin": 1, "network": {"width": 2}}) == {
        "floor.margin": 1.0,
        "floor.network.width": 2,
    }


def test_an_option_of_the_recipe_wins_over_one_of_a_group():
    assert set_to(heads=1) == {"heads": 1}
    assert set_to(**{"sequence.heads": 1}) == {"sequence.heads": 1}


def test_a_later_layer_wins_by_whatever_name():
    bound = bind(Recipe, [("a", {"hinge.margin": 1}), ("b", {"margin": 0.5})])
    assert bound.options.hinge.margin == 0.5
    assert bound.origins["hinge.margin"] == "b"
    assert bound.origins["floor.margin"] == "default"


def test_one_option_is_given_once():
    assert "margin and hinge.margin are the same option, give one" in refused(
        {"margin": 1, "hinge.margin": 1}
    )
    assert "floor_width and floor-width are the same option" in refused(
        {"floor_width": 2, "floor-width": 2}
    )


def test_what_several_options_are_called_is_no_name():
    @dataclass(frozen=True, kw_only=True)
    class Two:
        one: Hinge = Hinge()
        two: Hinge = Hinge()

    with pytest.raises(UsageError) as caught:
        bind(Two, [("--set", {"margin": 1})])
    assert str(caught.value) == (
        "'margin' means one.margin and two.margin, write one of them (--set)"
    )


def test_an_unknown_key_gets_the_nearest_path():
    message = "unknown option 'margn', did you mean 'margin'? (hinge.margin) (--set)"
    assert refused({"margn": 1}) == message
    assert "did you mean 'floor.network.width'?" in refused({"floor.network.widht": 1})
    assert "did you mean 'sequence.heads'?" in refused({"sequence.head": 1})
    assert "did you mean 'epochs'?" in refused({"epoch": 1})
    assert "options are epochs, rate, sequence.width" in refused({"zzzzzzz": 1})


def test_a_group_is_no_option():
    assert refused({"hinge": 3}) == (
        "unknown option 'hinge', it is the group of hinge.margin (--set)"
    )


def test_a_value_out_of_range_is_told_by_the_name_that_was_typed():
    assert refused({"floor-margin": 3}) == "floor-margin: 3.0 is above 2 (--set)"


def test_a_rule_within_a_group_names_it():
    assert refused({"width": 3}) == "sequence: heads = 2 does not divide width = 3"
    assert refused({"floor_width": 3}).startswith("floor: network: heads = 2")


def test_groups_of_bound_options_are_objects_of_their_own():
    shared = Hinge()

    @dataclass(frozen=True, kw_only=True)
    class Two:
        one: Hinge = shared
        two: Hinge = field(default_factory=lambda: shared)

    assert Two().one is Two().two
    bound = bind(Two).options
    assert bound.one is not bound.two
    assert bound == Two()


def test_values_and_back():
    changed = with_values(Recipe(), {"epochs": 5, "floor.network.heads": 4})
    assert (changed.epochs, changed.floor.network.heads) == (5, 4)
    assert with_values(Recipe(), values_of(changed)) == changed
    assert dict(leaves(asdict(changed))) == values_of(changed)
    assert bind(Recipe, [("saved", asdict(changed))]).options == changed
    assert bind(Recipe, [("--set", {"rate": 1})], base=changed).options == with_values(
        changed, {"rate": 1.0}
    )


@pytest.mark.parametrize("default", [Hinge, field(), None, Network()])
def test_a_group_needs_a_default_of_its_own_kind(default):
    made = make_dataclass("Made", [("hinge", Hinge, default)], frozen=True, kw_only=True)
    with pytest.raises(TypeError, match=r"Made\.hinge: default is not a Hinge"):
        describe(made)


NAMES = ("a", "b", "a_b", "c")
LEAF = st.tuples(st.just("leaf"), st.integers(0, 9))


def tree(depth: int) -> st.SearchStrategy:
    """Fields by name: a number, or a group of fields with a prefix."""
    inner = LEAF if depth == 0 else st.one_of(LEAF, LEAF, groups(depth - 1))
    return st.dictionaries(st.sampled_from(NAMES), inner, min_size=1, max_size=4)


def groups(depth: int) -> st.SearchStrategy:
    return st.tuples(st.sampled_from(["", "", "a_", "x_"]), tree(depth))


def made_of(fields: dict) -> type:
    """A dataclass of options with these fields."""
    parts = []
    for name, (first, second) in fields.items():
        if first == "leaf":
            parts.append((name, int, option(second, "a number", low=0, high=99)))
        else:
            inner = made_of(second)
            parts.append((name, inner, option(inner(), "a group", prefix=first)))
    return make_dataclass("Made", parts, frozen=True, kw_only=True)


def paths_of(fields: dict, path: str = "", prefix: str = "") -> list[tuple[str, str, int]]:
    """Path, short name and default of every option."""
    paths = []
    for name, (first, second) in fields.items():
        if first == "leaf":
            paths.append((path + name, prefix + name, second))
        else:
            paths += paths_of(second, f"{path}{name}.", prefix + first)
    return paths


def by_hand(fields: dict, layers: list[dict[str, int]]) -> dict[str, int] | None:
    """The values by path, None where a key means no option, or several, or one twice."""
    there = paths_of(fields)
    values = {path: default for path, _, default in there}
    for layer in layers:
        seen = set()
        for key, value in layer.items():
            name = key.replace("-", "_")
            meant = [path for path, short, _ in there if path == name]
            meant = meant or [path for path, short, _ in there if short == name]
            if len(meant) != 1 or meant[0] in seen:
                return None
            seen.add(meant[0])
            values[meant[0]] = value
    return values


@given(tree(2), st.data())
def test_a_key_means_what_the_rules_say(fields, data):
    there = paths_of(fields)
    keys = [path for path, _, _ in there] + [short for _, short, _ in there] + ["zz", "a.zz"]
    keys += [key.replace("_", "-") for key in keys]
    layer = st.dictionaries(st.sampled_from(keys), st.integers(0, 99), max_size=3)
    layers = data.draw(st.lists(layer, max_size=3))
    wanted = by_hand(fields, layers)
    named = [(f"layer {number}", values) for number, values in enumerate(layers)]
    if wanted is None:
        with pytest.raises(UsageError):
            bind(made_of(fields), named)
    else:
        assert values_of(bind(made_of(fields), named).options) == wanted
