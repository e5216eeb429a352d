"""``lvmctl data import``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from lvmctl.cli.data.options import (
    force_option,
    out_option,
    path_type,
    rows_option,
    shares_option,
    show_written,
    span_type,
)
from lvmctl.cli.output import json_option
from lvmctl.cli.renamed import Renamed
from lvmctl.cli.reporter import TerminalReporter
from lvmctl.core.errors import UsageError

OF_WINDOWS = {
    "horizon": "--horizon",
    "articles": "--articles-npz",
    "separate": "--separate-windows",
    "trust_pickle": "--trust-pickle",
}
"""Options that tables do not have."""


@click.command("import")
@click.argument("files", nargs=-1, required=True, type=path_type)
@out_option
@click.option("--horizon", type=span_type, help="h of the windows; default p6_offset + 1, else 1.")
@click.option(
    "--articles-npz",
    "articles",
    type=path_type,
    help="Chunk bank with the articles of the windows.",
)
@click.option(
    "--separate-windows",
    "separate",
    cls=Renamed,
    was=["--apart"],
    is_flag=True,
    help="Keep every window an article of its own.",
)
@click.option(
    "--trust-pickle", is_flag=True, help="Unpickle metadata and texts: can run code in the file."
)
@click.option(
    "--columns",
    metavar="ROLE=COLUMN,…",
    help="Columns of a table that are not guessed: vector=emb,text=body,article=doc,position=i.",
)
@shares_option
@rows_option
@force_option
@json_option
def import_files(
    files: tuple[Path, ...], out: Path, columns: str | None, as_json: bool, **how: Any
) -> None:
    """Import FILES: window NPZ, or tables of chunks or documents with vectors.

    NPZ files may lie in a folder. Tables are Parquet, Arrow, JSONL and
    safetensors files and folders of them, Hugging Face data sets on disk
    included, and .npy files, which are one table together. Overlapping windows
    become articles again. Splits are those in a file, else a file is the
    split in its name; NPZ files without any are train, val, test and ood in
    turn.

    \b
    lvmctl data import train.npz val.npz --out store/
    lvmctl data import chunks.parquet --out store/
    lvmctl data import vectors.npy article_ids.npy --out store/
    lvmctl data import dataset/ --columns vector=emb,text=body --out store/
    """
    from lvmctl.api.importing import import_npz, store_from

    how["reporter"] = TerminalReporter()
    files = with_folders(files)
    if is_npz(files):
        if columns is not None:
            what = "--columns is of tables, NPZ files are read by their keys"
            raise UsageError(what, hint="leave it out")
        store = import_npz(files, out, **how)
    else:
        if of_windows := [option for name, option in OF_WINDOWS.items() if how.pop(name)]:
            raise UsageError(f"{of_windows[0]} is of window NPZ files", hint="leave it out")
        store = store_from(files, out, columns=columns, **how)
    show_written(store, "import", as_json)


def with_folders(paths: tuple[Path, ...]) -> tuple[Path, ...]:
    """The paths, with the NPZ files of a folder in its place; it stays where tables are too, and a
    store stays one."""
    from lvmctl.data.tables.open import SUFFIXES

    files: list[Path] = []
    for path in paths:
        held = sorted(item for item in path.glob("*.npz") if not item.name.startswith("."))
        tables = held and any(item.suffix in (*SUFFIXES, ".npy") for item in path.iterdir())
        if (path / "offsets.npy").exists():
            held = []
        files += [*held, path] if tables else held or [path]
    return tuple(files)


def is_npz(files: tuple[Path, ...]) -> bool:
    """Whether the files are NPZ files, all of them; a UsageError for a mixture."""
    kinds = {file.suffix.lower() == ".npz" for file in files}
    if len(kinds) > 1:
        raise UsageError("NPZ files and tables together", hint="import them into stores apart")
    return kinds == {True}
