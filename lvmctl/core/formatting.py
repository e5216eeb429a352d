"""How numbers and tables look to a reader, the same in every command and on every page."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from itertools import zip_longest
from textwrap import fill, wrap
from typing import Any

from lvmctl.core.tree import get_interval, get_number

WIDTH = 80
"""Columns that every text fits."""

GAP = 2
"""Spaces between the columns of a table."""

MIN_TEXT = 20
"""Columns to which a table's text is folded at least, where it is too wide."""

MIN_ARTICLES = 10
"""A verdict on fewer articles than this is printed with a warning."""

LONG = 60.0
"""Seconds of work that are said before it starts."""

MISSING = "-"
"""Stands where there is no number."""


def number(value: float | None, digits: int | None = 3, signed: bool = False) -> str:
    """Format a number without the zero before its point.

    Args:
        value: None, NaN and infinities are shown as :data:`MISSING`.
        digits: places behind the point; None shows four significant digits, for values whose size
            is not known beforehand.
        signed: put ``+`` before what is not below zero.

    Example:
        >>> shown = lvmctl.format_number
        >>> shown(0.2494), shown(-0.0251), shown(0.9996), shown(0.125, signed=True)
        ('.249', '-.025', '1.000', '+.125')
    """
    if value is None or not math.isfinite(value):
        return MISSING
    sign = "+" if signed else ""
    text = (
        f"{value:{sign}.4g}" if digits is None else f"{round(value, digits) + 0:{sign}.{digits}f}"
    )
    before = text[: text[0] in "+-"]
    bare = text[len(before) :]
    return before + (bare[1:] if bare.startswith("0.") else bare)


format_number = number
"""Its public name."""


def signed(value: float | None, digits: int | None = 3) -> str:
    """Format a number with its sign: ``+.125``."""
    return number(value, digits, signed=True)


def interval(ends: Sequence[float | None] | None, digits: int = 3, signed: bool = False) -> str:
    """Format the two ends of an interval, ``[.210, .290]``; empty where either is not known."""
    if ends is None or any(end is None or not math.isfinite(end) for end in ends):
        return ""
    low, high = (number(end, digits, signed) for end in ends)
    return f"[{low}, {high}]"


def estimate(
    value: float | None,
    ends: Sequence[float | None] | None,
    digits: int = 3,
    signed: bool = False,
) -> str:
    """Format a value and its interval, ``.249 [.210, .290]``; an unknown interval is left out."""
    if value is None or not math.isfinite(value):
        return MISSING
    return f"{number(value, digits, signed)} {interval(ends, digits, signed)}".rstrip()


def metric_cells(tree: Mapping[str, Any], path: str) -> tuple[str, str]:
    """Format the metric at a dotted path of nested mappings, as ``--json`` prints them, and its
    interval, which ``ci`` beside it holds."""
    return number(get_number(tree, path)), interval(get_interval(tree, path))


def p_value(p: float | None) -> str:
    """Format the p value of a test in three significant digits: ``.0312``."""
    if p is None or not math.isfinite(p):
        return MISSING
    return f"{p:.3g}".removeprefix("0") if p else "0"


def percent(share: float, digits: int = 1) -> str:
    """Format a share as ``12.3 %``."""
    return f"{100 * share:.{digits}f} %"


def count(amount: int, what: str = "") -> str:
    """Format a count with what is counted: ``1 article``, ``1,170 articles``."""
    return f"{amount:,} {what}{'' if amount == 1 else 's'}" if what else f"{amount:,}"


TOGETHER = re.compile(r" %|`[^`]*`|--[\w-]+ [A-Z]{2,}\b")
"""Where a line must not end: before ``%``, inside a quoted command, between option and value."""


def few_articles(articles: int | None) -> str:
    """The warning beside a verdict that rests on few articles; empty for enough or None."""
    if articles is None or articles >= MIN_ARTICLES:
        return ""
    return (
        f"Warning: this rests on {count(articles, 'article')}; below {MIN_ARTICLES}, models cannot "
        "be told apart and the verdict may be chance."
    )


def paragraph(text: str, indent: str = "") -> str:
    """Fold a text to :data:`WIDTH`. Longer words stay whole, so do paths and commands in
    backquotes, and a number stays with its ``%``; ``indent`` begins every line but the first."""
    bound = TOGETHER.sub(lambda match: match[0].replace(" ", "\xa0"), text)
    folded = fill(
        bound, WIDTH, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False
    )
    return folded.replace("\xa0", " ")


def table(header: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    """Lay rows out in aligned columns of text, numbers to the right, no line longer than
    :data:`WIDTH`. Floats are shown in four significant digits, None as :data:`MISSING`.

    What is too wide is folded: first cells of text, the widest column first, down to
    :data:`MIN_TEXT`; then the columns stand in blocks below each other, each with the first column.
    """
    cells = [[_cell(value) for value in row] for row in rows]
    columns = list(zip(header, *cells, strict=True))
    right = [bool(cells) and all(map(_is_number, column[1:])) for column in columns]
    least = [_least_width(column, number) for column, number in zip(columns, right)]
    blocks: list[list[int]] = [[]]
    for index in range(len(columns)):
        if sum(least[i] + GAP for i in (*blocks[-1], index)) > WIDTH + GAP:
            blocks.append([0])
        blocks[-1].append(index)
    return "\n\n".join(
        _block([columns[i] for i in block], [right[i] for i in block], [least[i] for i in block])
        for block in blocks
    )


def _least_width(column: Sequence[str], number: bool) -> int:
    """How narrow a column may be: numbers stay whole, and so do words of half a line."""
    widest = max(map(len, column[1:]), default=0)
    word = max((len(word) for cell in column for word in cell.split()), default=0)
    return min(max(word, widest if number else min(widest, MIN_TEXT)), WIDTH // 2 - GAP)


def _block(columns: Sequence[Sequence[str]], right: Sequence[bool], least: Sequence[int]) -> str:
    """Columns beside each other, folded where they are too wide."""
    widths = [max(map(len, column)) for column in columns]
    while sum(widths) + GAP * (len(widths) - 1) > WIDTH:
        widest = max(range(len(widths)), key=lambda i: (widths[i] > least[i], widths[i]))
        widths[widest] -= 1
    lines = []
    for row in zip(*columns):
        folded = [
            wrap(cell, width, break_on_hyphens=False) if len(cell) > width else [cell]
            for cell, width in zip(row, widths)
        ]
        lines += [
            (" " * GAP)
            .join(
                cell.rjust(width) if number else cell.ljust(width)
                for cell, width, number in zip(line, widths, right)
            )
            .rstrip()
            for line in zip_longest(*folded, fillvalue="")
        ]
    return "\n".join(lines)


def _cell(value: Any) -> str:
    if value is None:
        return MISSING
    return number(value, None) if isinstance(value, float) else str(value)


def _is_number(cell: str) -> bool:
    try:
        float(cell.rstrip(" %").replace(",", ""))
    except ValueError:
        return cell in (MISSING, "")
    return True


def duration(seconds: float) -> str:
    """A time to wait, roughly: ``a minute``, ``12 minutes``, ``2.5 hours``."""
    minutes = seconds / 60
    if minutes < 1.5:
        return "a minute"
    return f"{minutes:.0f} minutes" if minutes < 90 else f"{minutes / 60:.1f} hours"
