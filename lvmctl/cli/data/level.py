"""``lvmctl data level``."""

from __future__ import annotations

from pathlib import Path

import click

from lvmctl.cli.data.options import force_option, path_type, show_written
from lvmctl.cli.output import json_option
from lvmctl.cli.reporter import TerminalReporter


@click.command()
@click.argument("store", type=path_type)
@click.argument("level", type=click.Choice(["sentence", "tokens"]), default="sentence")
@click.option("--size", type=click.IntRange(1), default=16, help="Words of a piece of tokens.")
@force_option
@json_option
def level(store: Path, level: str, size: int, force: bool, as_json: bool) -> None:
    """Cut the chunks of STORE further, and keep the pieces in it as a store.

    \b
    lvmctl data level stores/books sentence
    lvmctl train --plugin p8 --data stores/books/levels/sentence
    """
    from lvmctl.api.levels import add_level

    made = add_level(store, level, size=size, force=force, reporter=TerminalReporter())
    show_written(made, "level", as_json)
