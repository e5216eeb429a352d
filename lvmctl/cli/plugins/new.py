"""``lvmctl plugins new``: a package of one's own to start from."""

from __future__ import annotations

from pathlib import Path

import click

from lvmctl.cli.output import emit, json_option
from lvmctl.registry import load_registry
from lvmctl.scaffold import package
from lvmctl.scaffold.names import Names, refuse_taken


@click.command()
@click.argument("kind", type=click.Choice(package.USE), metavar="KIND")
@click.argument("name")
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="The folder to write.  [default: lvmctl-NAME]",
)
@json_option
def new(kind: str, name: str, out: Path | None, as_json: bool) -> None:
    """Write a plugin to start from: a package with a part that works, its tests and a README.

    KIND is recipe, model, loss, field, gate, diagnostic, encoder, decoder, baseline or
    command. What is
    printed installs, checks and tests it.

    \b
    lvmctl plugins new loss angular-margin
    lvmctl plugins new baseline half-life --out plugins/half-life --json
    """
    names = Names(name)
    refuse_taken(load_registry(), kind, names, _reserved(kind))
    place = Path(names.distribution) if out is None else out
    files = package.render(kind, names)
    package.write(files, place)
    lines = package.commands(kind, names, place)
    emit(
        {"kind": kind, "name": name, "path": place, "files": list(files), "next": lines},
        "plugins.new",
        as_json,
        lambda: "\n".join([f"{place} ({kind}, {len(files)} files). Next:", "", *lines]),
    )


def _reserved(kind: str) -> tuple[str, ...]:
    """Names that a plugin's record of this kind would never be reached by."""
    if kind == "command":
        from lvmctl.cli.main import COMMANDS

        return tuple(COMMANDS)
    if kind == "diagnostic":
        from lvmctl.cli.diagnose.group import ALL

        return (ALL,)
    return ()
