"""``lvmctl runs``: what was trained here, and how far each training came."""

from __future__ import annotations

import click

from lvmctl.cli.lazy import LazyCommand, LazyGroup

COMMANDS = {
    "list": LazyCommand("lvmctl.cli.runs.list:list_", "What was trained, the newest first."),
    "show": LazyCommand("lvmctl.cli.runs.show:show", "All about one run, and what to do next."),
    "export": LazyCommand("lvmctl.cli.runs.export:export", "A run as a folder for others."),
    "import": LazyCommand("lvmctl.cli.runs.importing:import_", "An exported folder as a run."),
    "remove": LazyCommand("lvmctl.cli.runs.remove:remove", "Delete runs from disk."),
}


@click.group(cls=LazyGroup, lazy=COMMANDS)
def runs() -> None:
    """List, show, share and remove trained runs.

    A run is named by its directory or by its name in runs/, or by a beginning that no
    other run has.

    \b
    lvmctl runs list
    lvmctl runs show p8_c5
    lvmctl runs remove p8_c5_m0.07_20251104_222516
    """
