"""``lvmctl data import``."""

from __future__ import annotations

from pathlib import Path

import click

from lvmctl.cli.data.options import force_option, out_option, path_type, show_written, span_type
from lvmctl.cli.output import json_option
from lvmctl.cli.renamed import Renamed
from lvmctl.cli.reporter import TerminalReporter


@click.command("import")
@click.argument("files", nargs=-1, required=True, type=path_type)
@out_option
@click.option("--horizon", type=span_type, help="h of the windows; default p6_offset + 1, else 1.")
@click.option("--articles-npz", type=path_type, help="Chunk bank with the articles of the windows.")
@click.option(
    "--separate-windows",
    cls=Renamed,
    was=["--apart"],
    is_flag=True,
    help="Keep every window an article of its own.",
)
@click.option(
    "--trust-pickle", is_flag=True, help="Unpickle metadata and texts: can run code in the file."
)
@force_option
@json_option
def import_npz(
    files: tuple[Path, ...],
    out: Path,
    horizon: int | None,
    articles_npz: Path | None,
    separate_windows: bool,
    trust_pickle: bool,
    force: bool,
    as_json: bool,
) -> None:
    """Import window NPZ FILES; overlapping windows become articles again.

    Splits are those in a file (val_contexts, …), else each file is one: that in
    its name, else train, val, test and ood in turn. One file whose name says
    none has none.

    \b
    lvmctl data import windows.npz --out store/
    lvmctl data import train.npz val.npz --out store/
    lvmctl data import p6_train.npz p6_val.npz --horizon 2 --out store/
    """
    from lvmctl.api.importing import import_npz

    store = import_npz(
        files,
        out,
        horizon=horizon,
        articles=articles_npz,
        separate=separate_windows,
        trust_pickle=trust_pickle,
        force=force,
        reporter=TerminalReporter(),
    )
    show_written(store, "import", as_json)
