"""What was tried beside P9's features, each row against `direct` in the same pools.

    python benchmarks/tried.py base order --books STORE --math STORE
    python benchmarks/tried.py all --books STORE --math STORE

Four lines a row: three folds by article of each store, and each store for the other. Articles of at
least 20 chunks are measured; K = 8; figures are R@5 and MRR@10, and both minus those of `direct`
with 95 % intervals that resample articles. Whatever is fitted on text is cross-fitted by article.
One seed; a row takes one to four minutes on one core, and both stores' features 1 GB.
"""

from __future__ import annotations

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")

import time

import click
import smoke
from trying.articles import articles_of
from trying.lists import measured
from trying.rows import ROWS
from trying.trials import FOLDS, line, trials


def listed() -> str:
    """The rows, a line each."""
    width = max(map(len, ROWS))
    return "\b\nROW is all, or:\n" + "\n".join(f"{k:{width}}  {v.summary}" for k, v in ROWS.items())


@click.command(help="Measure rows on two stores.", epilog=listed())
@click.argument(
    "rows", nargs=-1, required=True, type=click.Choice(["all", *ROWS]), metavar="ROW..."
)
@click.option("--books", required=True, help="Store.")
@click.option("--math", required=True, help="Store.")
def main(rows: tuple[str, ...], books: str, math: str) -> None:
    held = {}
    for name in ROWS if "all" in rows else dict.fromkeys(rows):
        row, begin = ROWS[name], time.monotonic()
        if row.after not in held:
            held[row.after] = [articles_of(store, row.after) for store in (books, math)]
            for store, articles in zip((books, math), held[row.after]):
                if len(measured(articles)) < FOLDS:
                    raise click.UsageError(f"{store} has fewer than {FOLDS} articles of 20 chunks")
        for label, method in row.methods.items():
            for trial in trials(*held[row.after]):
                click.echo(f"{label:20} {line(method, trial)}")
        click.echo(f"{name}: {(time.monotonic() - begin) / 60:.1f} min", err=True)


if __name__ == "__main__":
    main(smoke.arguments("tried"))
