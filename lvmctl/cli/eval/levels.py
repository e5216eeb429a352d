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
    """Print what ``measure`` gives for a level; for ``all``, for each level of the data (of the
    run's, where none is named), one beneath the other, under the schema ``….levels``."""
    from lvmctl.api.levels import levels_of

    with redirect_stdout(sys.stderr):  # what a plugin prints is a message
        names = levels_of(run, data) if level == ALL else [level]
        done = {name: measure(name) for name in names}
    if level != ALL:
        record, text = done[level]
        return emit(record, schema, as_json, text)
    records = {name: record for name, (record, _) in done.items()}
    emit({"levels": records}, f"{schema.partition('/')[0]}.levels", as_json, lambda: beneath(done))


def beneath(done: Mapping[str | None, Measured]) -> str:
    """The text of each level under its name."""
    return "\n\n".join(f"── level {name}\n{text()}" for name, (_, text) in done.items())
