"""``lvmctl data``: import, embed, synthesise, split, cut down, inspect and export stores."""

from __future__ import annotations

import click

from lvmctl.cli.data.make import embed, import_, synth
from lvmctl.cli.data.use import export, info, split, subset


@click.group()
def data() -> None:
    """Make, change and inspect vector stores.

    A store is a directory of chunk vectors in article order. Where a command reads data, SOURCE is
    a store (STORE@val for one split), a seed-format NPZ file or a synthetic world such as
    'synth:rotation?articles=400'.
    """


for command in (import_, embed, synth, split, subset, info, export):
    data.add_command(command)
