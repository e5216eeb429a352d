"""``lvmctl runs export``: a run as a folder for others."""

from __future__ import annotations

from pathlib import Path

import click

from lvmctl.cli.choose_run import chosen_run
from lvmctl.cli.complete import run_names
from lvmctl.cli.data.options import force_option, path_type
from lvmctl.cli.output import emit, json_option, notice
from lvmctl.cli.runs.show import size_text
from lvmctl.core.formatting import paragraph


@click.command()
@click.argument("run", required=False, shell_complete=run_names)
@click.option("--out", type=path_type, required=True, metavar="FOLDER", help="What to write.")
@click.option(
    "--license",
    default="unknown",
    show_default=True,
    metavar="ID",
    help="The licence you give it, for the model card, such as cc-by-4.0.",
)
@click.option("--no-onnx", is_flag=True, help="Leave model.onnx out.")
@force_option
@json_option
def export(
    run: str | None, out: Path, license: str, no_onnx: bool, force: bool, as_json: bool
) -> None:
    """Write the weights, configuration and model card of a RUN into a folder for others.

    `lvmctl.load("FOLDER")` and `lvmctl runs import` read it. It names no folder of this
    machine. Without a RUN: the run trained last.

    \b
    lvmctl runs export p8_c5 --out p8-books --license cc-by-4.0
    """
    from lvmctl.api.run_export import export_run

    written = export_run(chosen_run(run), out, license=license, onnx=not no_onnx, force=force)
    for line in written.notices:
        notice(line)
    made = f"{out}: {size_text(sum(written.files.values()))}, of {written.run}"
    lines = [paragraph(made, "  ")]
    lines += [f"  {name:<22} {size_text(size):>9}" for name, size in written.files.items()]
    emit(written.to_dict(), "runs.export", as_json, "\n".join(lines))
