"""``lvmctl runs import``: an exported folder as a run."""

from __future__ import annotations

from pathlib import Path

import click

from lvmctl.cli.data.options import path_type
from lvmctl.cli.output import emit, json_option
from lvmctl.core.formatting import paragraph
from lvmctl.core.paths import typed


@click.command("import")
@click.argument("folder", type=path_type)
@click.option("--out", type=path_type, help="The run directory.  [default: runs/FOLDER's name]")
@click.option("--force", is_flag=True, help="Replace a run that was imported.")
@json_option
def import_(folder: Path, out: Path | None, force: bool, as_json: bool) -> None:
    """Make a run of a FOLDER that `lvmctl runs export` wrote.

    It can be evaluated, compared, diagnosed and used like any other, but not trained on: an
    export has no checkpoints.

    \b
    lvmctl runs import p8-books
    lvmctl eval retrieval p8-books --data books/
    """
    from lvmctl.api.run_import import import_run

    run = import_run(folder, out, force=force)
    result = {"run": str(run.path), "folder": str(folder), "recipe": run.recipe}
    made = paragraph(f"{run.path}: {run.recipe}, from {folder}", "  ")
    text = f"{made}\nnext: lvmctl runs show {typed(run.path)}"
    emit(result, "runs.import", as_json, text)
