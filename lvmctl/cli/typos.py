"""Names that were typed are looked up before anything heavy is imported: a typo answers at once."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import click

from lvmctl.config import describe
from lvmctl.core.errors import UsageError, nearest
from lvmctl.registry import load_registry


class TrainCommand(click.Command):
    """A command that says of a recipe or its options, typed as its own, how to give them."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Parse ``args``; ``--lr 0.1`` is answered with the ``--set`` to type instead, ``p9`` alone
        with the option to put before it."""
        ctx.allow_extra_args = True
        try:
            extra = super().parse_args(ctx, args)
        except click.NoSuchOption as error:
            name = error.option_name.lstrip("-").replace("-", "_")
            if name not in option_names():
                raise
            message = f"No such option {error.option_name!r}; did you mean --set {name}=VALUE?"
            raise click.NoSuchOption(error.option_name, message, ctx=ctx) from None
        if extra and not ctx.resilient_parsing:
            option = option_taking(extra[0])
            hint = f"did you mean {option}?" if option else "recipes are named with --plugin RECIPE"
            raise UsageError(f"unexpected {extra[0]!r}", where=ctx.command_path, hint=hint)
        return extra


def option_taking(word: str) -> str | None:
    """The option of ``train`` that such a word may have been meant for, with the word."""
    from lvmctl.data.splits.sources import PREFIX

    if word.startswith(PREFIX) or Path(word.partition("@")[0]).exists():
        return f"--data {word}"
    recipe = nearest(word, load_registry().names("recipe"))
    return recipe and f"--plugin {recipe}"


def option_names() -> set[str]:
    """The names of all options of all recipes, with and without their group."""
    options = (entry.record.options for entry in load_registry().entries("recipe"))
    paths = {info.path for each in options for info in describe(each)}
    return paths | {path.rpartition(".")[2] for path in paths}


def check_sources(sources: Iterable[Any]) -> None:
    """Refuse files and stores that are not there; what is None or a list of them is fine, too."""
    from lvmctl.data.splits.sources import PREFIX, Source
    from lvmctl.data.store.store import require_path

    for source in sources:
        if isinstance(source, list | tuple):
            check_sources(source)
            continue
        text = PREFIX if source is None else Source.parse(source).text
        if not text.startswith(PREFIX):
            require_path(text)
