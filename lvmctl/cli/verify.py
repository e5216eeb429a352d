"""``lvmctl verify``: are stores and runs what was written."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from lvmctl.cli.output import emit, json_option
from lvmctl.core.formatting import count, paragraph

if TYPE_CHECKING:
    from lvmctl.api.verify import Verification


@click.command()
@click.argument("paths", nargs=-1, required=True)
@json_option
@click.pass_context
def verify(ctx: click.Context, paths: tuple[str, ...], as_json: bool) -> None:
    """Compare every byte of stores and runs with the hashes recorded when they were written.

    A store's levels and a run's checkpoints are read, too. Exit code 3 where a store changed, 4
    where a run did.

    \b
    lvmctl verify stores/books
    lvmctl verify runs/* --json
    """
    from lvmctl.api.verify import verify

    results = [verify(path) for path in paths]
    shown = {"results": [each.to_dict() for each in results]}
    emit(shown, "verify", as_json, lambda: "\n".join(map(line, results)))
    codes = [each.exit_code for each in results]
    ctx.exit(min((code for code in codes if code), default=0))


def line(result: Verification) -> str:
    """A result, its verdict first, and what is wrong below."""
    detail = f"{count(result.files, 'file')} as written"
    if result.faults:
        detail = f"{len(result.faults)} of its files" if result.files else "it cannot be opened"
    elif not result.files:
        detail = "it has no hashes.json: whether it changed is unknown"
    head = f"{result.verdict:<10}  {result.kind} {result.path}: {detail}"
    return "\n".join(
        [paragraph(head, "  "), *(paragraph(f"  {fault}", "    ") for fault in result.faults)]
    )
