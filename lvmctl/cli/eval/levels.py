"""``--level`` of the ``eval`` commands: one level of the data, or a table for each."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from contextlib import redirect_stdout
from typing import Any

from lvmctl.cli.output import emit

ALL = "all"

Measured = tuple[Mapping[str, Any], Callable[[], str]]
"""A result as plain data, and what renders it for a reader."""


def show_level(
    level: str | None,
    run: str | None,
    data: str | None,
    measure: Callable[[str | None], Measured],
    schema: str,
    as_json: bool,
) -> None:
    """Print what is measured on a level; for ``all``, on each level, one beneath the other.

    Args:
        level: as it was typed.
        run, data: whose levels there are, those of the run where no data is named.
        measure: called with each level.
        schema: of one result; several have ``.levels`` behind it.
    """
    with redirect_stdout(sys.stderr):  # what a plugin prints is a message
        if level != ALL:
            done = {level: measure(level)}
        else:
            from lvmctl.api.levels import levels_of

            done = {name: measure(name) for name in levels_of(run, data)}
    if level != ALL:
        emit(done[level][0], schema, as_json, done[level][1])
        return
    records = {name: record for name, (record, _) in done.items()}
    emit({"levels": records}, f"{schema.partition('/')[0]}.levels", as_json, lambda: beneath(done))


def beneath(done: Mapping[str | None, Measured]) -> str:
    """The text of each level under its name."""
    return "\n\n".join(f"── level {name}\n{text()}" for name, (_, text) in done.items())
