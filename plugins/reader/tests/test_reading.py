"""What is read of a text by itself."""

from __future__ import annotations

import math
from zlib import crc32

import pytest
from lvmctl_reader.reading import NUMBERS, STYLE, Reading


def style(text: str) -> dict[str, float]:
    return dict(zip(STYLE, Reading.of(text).style.tolist()))


def test_words_and_names():
    reading = Reading.of("The Whale saw the whales")
    small = ["the", "whale", "saw", "the", "whales"]
    assert reading.terms.tolist() == [crc32(word.encode()) for word in small]
    assert reading.stems[1] == reading.stems[4]
    assert reading.named.tolist() == [True, True, False, False, False]


@pytest.mark.parametrize("text", ["", " \n", "...", "\u200b"])
def test_a_text_without_words(text):
    reading = Reading.of(text)
    assert len(reading.terms) == 0
    assert reading.style[0] == 0
    assert all(map(math.isfinite, reading.style.tolist()))


@pytest.mark.parametrize(
    ("text", "column"),
    [
        ("“Yes,” he said.", "opening quote"),
        ("'Yes,' he said.", "opening quote"),
        ("「はい」と彼は言った。", "opening quote"),
        ("He said “no.”", "closing quote"),
        ("“And so it goes", "unclosed"),
        ("“Who is it?”", "asked at the end"),
        ("你是谁？", "asked at the end"),
        ("من أنت؟", "asked at the end"),
        ("and so on.", "small at the start"),
        ("3 of them.", "digit at the start"),
        ("— no.", "sign at the start"),
        ("It ended.", "ended"),
        ("结束了。", "ended"),
        ("as follows:", "continued at the end"),
        ("كما يلي،", "continued at the end"),
    ],
)
def test_how_a_text_is_written(text, column):
    assert style(text)[column] == 1
    assert style("Plain words, no signs (none) at its ends")[column] == 0


def test_marks_are_shares_of_the_characters():
    assert style("Ab1 (?) x.")["digits"] == pytest.approx(1)
    assert style("Ab1 (?) x.")["brackets"] == pytest.approx(2)
    assert style("Ab1 (?) x.")["capitals"] == pytest.approx(1)


@pytest.mark.parametrize(
    ("text", "first", "marker"),
    [("2. two", 2, 2), ("(c) third", None, 3), ("In 1851 he", 1851, None), ("None", None, None)],
)
def test_numbers(text, first, marker):
    found = dict(zip(NUMBERS, Reading.of(text).numbers.tolist()))
    found = {name: None if math.isnan(value) else value for name, value in found.items()}
    assert found == {"first number": first, "marker": marker}
