"""What was tried beside P9's features, each row against `direct` in the same pools.

    python benchmarks/tried.py base order --books STORE --math STORE
    python benchmarks/tried.py read --books STORE --manual STORE
    python benchmarks/tried.py read-drop --minus read --third --seeds 3 --books STORE --manual STORE

Four lines a row: three folds by article of each store, and each store for the other. With `--third`
a third of the books is trained on, another sixth and the other stores are tested. Articles of at
least 20 chunks are measured; K = 8; figures are R@5 and MRR@10, both minus those of `direct`, and
with `--minus` minus those of another row, with 95 % intervals that resample articles. Whatever is
fitted on text is cross-fitted by article. A row takes one to four minutes on one core, and both
stores' features 1 GB. Without `--books` texts are made up.
"""

from __future__ import annotations

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")

import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path

import click
import smoke
from trying.articles import Article, articles_of
from trying.lists import measured
from trying.rows import ROWS, Row
from trying.scoring import Ranker
from trying.trials import FOLDS, Ranks, Trial, line, ranked, thirds, trials

from lvmctl.testing.text_store import text_store


def listed() -> str:
    """The rows, a line each."""
    width = max(map(len, ROWS))
    return "\b\nROW is all, or:\n" + "\n".join(f"{k:{width}}  {v.summary}" for k, v in ROWS.items())


@click.command(help="Measure rows on two stores, or three.", epilog=listed())
@click.argument(
    "rows", nargs=-1, required=True, type=click.Choice(["all", *ROWS]), metavar="ROW..."
)
@click.option("--books", help="Store; made-up texts without it.")
@click.option("--math", help="Store, for rows that read vectors alone.")
@click.option("--manual", help="Store, for rows that read texts.")
@click.option("--docs", help="One more store, for rows that read texts.")
@click.option("--third", is_flag=True, help="Train on a third of the books alone.")
@click.option("--seeds", default=1, show_default=True, help="Scorers whose figures are averaged.")
@click.option("--minus", type=click.Choice(list(ROWS)), help="Row that the others are minus, too.")
def main(
    rows: tuple[str, ...],
    books: str | None,
    math: str | None,
    manual: str | None,
    docs: str | None,
    third: bool,
    seeds: int,
    minus: str | None,
) -> None:
    with tempfile.TemporaryDirectory() as place:
        if books is None:
            books, math = (made_up(Path(place, str(seed)), seed) for seed in (0, 1))
            manual = math
        stores = {"books": books, "math": math, "manual": manual, "docs": docs}
        less: dict[str, Ranks] = {}
        if minus is not None:
            for label, trial, made in figures(ROWS[minus], stores, third, seeds):
                click.echo(f"{label:20} {trial.name:15} {line(made)}")
                less[trial.tested] = made
        for name in ROWS if "all" in rows else dict.fromkeys(rows):
            begin = time.monotonic()
            for label, trial, made in figures(ROWS[name], stores, third, seeds):
                click.echo(f"{label:20} {trial.name:15} {line(made, less.get(trial.tested))}")
            click.echo(f"{name}: {(time.monotonic() - begin) / 60:.1f} min", err=True)


def made_up(place: Path, seed: int) -> str:
    """A store of made-up texts."""
    return str(text_store(place, chunks=24, seed=seed).path)


def figures(
    row: Row, stores: dict[str, str | None], third: bool, seeds: int
) -> Iterator[tuple[str, Trial, Ranks]]:
    """What each method of a row comes to, with its label."""
    articles = {}
    for name in ("books", "manual", "docs") if row.texts else ("books", "math"):
        if (store := stores[name]) is not None:
            articles[name] = opened(store, row.after, row.texts)
    if len(articles) == 1:
        raise click.UsageError(f"give --{'manual' if row.texts else 'math'}")
    for label, method in row.methods.items():
        method = replace(method, seeds=seeds) if isinstance(method, Ranker) else method
        for trial in thirds(articles, row.together) if third else trials(articles):
            yield label, trial, ranked(method, trial)


@cache
def opened(store: str, after: bool, texts: bool) -> tuple[Article, ...]:
    """The articles of a store that is long enough."""
    articles = articles_of(store, after, texts)
    if len(measured(articles)) < FOLDS:
        raise click.UsageError(f"{store} has fewer than {FOLDS} articles of 20 chunks")
    return articles


if __name__ == "__main__":
    main(smoke.arguments("tried"))
