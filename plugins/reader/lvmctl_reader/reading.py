"""What is known of a text by itself: its words by number, and how it is written."""

from __future__ import annotations

import math
from dataclasses import dataclass
from zlib import crc32

import numpy as np
import regex

from lvmctl import words

STEM = 5
"""Letters of a word that are its stem: what most languages change stands behind them."""

_OPENING = regex.compile(r"[\p{Pi}\"“”„‚«»‹›「『《〈]|(?<![\w.,!?…])['’]", regex.V1)
_QUOTES = regex.compile(r"[\"“”„«»‹›「」『』]")
_ENDING = regex.compile(r"[\s\p{Quotation_Mark}\p{Pe}*_]+$")
_CLOSED = regex.compile(r"[\p{Quotation_Mark}][\s*_]*$")
_MARKS = {
    "questions": regex.compile(r"[?？؟⁇](?!\w)"),
    "exclamations": regex.compile(r"[!！]"),
    "digits": regex.compile(r"\p{Nd}"),
    "brackets": regex.compile(r"[\p{Ps}\p{Pe}]"),
    "capitals": regex.compile(r"\p{Lu}"),
    "symbols": regex.compile(r"[\p{S}_/\\|#&@=<>*]"),
    "breaks": regex.compile(r"[\p{Pd}\p{Sentence_Break=SContinue}]"),
}
_SENTENCES = regex.compile(r"[.…\p{Sentence_Break=STerm}]+")
_TERM = regex.compile(r"[.…\p{Sentence_Break=STerm}]$")
_CONTINUED = regex.compile(r"[\p{Sentence_Break=SContinue}]$")
_MARKER = regex.compile(r"\W{0,3}?(?:(\p{Nd}{1,4})|(\p{L}))[.):\]]")
_NUMBER = regex.compile(r"\p{Nd}+")

STYLE = (
    "length",
    "sentences",
    "opening quote",
    "quotes",
    "closing quote",
    "unclosed",
    "asked at the end",
    "small at the start",
    "digit at the start",
    "sign at the start",
    "ended",
    "continued at the end",
    *_MARKS,
    "names",
)
"""Columns of :attr:`Reading.style`; those with a name of marks are shares of the characters."""

NUMBERS = ("first number", "marker")
"""Columns of :attr:`Reading.numbers`."""


@dataclass(frozen=True, slots=True)
class Reading:
    """A text.

    Attributes:
        terms: (t,) int64, its words in lower case by a hash of 32 bits, in order.
        stems: (t,) int64, the same of the first letters of each.
        named: (t,) bool, which begin with a capital.
        style: (S,) float32, see :data:`STYLE`.
        numbers: (2,) float32, NaN where there is none: the first number among the first words, and
            the list marker it begins with, letters counted from a = 1.
    """

    terms: np.ndarray
    stems: np.ndarray
    named: np.ndarray
    style: np.ndarray
    numbers: np.ndarray

    @classmethod
    def of(cls, text: str) -> Reading:
        written = words(text, as_written=True)
        small = [word.lower() for word in written]
        terms = np.fromiter((crc32(word.encode()) for word in small), np.int64, len(small))
        stems = np.fromiter((crc32(word[:STEM].encode()) for word in small), np.int64, len(small))
        named = np.fromiter((word[0].isupper() for word in written), bool, len(written))
        return cls(terms, stems, named, style_of(text.strip(), named), numbers_of(text))


def style_of(text: str, named: np.ndarray) -> np.ndarray:
    """(S,) of a text without white space at its ends."""
    size, count = max(1, len(text)), len(named)
    first = text[:1]
    body = _ENDING.sub("", text)
    marks = {name: len(mark.findall(text)) for name, mark in _MARKS.items()}
    quotes = len(_QUOTES.findall(text))
    opened = _OPENING.match(text) is not None
    columns = (
        math.log1p(count),
        math.log1p(len(_SENTENCES.findall(text))),
        opened,
        10 * quotes / size,
        _CLOSED.search(text) is not None,
        quotes % 2,
        body.endswith(("?", "？", "؟")),
        first.islower(),
        first.isdigit(),
        not first.isalnum() and not opened,
        _TERM.search(body) is not None,
        _CONTINUED.search(body) is not None,
        *(10 * marks[name] / size for name in _MARKS),
        named.sum() / max(1, count),
    )
    return np.array(columns, np.float32)


def numbers_of(text: str) -> np.ndarray:
    """(2,), see :class:`Reading`."""
    number = _NUMBER.search(text[:80])
    first = float(number[0][:6]) if number else math.nan
    marker = math.nan
    if found := _MARKER.match(text):
        marker = float(found[1]) if found[1] else float(ord(found[2].lower()) - ord("a") + 1)
    return np.array([first, marker], np.float32)
