"""``lvmctl data split``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from lvmctl.cli.complete import sources
from lvmctl.cli.data.options import path_type, seed_option
from lvmctl.cli.output import emit, json_option, notice
from lvmctl.cli.renamed import Renamed
from lvmctl.core.formatting import count, paragraph


@click.command()
@click.argument("store", type=path_type, shell_complete=sources)
@click.option(
    "--by",
    type=click.Choice(["article"]),
    default="article",
    show_default=True,
    help="What is assigned whole.",
)
@click.option("--val", type=float, default=0.1, show_default=True, help="Share of the articles.")
@click.option(
    "--test",
    cls=Renamed,
    was=["--ood"],
    type=float,
    default=0.1,
    show_default=True,
    help="Share of the articles.",
)
@click.option("--stratify", metavar="FIELD", help="Split each value of this article field apart.")
@seed_option
@click.option("--force", is_flag=True, help="Replace the splits it has.")
@json_option
def split(store: Path, by: str, seed: int, as_json: bool, **how: Any) -> None:
    """Assign the articles of STORE to train, val and test.

    Separate windows share chunks with their neighbours: they are assigned in blocks, and what lies
    between two splits is left out.

    \b
    lvmctl data split store/ --by article
    lvmctl data split store/ --val 0.05 --test 0 --stratify corpus
    """
    from lvmctl.api.store import open_store, written

    whole = open_store(store)
    counts = whole.assign_splits(seed=seed, **how)
    for line in written(store).notices:
        notice(line)
    shown = ", ".join(f"{name} {amount}" for name, amount in counts.items())
    left_out = len(whole.articles) - sum(counts.values())
    result = {"path": str(store), "by": by, "seed": seed, "articles": counts, "left_out": left_out}
    what = "articles"
    if left_out:
        what += f"; {count(left_out, 'window')} between them left out"
    emit(result, "data.split", as_json, paragraph(f"{store}: {shown} {what}", "  "))
