"""``lvmctl data``: import, embed, synthesise, split, cut down, inspect and export stores."""

from __future__ import annotations

import click

from lvmctl.cli.lazy import LazyCommand, LazyGroup

HOME = "lvmctl.cli.data"
COMMANDS = {
    "dedup": LazyCommand(f"{HOME}.dedup:dedup", "Leave out chunks that splits share."),
    "drop": LazyCommand(f"{HOME}.drop:drop", "Write a store without some articles."),
    "embed": LazyCommand(f"{HOME}.embed:embed", "Cut texts into chunks and embed them."),
    "export": LazyCommand(f"{HOME}.export:export", "Export windows as NPZ, or chunks as Parquet."),
    "import": LazyCommand(f"{HOME}.importing:import_files", "Import vectors from files."),
    "info": LazyCommand(f"{HOME}.info:info", "Show what a source holds."),
    "level": LazyCommand(f"{HOME}.level:level", "Cut a store's chunks into a finer level."),
    "show": LazyCommand(f"{HOME}.show:show", "List articles, or print the texts of one."),
    "split": LazyCommand(f"{HOME}.split:split", "Assign articles to train, val and test."),
    "subset": LazyCommand(
        f"{HOME}.subset:subset", "Take whole articles until they hold N windows."
    ),
    "synth": LazyCommand(f"{HOME}.synth:synth", "Make a synthetic world, or reorder a store."),
}


@click.group(cls=LazyGroup, lazy=COMMANDS)
def data() -> None:
    """Make, change and inspect vector stores.

    A store is a directory of chunk vectors in article order. Where a command reads data, SOURCE is
    a store (STORE@val for one split), a window NPZ file or a synthetic world such as
    'synth:rotation?articles=400'.
    """
