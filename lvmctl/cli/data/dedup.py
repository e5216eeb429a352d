"""``lvmctl data dedup``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from lvmctl.cli.complete import sources
from lvmctl.cli.data.options import beside, force_option, path_type, show_written
from lvmctl.cli.output import json_option
from lvmctl.cli.reporter import TerminalReporter


@click.command()
@click.argument("store", shell_complete=sources)
@click.option(
    "--threshold",
    type=click.FloatRange(0, 1),
    metavar="X",
    default=0.98,
    show_default=True,
    help="Cosine above which two chunks repeat.",
)
@click.option("--out", type=path_type, help="The store to write.  [default: STORE-dedup]")
@force_option
@json_option
def dedup(store: str, out: Path | None, as_json: bool, **how: Any) -> None:
    """Write STORE without training chunks that repeat a held-out chunk.

    Articles are cut where chunks are left out. lvmctl diagnose leakage then
    finds nothing between the splits.

    \b
    lvmctl data dedup store/ --out clean/
    """
    from lvmctl.api.store import open_store

    opened = open_store(store)
    out = out or beside(opened.path, "-dedup")
    made = opened.dedup(out, reporter=TerminalReporter(), **how)
    show_written(made, "dedup", as_json)
