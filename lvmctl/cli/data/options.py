"""Options that the ``data`` commands share, and how they say what was written."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from lvmctl.cli.output import emit, notice
from lvmctl.core.formatting import count, paragraph
from lvmctl.core.inputs import real

if TYPE_CHECKING:
    from lvmctl.api.store import Store


class FilePath(click.Path):
    """A path; an empty one, which would mean the current directory, is refused."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        if value == "":
            self.fail("the path is empty", param, ctx)
        return super().convert(value, param, ctx)


path_type = FilePath(path_type=Path)
span_type = click.IntRange(1, 1_000_000)
"""Chunks that K or h may be."""
out_option = click.option("--out", type=path_type, required=True, help="The store to write.")
shares_option = click.option(
    "--split", metavar="SHARES", help="Split the articles at once, 80/10/10 for train, val, test."
)
rows_option = click.option(
    "--rows-per-file", type=click.IntRange(1), help="Vectors of a file; by default all in one."
)
force_option = click.option("--force", is_flag=True, help="Replace --out if it exists.")
context_option = click.option(
    "--context", type=span_type, default=5, show_default=True, help="K, chunks in a window."
)
horizon_option = click.option(
    "--horizon", type=span_type, default=1, show_default=True, help="h, chunks ahead."
)
seed_option = click.option(
    "--seed",
    type=click.IntRange(0),
    default=0,
    show_default=True,
    help="Of the choice of articles.",
)


def beside(source: Path, suffix: str) -> Path:
    """The default output of a command that reads ``source``: its name and a suffix, beside it."""
    named = source if source.name not in ("", "..") else real(source)
    return named.with_name(named.name.removesuffix(".npz") + suffix)


def show_written(store: Store, command: str, as_json: bool) -> None:
    """Print what was written."""
    for line in store.notices:
        notice(line)
    splits = ", ".join(f"{name} {count}" for name, count in store.splits.items())
    text = (
        f"{store.path}: {count(len(store), 'chunk')} of {count(store.dim, 'dimension')} in "
        f"{count(len(store.articles), 'article')}" + (f" ({splits})" if splits else "")
    )
    emit(store.describe(), f"data.{command}", as_json, paragraph(text, "  "))
