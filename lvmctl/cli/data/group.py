"""``lvmctl data``: import, embed, synthesise, split, cut down, inspect and export stores."""

from __future__ import annotations

import click

from lvmctl.cli.lazy import LazyCommand, LazyGroup

HOME = "lvmctl.cli.data"
COMMANDS = {
    "drop": LazyCommand(f"{HOME}.drop:drop", "Write a store without some articles."),
    "embed": LazyCommand(f"{HOME}.embed:embed", "Cut texts into chunks and embed them."),
    "export": LazyCommand(f"{HOME}.export:export", "Export windows as NPZ files."),
    "import": LazyCommand(f"{HOME}.import_npz:import_npz", "Import window NPZ files."),
    "info": LazyCommand(f"{HOME}.info:info", "Say what a source holds."),
    "level": LazyCommand(f"{HOME}.level:level", "Cut a store's chunks into a finer level."),
