"""``lvmctl data drop``."""

from __future__ import annotations

from pathlib import Path

import click

from lvmctl.cli.complete import sources
from lvmctl.cli.data.options import beside, force_option, path_type, show_written
from lvmctl.cli.output import json_option


@click.command()
@click.argument("source", shell_complete=sources)
@click.option(
    "--article", "articles", multiple=True, required=True, help="Its id or number; repeat."
)
@click.option("--out", type=path_type, help="The store to write.  [default: SOURCE-kept]")
@force_option
@json_option
def drop(
    source: str, articles: tuple[str, ...], out: Path | None, force: bool, as_json: bool
) -> None:
    """Write SOURCE without some of its articles.

    \b
    lvmctl data drop stores/books --article 12 --article 40
    lvmctl data drop stores/books --article preface --out books2/
    """
    from lvmctl.api.store import open_store

    store = open_store(source)
    made = store.drop(out or beside(store.path, "-kept"), articles, force=force)
    show_written(made, "drop", as_json)
