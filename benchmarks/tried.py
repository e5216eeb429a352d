"""What was tried beside P9's features, each row against `direct` in the same pools.

    python benchmarks/tried.py base order --books STORE --math STORE
    python benchmarks/tried.py read --books STORE --manual STORE

Four lines a row: three folds by article of each store, and each store for the other. Articles of at
least 20 chunks are measured; K = 8; figures are R@5 and MRR@10, and both minus those of `direct`
with 95 % intervals that resample articles. Whatever is fitted on text is cross-fitted by article.
One seed; a row takes one to four minutes on one core, and both stores' features 1 GB.
"""

from __future__ import annotations

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")

import time
from functools import cache

import click
import smoke
from trying.articles import Article, articles_of
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
@click.option("--math", help="Store, for rows that read vectors alone.")
@click.option("--manual", help="Store, for rows that read texts.")
def main(rows: tuple[str, ...], books: str, math: str | None, manual: str | None) -> None:
    @cache
    def stores(after: bool, texts: bool) -> dict[str, tuple[Article, ...]]:
        named = {"books": books} | ({"manual": manual} if texts else {"math": math})
        articles = {}
        for name, store in named.items():
            if store is None:
                raise click.UsageError(f"give --{name}")
            articles[name] = articles_of(store, after, texts)
            if len(measured(articles[name])) < FOLDS:
                raise click.UsageError(f"{store} has fewer than {FOLDS} articles of 20 chunks")
        return articles

    for name in ROWS if "all" in rows else dict.fromkeys(rows):
        row, begin = ROWS[name], time.monotonic()
        for label, method in row.methods.items():
            for trial in trials(stores(row.after, row.texts)):
                click.echo(f"{label:20} {line(method, trial)}")
        click.echo(f"{name}: {(time.monotonic() - begin) / 60:.1f} min", err=True)


if __name__ == "__main__":
    main(smoke.arguments("tried"))
