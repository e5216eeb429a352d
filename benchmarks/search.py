"""The nearest chunks of predictions: exact beside faiss and usearch, and by approximate indexes.

    python benchmarks/search.py                  # 512 predictions, 60,000 chunks of 768-D

Exact: the ten nearest chunks, which lvmctl puts in order in float64; all must find the same before
they are timed. Approximate: the indexes of `lvmctl serve --index` on a third of the chunks, one
prediction at a time as a request asks it, beside the exact search on as many; recall is the share
of the ten nearest that they find.
"""

# ruff: noqa: E402 - torch reads its settings when it is imported
from __future__ import annotations

from lvmctl.cli.process import prepare_torch

prepare_torch()

import tempfile
import time
from functools import partial
from pathlib import Path

import click
import figures
import numpy as np
import peers
import smoke
import torch
from global_ranks import make_store, predictions
from lvmctl_serve.index import LIBRARIES

from lvmctl import Windows, open_split
from lvmctl.evaluation.retrieval.nearest_chunks import nearest_chunks

TOP = 10


def nearest_seconds(chunks: int, dim: int, queries: int) -> float:
    """Seconds of the exact search among so many chunks."""
    with tempfile.TemporaryDirectory() as folder:
        make_store(Path(folder), chunks, dim, "float32")
        windows = Windows(open_split(folder), 5, 1)
        _, q = predictions(windows, queries)
        way = {"": lambda: nearest_chunks(windows.split, q, TOP)}
        return min(peers.in_turns(way, 2)[""])


def exact(path: Path, queries: int, turns: int) -> None:
    """Time exact searches for the nearest chunks of all predictions."""
    windows = Windows(open_split(str(path)), 5, 1)
    _, q = predictions(windows, queries)
    split = windows.split
    rows = split.unit_rows(0, split.chunks)
    ways = {"lvmctl": lambda: nearest_chunks(split, q, TOP)[0]}
    for name, search in peers.searches(rows):
        ways[name] = partial(search, q, TOP)
    chunks = {name: np.sort(way(), axis=1) for name, way in ways.items()}
    for name, numbers in chunks.items():
        if (same := (numbers == chunks["lvmctl"]).mean()) < 0.9999:  # float32 may swap the last two
            raise SystemExit(f"{name} finds {same:.4%} of lvmctl's chunks")
    what = f"{TOP} nearest of {split.chunks:,}, for {len(q):,}"
    rows_of = figures.compared(what, "s", peers.in_turns(ways, turns), {})
    show(rows_of)


def approximate(path: Path, queries: int, turns: int) -> None:
    """Time an index's searches, one prediction after another, and say what they find."""
    windows = Windows(open_split(str(path)), 5, 1)
    _, q = predictions(windows, queries)
    split = windows.split
    rows, wanted = split.unit_rows(0, split.chunks), nearest_chunks(split, q, TOP)[0]
    for name, library_of in LIBRARIES.items():
        if not peers.installed(name):
            continue
        library, begin = library_of(split.dim), time.perf_counter()
        library.add(np.arange(len(rows)), rows)
        built = time.perf_counter() - begin
        numbers = library.search(q, TOP)
        recall = (numbers[:, :, None] == wanted[:, None]).any(axis=2).mean()
        ways = {
            "index": lambda search=library.search: [
                search(q[i : i + 1], TOP) for i in range(len(q))
            ],
            "the exact search": lambda: [
                nearest_chunks(split, q[i : i + 1], TOP) for i in range(0, len(q), 16)
            ],
        }
        seconds = peers.in_turns(ways, turns)
        seconds["the exact search"] = [16 * each for each in seconds["the exact search"]]
        what = f"{name}'s index of {split.chunks:,}, a request at a time"
        show(figures.compared(what, "requests/s", seconds, {}, len(q)))
        show([figures.Figure(f"{name}'s index: recall of the {TOP} nearest", 100 * recall, "%")])
        show([figures.Figure(f"{name}'s index: building it", len(rows) / built, "chunks/s")])


def show(rows: list[figures.Figure]) -> None:
    """Print and keep figures."""
    for row in rows:
        beside = "" if row.ratio is None else f"; {row.peer}: {figures.short(row.peer_value)}"
        print(f"{row.name}: {figures.short(row.value)} {row.unit}{beside}", flush=True)
    figures.keep(*rows)


@click.command()
@click.option("--chunks", default=60_000, show_default=True)
@click.option("--queries", default=512, show_default=True)
@click.option("--dim", default=768, show_default=True)
@click.option("--threads", type=int, help="CPU threads  [default: all].")
@click.option("--turns", default=2, show_default=True, help="Turns each takes.")
def main(chunks: int, queries: int, dim: int, threads: int | None, turns: int) -> None:
    """Print times, rates and recall."""
    if threads:
        torch.set_num_threads(threads)
    sizes = chunks // 4, chunks // 2, chunks
    seconds = [nearest_seconds(size, dim, queries) for size in sizes]
    what = f"{TOP} nearest, for {queries:,}"
    figures.keep(figures.Growth(what, "chunk", sizes, seconds, "s"))
    for search, count in ((exact, chunks), (approximate, chunks // 3)):
        with tempfile.TemporaryDirectory() as folder:
            make_store(Path(folder), count, dim, "float32")
            search(Path(folder), queries, turns)


if __name__ == "__main__":
    main(smoke.arguments("search"))
