"""``lvmctl data synth``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from lvmctl.cli.data.options import force_option, out_option, show_written
from lvmctl.cli.output import json_option
from lvmctl.cli.renamed import Renamed


@click.command()
@click.argument("world")
@out_option
@click.option("--articles", type=int, help="Articles.  [default: 400]")
@click.option("--chunks", type=int, help="Chunks in each article.  [default: 40]")
@click.option("--dim", type=int, help="D.  [default: 64]")
@click.option(
    "--correlation",
    "a",
    cls=Renamed,
    was=["--a"],
    type=float,
    help="Correlation of neighbours.  [default: 0.9]",
)
@click.option("--theta", type=float, help="rotation: degrees in every plane.  [default: 40]")
@click.option(
    "--topic-share",
    "f",
    cls=Renamed,
    was=["--f"],
    type=float,
    help="topic: share of the article's direction.  [default: 0.3]",
)
@click.option("--seed", type=int, help="Seed of everything random.  [default: 0]")
@click.option("--store", help="shuffled, reversed: the store to reorder.")
@force_option
@json_option
def synth(world: str, out: Path, force: bool, as_json: bool, **values: Any) -> None:
    """Make a synthetic WORLD: ar1, rotation, topic or iid; or reorder a store inside its articles:
    shuffled, reversed.

    \b
    lvmctl data synth rotation --articles 400 --dim 768 --out store/
    lvmctl data synth reversed --store books/ --out books-reversed/
    """
    from lvmctl.api.importing import synth

    options = {key: value for key, value in values.items() if value is not None}
    show_written(synth(world, out, force=force, **options), "synth", as_json)
