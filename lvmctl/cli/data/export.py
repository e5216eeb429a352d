"""``lvmctl data export``."""

from __future__ import annotations

from pathlib import Path

import click

from lvmctl.cli.complete import sources
from lvmctl.cli.data.options import (
    beside,
    context_option,
    force_option,
    horizon_option,
    path_type,
)
from lvmctl.cli.output import emit, json_option
from lvmctl.cli.reporter import TerminalReporter
from lvmctl.core.formatting import count, paragraph


@click.command()
@click.argument("store", shell_complete=sources)
@click.option(
    "--format",
    "format_",
    type=click.Choice(["npz", "parquet"]),
    help="Windows in NPZ files, or chunks in a Parquet file.  [default: as --out ends, else npz]",
)
@context_option
@horizon_option
@click.option(
    "--out", type=path_type, help="What to write; STORE.parquet for Parquet.  [default: STORE-npz]"
)
@force_option
@json_option
def export(
    store: str, format_: str | None, out: Path | None, force: bool, as_json: bool, **spans: int
) -> None:
    """Export STORE as window NPZ files, one per split, or as one Parquet file.

    \b
    lvmctl data export store/ --format npz --context 5
    lvmctl data export store/ --out chunks.parquet
    """
    from lvmctl.api.store import open_store

    opened = open_store(store)
    format_ = format_ or ("parquet" if out and out.suffix == ".parquet" else "npz")
    if format_ == "parquet":
        out = out or beside(opened.path, ".parquet")
        rows = opened.export_parquet(out, force=force, reporter=TerminalReporter())
        result = {"path": str(out), "format": format_, "files": {out.name: rows}}
        emit(result, "data.export", as_json, paragraph(f"{out}: {count(rows, 'chunk')}", "  "))
        return
    out = out or beside(opened.path, "-npz")
    written = opened.export_npz(out, force=force, reporter=TerminalReporter(), **spans)
    result = {"path": str(out), "format": format_, **spans}
    each = [f"{out / file}: {count(windows, 'window')}" for file, windows in written.items()]
    lines = [paragraph(line, "  ") for line in each]
    emit({**result, "files": written}, "data.export", as_json, "\n".join(lines))
