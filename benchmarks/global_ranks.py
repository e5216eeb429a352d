"""Global ranks over a large store: seconds beside a flat faiss index, memory, and exactness.

    python benchmarks/global_ranks.py                                     # 8,000 x 120,000 x 768
    python benchmarks/global_ranks.py --chunks 584000 --queries 10000 --dtype float16

Both take turns in one process with the same number of threads; the ratio is what to quote. The
predictions are those of `direct`, half of them with noise that moves the target far down. faiss
finds the 1,000 nearest chunks (IndexFlatIP), which is not yet the rank of a target below them.
Memory is what a process of its own adds to its anonymous pages while it ranks (Linux only); the
mapped store is not counted. How both grow is measured on a quarter and on half of the chunks.
"""

# ruff: noqa: E402 - torch reads its settings when it is imported
from __future__ import annotations

from lvmctl.cli.process import prepare_torch

prepare_torch()

import multiprocessing
import statistics
import tempfile
import threading
import time
from contextlib import contextmanager
from pathlib import Path

import click
import figures
import numpy as np
import peers
import smoke
import torch

from lvmctl import Windows, open_split
from lvmctl.data.store.arrays import unit, unit64
from lvmctl.evaluation.retrieval.global_ranks import global_ranks
from lvmctl.evaluation.retrieval.ties import sign
from lvmctl.training.backend import choose_backend, processor

ARTICLE = 73
"""Chunks of an article."""


def make_store(path: Path, chunks: int, dim: int, dtype: str) -> None:
    """Articles with a topic and a memory, written in blocks."""
    rng = np.random.default_rng(0)
    offsets = np.append(np.arange(0, chunks, ARTICLE), chunks)
    np.save(path / "offsets.npy", offsets)
    shape = (chunks, dim)
    vectors = np.lib.format.open_memmap(path / "vectors.npy", "w+", dtype, shape)
    for low in range(0, chunks, 100 * ARTICLE):
        noise = rng.standard_normal((100, ARTICLE, dim), dtype=np.float32)
        for position in range(1, ARTICLE):
            noise[:, position] = 0.7 * noise[:, position - 1] + 0.7 * noise[:, position]
        noise += 0.7 * rng.standard_normal((100, 1, dim), dtype=np.float32)
        rows = unit(noise.reshape(-1, dim))[: chunks - low]
        vectors[low : low + len(rows)] = rows
    vectors.flush()


def predictions(windows: Windows, queries: int) -> tuple[np.ndarray, np.ndarray]:
    """Which windows, and predictions (W, D) for them."""
    rng = np.random.default_rng(1)
    queries = min(queries, len(windows))
    index = np.sort(rng.choice(len(windows), queries, replace=False))
    q = windows.context(index)[:, -1]
    q[::2] += rng.standard_normal(q[::2].shape, dtype=np.float32) / 4
    return index, unit(q)


def differing(windows: Windows, index: np.ndarray, q: np.ndarray, ranks: np.ndarray) -> int:
    """How many ranks are not those of plain float64 arithmetic."""
    split = windows.split
    target = windows.rows[index] + windows.target_offset
    target_score = (unit64(split.vectors[target]) * q.astype(np.float64)).sum(axis=1)
    wanted = np.ones(len(index))
    for low in range(0, split.chunks, 4096):
        rows = np.arange(low, min(low + 4096, split.chunks))
        gap = q.astype(np.float64) @ unit64(split.vectors[rows]).T - target_score[:, None]
        counted = rows < windows.rows[index, None]
        counted |= rows >= windows.rows[index, None] + windows.context_length
        counted &= rows != target[:, None]
        wanted += (counted * (sign(gap) + 1) / 2).sum(axis=1)
    return int((ranks != wanted).sum())


def anonymous_bytes() -> int:
    """Memory of this process that is not a file's."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(status.partition("RssAnon:")[2].split()[0]) * 1024


def added_memory(path: Path, queries: int, threads: int, answer) -> None:
    """Send the peak of this process's anonymous memory while it ranks, above what it was."""
    torch.set_num_threads(threads)
    windows = Windows(open_split(str(path)), 5, 1)
    index, q = predictions(windows, queries)
    torch.randn(64, 64) @ torch.randn(64, 64)  # what the library takes once
    before = peak = anonymous_bytes()
    done = threading.Event()

    def watch() -> None:
        nonlocal peak
        while not done.wait(0.002):
            peak = max(peak, anonymous_bytes())

    watcher = threading.Thread(target=watch)
    watcher.start()
    global_ranks(windows, index, q)
    done.set()
    watcher.join()
    answer.put(peak - before)


def memory(path: Path, queries: int) -> int:
    """:func:`added_memory` of a fresh process."""
    fresh = multiprocessing.get_context("spawn")
    answer = fresh.Queue()
    arguments = (path, queries, torch.get_num_threads(), answer)
    process = fresh.Process(target=added_memory, args=arguments)
    process.start()
    process.join()
    return answer.get()


class Clock:
    """Seconds of each turn, by the clock on the wall and of all processors together."""

    def __init__(self) -> None:
        self.wall: list[float] = []
        self.cpu: list[float] = []

    def time(self, function):
        wall, cpu = time.perf_counter(), time.process_time()
        result = function()
        self.wall.append(time.perf_counter() - wall)
        self.cpu.append(time.process_time() - cpu)
        return result

    def __str__(self) -> str:
        turns = "  ".join(f"{seconds:.1f}" for seconds in self.wall)
        wall, cpu = statistics.median(self.wall), statistics.median(self.cpu)
        return f"{wall:9.1f}{cpu:9.1f}   {turns}"


@click.command()
@click.option("--chunks", default=120_000, show_default=True)
@click.option("--queries", default=8_000, show_default=True)
@click.option("--dim", default=768, show_default=True)
@click.option("--dtype", type=click.Choice(["float32", "float16"]), default="float32")
@click.option("--neighbours", default=1000, show_default=True, help="k of the faiss search.")
@click.option("--threads", type=int, help="CPU threads  [default: all].")
@click.option("--turns", default=2, show_default=True, help="Turns each takes.")
@click.option("--check", default=200, show_default=True, help="Ranks compared with float64.")
@click.option("--growth/--no-growth", default=True, help="A quarter and half of them, too.")
def main(chunks, queries, dim, dtype, neighbours, threads, turns, check, growth) -> None:
    if threads:
        torch.set_num_threads(threads)
    threads = torch.get_num_threads()
    print(f"{processor()}, {threads} threads, torch {torch.__version__}")
    switch = choose_backend("cpu", "fp32").fp32_switch
    print(f"fp32 back-end {switch}; {queries:,} queries, {dim}-D {dtype}")
    sizes = (chunks // 4, chunks // 2) if growth else ()
    smaller = [one(size, queries, dim, dtype, check) for size in sizes]
    with store_of(chunks, dim, dtype) as (path, windows):
        index, q = predictions(windows, queries)
        added = memory(path, queries)
        ours, theirs = Clock(), Clock()
        search = flat_index(windows, q, neighbours, threads)
        for _ in range(turns):
            ranks, _ = ours.time(lambda: global_ranks(windows, index, q))
            if search:
                theirs.time(search)
        wrong = differing_of_some(windows, index, q, ranks, check)
    quartiles = np.percentile(ranks, [25, 50, 75]).astype(int)
    what = f"exact ranks of {len(q):,} among {chunks:,}"
    print(f"  {what:34}{'seconds':>9}{'CPU s':>9}   turns")
    print(f"  {'lvmctl':34}{ours}")
    turns_of = {"lvmctl": ours.wall}
    if search:
        name = f"faiss IndexFlatIP, k = {neighbours:,}"
        print(f"  {name:34}{theirs}")
        turns_of[name] = theirs.wall
    aim = f"≥ {3 if torch.cpu.get_capabilities().get('amx_bf16') else 1.6} ×"
    rows = figures.compared(what, "s", turns_of, dict.fromkeys(turns_of, aim), memory=added)
    if rows[0].ratio:
        print(f"  faiss / lvmctl: {rows[0].ratio:.2f}")
    figures.keep(*rows)
    figures.keep(figures.Figure("memory above the store", added / 2**20, "MiB", "≤ 256 MiB"))
    wrong += sum(each[2] for each in smaller)
    print(f"  memory added: {added / 2**20:.0f} MiB")
    checked = check * (1 + len(sizes))
    print(f"  of {checked} ranks {wrong} differ from float64; quartiles {quartiles}")
    what = f"of {checked} ranks, differ from float64"
    figures.keep(figures.Figure(what, wrong, "ranks", "≤ 0 ranks"))
    if growth:
        last = statistics.median(ours.wall), added
        costs, memories = zip(*(each[:2] for each in smaller), last)
        what = f"exact ranks of {len(q):,}"
        grown = figures.Growth(what, "chunk", (*sizes, chunks), costs, "s", memories)
        print(f"  seconds grow as chunks to the power of {grown.exponent:.2f}")
        figures.keep(grown)


@contextmanager
def store_of(chunks: int, dim: int, dtype: str):
    """A store's path, and its windows."""
    with tempfile.TemporaryDirectory() as folder:
        make_store(Path(folder), chunks, dim, dtype)
        yield Path(folder), Windows(open_split(folder), 5, 1)


def one(chunks: int, queries: int, dim: int, dtype: str, check: int) -> tuple[float, float, int]:
    """Seconds, bytes and wrong ranks of a smaller store."""
    clock = Clock()
    with store_of(chunks, dim, dtype) as (path, windows):
        index, q = predictions(windows, queries)
        ranks, _ = clock.time(lambda: global_ranks(windows, index, q))
        wrong = differing_of_some(windows, index, q, ranks, check)
        return clock.wall[0], memory(path, queries), wrong


def differing_of_some(windows: Windows, index, q, ranks, check: int) -> int:
    """:func:`differing` of so many of them."""
    some = np.linspace(0, len(index) - 1, min(check, len(index))).astype(int)
    return differing(windows, index[some], q[some], ranks[some])


def flat_index(windows: Windows, q: np.ndarray, neighbours: int, threads: int):
    """A search for the nearest chunks of all predictions, or None without faiss."""
    if not peers.installed("faiss"):
        return None
    search = peers.faiss_flat(windows.split.unit_rows(0, windows.split.chunks), threads)
    return lambda: search(q, neighbours)


if __name__ == "__main__":
    main(smoke.arguments("global_ranks"))
