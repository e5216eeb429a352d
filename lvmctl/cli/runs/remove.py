"""``lvmctl runs remove``: delete runs from disk."""

from __future__ import annotations

import sys

import click

from lvmctl.cli.complete import resumable_names
from lvmctl.cli.output import emit, json_option, notice
from lvmctl.cli.runs.show import size_text
from lvmctl.core.errors import UsageError


@click.command()
@click.argument("runs", nargs=-1, required=True, shell_complete=resumable_names)
@click.option("--yes", is_flag=True, help="Do not ask.")
@json_option
def remove(runs: tuple[str, ...], yes: bool, as_json: bool) -> None:
    """Delete runs, or sweeps with all their trials, from disk.

    It lists them and asks first. A run that is being written, and what is not a run, is
    refused; then nothing is removed.

    \b
    lvmctl runs remove p8_c5_m0.07_20251104_222516
    lvmctl runs remove old/run1 old/run2 --yes
    """
    from lvmctl.api.run_removal import removals
    from lvmctl.api.run_removal import remove as remove_run

    chosen = removals(runs)
    total = sum(each.bytes for each in chosen)
    if not yes:
        if not sys.stdin.isatty():
            raise UsageError("stdin is not a terminal", hint="add --yes to remove without asking")
        for each in chosen:
            notice(f"{each.name}  {size_text(each.bytes)}")
        if not click.confirm(f"remove {len(chosen)} ({size_text(total)})?", err=True):
            notice("nothing was removed")
            chosen = []
    for each in chosen:
        remove_run(each)
    emit(
        {"removed": [each.to_dict() for each in chosen], "bytes": sum(e.bytes for e in chosen)},
        "runs.remove",
        as_json,
        "\n".join(f"removed {each.name} ({size_text(each.bytes)})" for each in chosen),
    )
