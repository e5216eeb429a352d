"""``lvmctl data subset``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from lvmctl.cli.complete import sources
from lvmctl.cli.data.options import (
    beside,
    context_option,
    force_option,
    horizon_option,
    path_type,
    seed_option,
    show_written,
)
from lvmctl.cli.output import json_option
from lvmctl.core.errors import UsageError


@click.command()
@click.argument("source", shell_complete=sources)
@click.option("--windows", type=click.IntRange(1), required=True, help="Windows to reach.")
@context_option
@horizon_option
@seed_option
@click.option("--out", type=path_type, help="The store to write.  [default: SOURCE-N]")
@force_option
@json_option
def subset(source: str, windows: int, out: Path | None, as_json: bool, **how: Any) -> None:
    """Take whole articles of SOURCE, in a seeded order, until they hold N windows.

    Every split of SOURCE keeps at least one article.

    \b
    lvmctl data subset store/ --windows 10000
    lvmctl data subset store@train --windows 2000 --out small/
    """
    from lvmctl.api.store import open_store

    if out is None and source.startswith("synth:"):
        raise UsageError("a synthetic world has no place of its own", hint="name one with --out")
    store = open_store(source)
    made = store.subset(out or beside(store.path, f"-{windows}"), windows, **how)
    show_written(made, "subset", as_json)
