"""stdout is data, stderr is talk: the only file that decides how a command prints."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from typing import Any

import click

json_option = click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
"""Adds ``--json``; the command receives ``as_json``."""


def emit(obj: Mapping[str, Any], schema: str, as_json: bool, text: str | Callable[[], str]) -> None:
    """Print a command's result on stdout, once.

    Args:
        obj: the result as plain data. NumPy scalars and arrays, paths and dataclass-free tuples
            are converted; NaN and infinities become null, which is all JSON has for them.
        schema: the command, dotted, and its version where that is not 1: ``"data.info"`` gives
            ``"schema": "lvmctl.data.info/1"``, ``"eval.5cat/2"`` ``"lvmctl.eval.5cat/2"``.
        as_json: print ``obj`` as one JSON object instead of ``text``.
        text: the same for a reader, or a function that makes it (called only when shown).
    """
    if as_json:
        named = f"lvmctl.{schema}" if "/" in schema else f"lvmctl.{schema}/1"
        click.echo(json.dumps(_plain({"schema": named, **obj}), indent=2))
    else:
        shown = text() if callable(text) else text
        if shown:
            click.echo(shown)


def notice(message: str) -> None:
    """Write a line to stderr; where nobody reads it any more, the work goes on."""
    with suppress(OSError, ValueError):
        click.echo(message, err=True)


def table(header: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    """Rows as aligned columns; numbers and blanks to the right, no space at the end of a line."""
    cells = [[_cell(value) for value in row] for row in rows]
    lines = [list(header), *cells]
    widths = [max(len(line[i]) for line in lines) for i in range(len(header))]
    right = [bool(cells) and all(_number(row[i]) for row in cells) for i in range(len(header))]
    return "\n".join(
        "  ".join(
            cell.rjust(width) if number else cell.ljust(width)
            for cell, width, number in zip(line, widths, right, strict=True)
        ).rstrip()
        for line in lines
    )


def _cell(value: Any) -> str:
    if value is None:
        return "-"
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def _number(cell: str) -> bool:
    try:
        float(cell.rstrip("%"))
    except ValueError:
        return cell in ("-", "")
    return True


def _plain(value: Any) -> Any:
    """``value`` as what strict JSON can hold."""
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, str) or value is None:
        return value
    if hasattr(value, "tolist"):  # NumPy scalars and arrays, without importing NumPy here
        return _plain(value.tolist())
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, bool | int):
        return value
    if isinstance(value, Iterable):
        return [_plain(item) for item in value]
    return str(value)
