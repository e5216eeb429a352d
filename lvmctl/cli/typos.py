"""Names that were typed are looked up before anything heavy is imported: a typo answers at once."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import click

from lvmctl.config import describe
from lvmctl.core.errors import DataError
from lvmctl.registry import load_registry


class TrainCommand(click.Command):
    """A command that says of an option of a recipe, typed as one of its own, how to give it."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Parse ``args``.

        Raises:
            NoSuchOption: for ``--lr 0.1``, with the ``--set`` to type instead.
        """
        try:
            return super().parse_args(ctx, args)
        except click.NoSuchOption as error:
            name = error.option_name.lstrip("-").replace("-", "_")
            if name not in option_names():
                raise
            message = f"No such option {error.option_name!r}; did you mean --set {name}=VALUE?"
            raise click.NoSuchOption(error.option_name, message, ctx=ctx) from None


def option_names() -> set[str]:
    """The names of all options of all recipes, with and without their group."""
    options = (entry.record.options for entry in load_registry().entries("recipe"))
    paths = {info.path for each in options for info in describe(each)}
    return paths | {path.rpartition(".")[2] for path in paths}


def check_sources(sources: Iterable[Any]) -> None:
    """Refuse files and stores that are not there; what is None or a list of them is fine, too.

    Raises:
        DataError: nothing is there.
    """
    from lvmctl.data.splits.sources import PREFIX, Source

    for source in sources:
        if isinstance(source, list | tuple):
            check_sources(source)
            continue
        text = PREFIX if source is None else Source.parse(source).text
        if not text.startswith(PREFIX) and not Path(text).exists():
            hint = "make one with lvmctl data import, embed or synth"
            raise DataError("no such store", where=text, hint=hint)
