"""R@10 by lvmctl and by what others use for it: the same figure, and the seconds it takes.

    python benchmarks/ranks.py                   # 1,000 windows, 40,000 chunks of 768-D

All get the same predictions and chunks, and must find the same R@10 before they are timed. In the
pool of all chunks but the window's: PyKEEN's rank evaluation, sentence-transformers'
InformationRetrievalEvaluator, faiss and usearch (exact, as many neighbours as R@10 needs). Inside
the article, without the window: PyKEEN and ranx. lvmctl's ranks are exact in float64, those of the
others are of float32.
"""

# ruff: noqa: E402 - torch reads its settings when it is imported
from __future__ import annotations

from lvmctl.cli.process import prepare_torch

prepare_torch()

import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path

import click
import figures
import numpy as np
import peers
import smoke
import torch
from global_ranks import make_store, predictions

from lvmctl import Windows, open_split
from lvmctl.evaluation.retrieval.global_ranks import global_ranks
from lvmctl.evaluation.retrieval.ranks import in_article_ranks

K = 10
Ways = dict[str, Callable[[], float]]
"""By name: R@k."""


class Task:
    """Predictions of some windows, with all that a peer needs in memory.

    Attributes:
        q, rows: unit predictions (W, D) and chunks (N, D), float32.
        inside, target: rows (W, C) of each window, and (W,) of its target.
    """

    def __init__(self, path: Path, queries: int) -> None:
        self.windows = Windows(open_split(str(path)), 5, 1)
        self.index, self.q = predictions(self.windows, queries)
        self.rows = self.windows.split.unit_rows(0, self.windows.split.chunks)
        self.inside = self.windows.inside(self.index)
        self.target = self.windows.rows[self.index] + self.windows.target_offset

    def everywhere(self) -> Ways:
        """Ways to the R@k among all chunks but the window's; lvmctl's first."""
        ways: Ways = {"lvmctl": lambda: recall(global_ranks(self.windows, self.index, self.q)[0])}
        if peers.installed("pykeen"):
            ways["PyKEEN"] = self.pykeen_everywhere
        if peers.installed("sentence_transformers"):
            ways["sentence-transformers"] = lambda: peers.by_sentence_transformers(
                self.q, self.rows, self.inside, self.target, K
            )
        for name, search in peers.searches(self.rows):
            ways[name] = partial(self.by_search, search)
        return ways

    def in_articles(self) -> Ways:
        """The same inside the article."""
        ways: Ways = {"lvmctl": self.own_in_articles}
        if peers.installed("pykeen"):
            ways["PyKEEN"] = self.pykeen_in_articles
        if peers.installed("ranx"):
            ways["ranx"] = self.ranx_in_articles
        return ways

    def own_in_articles(self) -> float:
        ranks = in_article_ranks(self.windows, self.index, self.q, ("filtered",))
        return recall(ranks["filtered"][0])

    def growth(self) -> figures.Growth:
        """Seconds of ranks inside articles, of every fourth window, every second and all."""
        sizes, seconds = [], []
        for step in (4, 2, 1):
            index, q = self.index[::step], self.q[::step]
            ranks = partial(in_article_ranks, self.windows, index, q, ("filtered",))
            sizes.append(len(index))
            seconds.append(min(peers.in_turns({"": ranks}, 2)[""]))
        return figures.Growth(f"R@{K} in articles", "window", sizes, seconds, "s")

    def by_search(self, search: peers.Search) -> float:
        """Enough neighbours that without the window's own there are k."""
        numbers = search(self.q, K + self.inside.shape[1])
        return peers.found_in_time(numbers, self.inside, self.target, K)

    def pykeen_everywhere(self) -> float:
        ranks = peers.PykeenRanks(K)
        rows = torch.from_numpy(self.rows)
        for low in range(0, len(self.q), 256):
            part = slice(low, low + 256)
            scores = torch.from_numpy(self.q[part]) @ rows.T
            ranks.add(scores, self.inside[part], self.target[part])
        return ranks.recall()

    def articles(self):
        """By article: scores (w, L) by one product, and places in it inside (w, C), target (w,)."""
        split, article = self.windows.split, self.windows.article[self.index]
        for number in np.unique(article):
            part = article == number
            start, length = split.starts[number], split.lengths[number]
            chunks = self.rows[start : start + length]
            scores = torch.from_numpy(self.q[part]) @ torch.from_numpy(chunks).T
            yield part, scores, self.inside[part] - start, self.target[part] - start

    def pykeen_in_articles(self) -> float:
        ranks = peers.PykeenRanks(K)
        for _, scores, inside, target in self.articles():
            ranks.add(scores, inside, target)
        return ranks.recall()

    def ranx_in_articles(self) -> float:
        run, relevant = {}, {}
        for part, scores, inside, target in self.articles():
            for query, row, window, right in zip(
                np.flatnonzero(part), scores.tolist(), inside.tolist(), target.tolist()
            ):
                left_out = set(window)
                run[str(query)] = {
                    str(chunk): score for chunk, score in enumerate(row) if chunk not in left_out
                }
                relevant[str(query)] = {str(right): 1}
        return peers.by_ranx(relevant, run, K)


def recall(ranks: np.ndarray) -> float:
    """R@k of ranks (W,)."""
    return float((ranks <= K).mean())


def compare(what: str, ways: Ways, turns: int) -> None:
    """Time ways to one figure in turns, once all agree on it, and print and keep the seconds."""
    recalls = {name: way() for name, way in ways.items()}  # which also warms them up
    if max(recalls.values()) - min(recalls.values()) > 1e-9:
        raise SystemExit(f"{what}: they do not agree: {recalls}")
    seconds = peers.in_turns(ways, turns)
    rows = figures.compared(what, "s", seconds, {})
    print(f"{what}: R@{K} {recalls['lvmctl']:.4f} by all; lvmctl {figures.short(rows[0].value)} s")
    for row in rows:
        if row.ratio is not None:
            print(f"  {row.peer:24}{figures.short(row.peer_value):>8} s{row.ratio:8.1f} ×")
    figures.keep(*rows)


@click.command()
@click.option("--chunks", default=40_000, show_default=True)
@click.option("--queries", default=1_000, show_default=True)
@click.option("--dim", default=768, show_default=True)
@click.option("--threads", type=int, help="CPU threads  [default: all].")
@click.option("--turns", default=2, show_default=True, help="Turns each takes.")
def main(chunks: int, queries: int, dim: int, threads: int | None, turns: int) -> None:
    """Print seconds and ratios."""
    if threads:
        torch.set_num_threads(threads)
    with tempfile.TemporaryDirectory() as folder:
        make_store(Path(folder), chunks, dim, "float32")
        task = Task(Path(folder), queries)
        print(f"{len(task.q):,} windows, {chunks:,} chunks of {dim}, ", end="")
        print(f"{torch.get_num_threads()} threads")
        compare(f"R@{K} of {len(task.q):,} among {chunks:,}", task.everywhere(), turns)
        compare(f"R@{K} of {len(task.q):,} in articles", task.in_articles(), turns)
        figures.keep(task.growth())


if __name__ == "__main__":
    main(smoke.arguments("ranks"))
