"""Layers of values become one options dataclass; errors come all at once."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lvmctl.config import TrainingOptions, bind, describe, option, parse_assignments
from lvmctl.core.errors import UsageError


@dataclass(frozen=True, kw_only=True)
class Small:
    rate: float = option(0.5, "a rate", low=0.0, high=1.0)
    limit: float = option(1.0, "a limit", high=math.inf)
    count: int = option(3, "a count", low=1)
    mode: str = option("a", "a mode", choices=("a", "b"))
    sizes: tuple[int, ...] = option((1, 2), "some sizes", low=1)
    name: str | None = option(None, "a name")

    def __post_init__(self):
        if self.mode == "b" and self.count == 1:
            raise ValueError("mode b needs a count of 2 or more")


def test_without_layers_everything_is_default():
    bound = bind(Small)
    assert bound.options == Small()
    assert set(bound.origins.values()) == {"default"}


def test_a_later_layer_wins_and_is_the_origin():
    bound = bind(Small, [("file", {"rate": 0.1, "count": 4}), ("--set", {"rate": "0.2"})])
    assert (bound.options.rate, bound.options.count) == (0.2, 4)
    assert bound.origins["rate"] == "--set"
    assert bound.origins["count"] == "file"
    assert bound.origins["mode"] == "default"


def test_all_errors_are_reported_at_once():
    with pytest.raises(UsageError) as caught:
        bind(
            Small,
            [
                ("file", {"rat": 1, "count": True, "sizes": [3, 0]}),
                ("--set", {"rate": "2", "mode": "c", "limit": "nan", "zzzzzz": "1"}),
            ],
        )
    message = str(caught.value)
    assert "\n" not in message
    for part in (
        "unknown option 'rat', did you mean 'rate'? (file)",
        "count: True is not a whole number (file)",
        "sizes: 0 is below 1 (file)",
        "rate: 2.0 is above 1 (--set)",
        "mode: 'c' is not one of a, b (--set)",
        "limit: nan is not a finite number (--set)",
        "unknown option 'zzzzzz', options are rate, limit, count, mode, sizes, name (--set)",
    ):
        assert part in message


def test_a_rule_between_options_is_a_usage_error():
    with pytest.raises(UsageError, match="mode b needs a count"):
        bind(Small, [("--set", {"mode": "b", "count": "1"})])


def test_infinity_where_the_bound_says_so():
    assert bind(Small, [("--set", {"limit": "inf"})]).options.limit == math.inf
    with pytest.raises(UsageError):
        bind(Small, [("--set", {"rate": "inf"})])


@given(
    st.fixed_dictionaries(
        {},
        optional={
            "rate": st.floats(0, 1),
            "count": st.integers(1, 10**6),
            "mode": st.just("a"),
            "sizes": st.lists(st.integers(1, 99), max_size=4).map(tuple),
            "name": st.none() | st.text("xyz", min_size=1),
        },
    )
)
def test_binding_values_or_their_texts_is_the_same(values):
    def text(value):
        return ",".join(map(str, value)) if isinstance(value, tuple) else str(value)

    bound = bind(Small, [("x", values)])
    assert bound.options == Small(**values)
    assert bind(Small, [("x", {k: text(v) for k, v in values.items()})]).options == bound.options
    assert bind(Small, [("x", asdict(bound.options))]).options == bound.options


def test_describe_tells_type_default_and_bounds():
    by_name = {info.name: info for info in describe(Small)}
    assert str(by_name["rate"].type) == "float"
    assert by_name["rate"].bounds == "0 to 1"
    assert by_name["count"].bounds == ">= 1"
    assert {info.name: info.bounds for info in describe(TrainingOptions)}["epochs"] == (
        "1 to 1000000"
    )
    assert by_name["mode"].bounds == "a | b"
    assert str(by_name["name"].type) == "str | none"
    assert by_name["sizes"].default == (1, 2)


def test_training_options_describe_themselves():
    infos = describe(TrainingOptions)
    assert all(info.help and not info.help.endswith(".") for info in infos)
    assert bind(TrainingOptions, [("x", asdict(TrainingOptions()))]).options == TrainingOptions()


@pytest.mark.parametrize(
    ("name", "value", "reason"),
    [
        ("seed", 2**63, "seed: 9223372036854775808 is above 9223372036854775807"),
        ("context", "1000001", "context: 1000001 is above 1000000"),
        ("horizon", 10**30, "is above 1000000"),
        ("epochs", 10**30, "is above 1000000"),
        ("batch_size", 10**30, "is above 1000000"),
        ("lr", "1e300", "lr: 1e+300 is above 1000"),
        ("lr", 10**400, "lr: inf is not a finite number"),
    ],
)
def test_an_absurd_number_is_refused(name, value, reason):
    with pytest.raises(UsageError) as caught:
        bind(TrainingOptions, [("--set", {name: value})])
    assert reason in str(caught.value)


def test_every_number_of_training_is_bounded_and_torch_takes_the_largest_seed():
    import torch

    infos = {info.name: info for info in describe(TrainingOptions)}
    numbers = [info for info in infos.values() if info.type.scalar in (int, float)]
    assert all(info.high is not None for info in numbers)
    torch.Generator().manual_seed(infos["seed"].high)


def test_assignments_keep_dotted_keys_and_the_last_wins():
    values = parse_assignments(["lr=1", "p8/listwise.temperature=.1", "lr=2", "name=a=b"])
    assert values == {"lr": "2", "p8/listwise.temperature": ".1", "name": "a=b"}


def test_what_is_no_assignment_is_named():
    with pytest.raises(UsageError, match="'lr', '=3'"):
        parse_assignments(["lr", "a=1", "=3"])
