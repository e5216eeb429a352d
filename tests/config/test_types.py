"""A value or a string becomes the option's type, or says why it cannot."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lvmctl.config.types import OptionType

FINITE = st.floats(allow_nan=False, allow_infinity=False)


@pytest.mark.parametrize(
    ("annotation", "text", "value"),
    [
        (int, "3", 3),
        (float, "1e-3", 1e-3),
        (float, "2", 2.0),
        (bool, "true", True),
        (bool, "No", False),
        (str, "3", "3"),
        (str, "none", "none"),
        (int | None, "none", None),
        (int | None, "4", 4),
        (str | None, "None", None),
        (tuple[int, ...], "1,2, 3", (1, 2, 3)),
        (tuple[float, float], "1,2", (1.0, 2.0)),
        (tuple[str, ...] | None, "a,b", ("a", "b")),
        (tuple[str, ...] | None, "none", None),
    ],
)
def test_strings_are_parsed(annotation, text, value):
    result = OptionType.of(annotation).convert(text)
    assert result == value
    assert type(result) is type(value)


@pytest.mark.parametrize(
    ("annotation", "value"),
    [
        (int, "1.5"),
        (int, 1.0),
        (int, True),
        (float, True),
        (float, "x"),
        (float, "nan"),
        (float, math.nan),
        (float, math.inf),
        (bool, 1),
        (bool, "maybe"),
        (str, True),
        (int, None),
        (tuple[int, int], "1"),
        (tuple[int, ...], ["a"]),
    ],
)
def test_what_is_not_of_the_type_is_refused(annotation, value):
    with pytest.raises(ValueError):
        OptionType.of(annotation).convert(value)


@pytest.mark.parametrize(("number", "text"), [(1, "1"), (2.1, "2.1"), (0.0005, "0.0005")])
def test_a_number_serves_as_text(number, text):
    assert OptionType.of(str).convert(number) == text


def test_infinity_is_accepted_where_it_means_something():
    assert OptionType.of(float).convert("inf", infinite=True) == math.inf
    with pytest.raises(ValueError):
        OptionType.of(float).convert("nan", infinite=True)


@pytest.mark.parametrize("annotation", [list, dict[str, int], int | str, tuple[int, str], object])
def test_other_annotations_are_not_options(annotation):
    with pytest.raises(TypeError, match=r"Owner\.x"):
        OptionType.of(annotation, "Owner.x")


@given(st.integers())
def test_an_int_is_itself_and_serves_as_a_float(number):
    assert OptionType.of(int).convert(str(number)) == number
    if abs(number) < 2**53:
        as_float = OptionType.of(float).convert(number)
        assert as_float == number
        assert type(as_float) is float


@given(FINITE)
def test_a_float_survives_its_text(number):
    assert OptionType.of(float).convert(repr(number)) == number


@given(st.lists(FINITE, max_size=5))
def test_a_tuple_survives_its_text(numbers):
    kind = OptionType.of(tuple[float, ...])
    assert kind.convert(",".join(map(repr, numbers))) == tuple(numbers)
    assert kind.convert(numbers) == tuple(numbers)
