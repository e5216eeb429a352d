"""Split parity: seconds and memory on data of the original's size, and how often it is right.

    python benchmarks/split_parity.py                        # 87,000 + 11,000 windows of 5 × 768
    python benchmarks/split_parity.py --separate             # stored as separate windows
    python benchmarks/split_parity.py --draws 1000           # verdicts on random and shifted splits
    python benchmarks/split_parity.py --draws 1000 --store /work/shared/data/math

The time is that of the whole diagnosis: one pass over the mapped vectors, intervals, permutations
and the energy distance. Beside it stands the loop most people would write, one cosine at a time, on
2,000 windows and scaled up; it computes cosines and coherence and nothing else.

``--draws`` splits a store's articles at random, 250 a side, and counts verdicts: on the two halves
as they are, and with every cosine of one half 0.04 higher.
"""

from __future__ import annotations

import argparse
import resource
import tempfile
import time
from collections import Counter
from itertools import pairwise
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import smoke

from lvmctl import Split, Splits, Windows, compare, open_split
from lvmctl.core.reporter import SILENT
from lvmctl.diagnostics.data.parity.parity_verdict import judge, limits
from lvmctl.diagnostics.data.parity.split_parity import SplitParity
from lvmctl.diagnostics.data.parity.window_traits import Traits, measure
from lvmctl.diagnostics.records import SplitParityOptions

CHUNKS = 45
"""Chunks of an article: 40 windows of K = 5."""
SAMPLE = 2000
WORLDS = (
    "synth:topic?articles=500&chunks=20&dim=16",
    "synth:ar1?articles=500&chunks=40&dim=16&a=0.5",
    "synth:rotation?articles=500&chunks=20&dim=16",
)


def write(path: Path, articles: int, chunks: int, dim: int) -> None:
    """Noisy walks, article by article."""
    file = np.lib.format.open_memmap(path, "w+", np.float32, (articles * chunks, dim))
    rng = np.random.default_rng(articles)
    for low in range(0, articles, 200):
        count = min(200, articles - low)
        rows = np.cumsum(rng.standard_normal((count, chunks, dim), np.float32), axis=1)
        rows /= np.linalg.norm(rows, axis=2, keepdims=True)
        file[low * chunks : (low + count) * chunks] = rows.reshape(-1, dim)
    file.flush()


def written(directory: Path, name: str, windows: int, dim: int, separate: bool) -> Split:
    """A split of at least so many windows, mapped from disk.

    A process of its own writes it, so that its memory is not counted.
    """
    chunks, step = (6, 1) if separate else (CHUNKS, CHUNKS - 5)
    articles, path = -(-windows // step), directory / f"{name}.npy"
    writer = get_context("spawn").Process(target=write, args=(path, articles, chunks, dim))
    writer.start()
    writer.join()
    lengths = np.full(articles, chunks, np.int64)
    shape = {"target_row": 5, "horizon": 1, "separate": True} if separate else {}
    return Split(
        vectors=np.load(path, mmap_mode="r"),
        starts=np.cumsum(lengths) - lengths,
        lengths=lengths,
        articles=[{"id": number} for number in range(articles)],
        name=name,
        source={"path": str(path), "content_hash": name},
        **shape,
    )


def plain(windows: Windows, count: int) -> float:
    """Seconds of a loop over ``count`` windows, one cosine at a time."""
    context, target = windows.context(np.arange(count)), windows.target(np.arange(count))
    start = time.perf_counter()
    first, last, delta, coherence = [], [], [], []
    for chunks, y in zip(context, target):
        cosines = [cosine(chunk, y) for chunk in chunks]
        first.append(cosines[0])
        last.append(cosines[-1])
        delta.append(cosines[-1] - cosines[0])
        coherence.append(np.mean([cosine(a, b) for a, b in pairwise(chunks)]))
    return time.perf_counter() - start


def cosine(a: np.ndarray, b: np.ndarray) -> float:
    return float(np.dot(a, b) / (np.linalg.norm(a) * np.linalg.norm(b)))


def speed(windows: int, dim: int, separate: bool) -> None:
    with tempfile.TemporaryDirectory() as directory:
        train = written(Path(directory), "train", windows, dim, separate)
        val = written(Path(directory), "validation", windows // 8, dim, separate)
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        start, used = time.perf_counter(), time.process_time()
        diagnosis = SplitParity(SplitParityOptions())(Splits(train, val, None, []), SILENT)
        taken, used = time.perf_counter() - start, time.process_time() - used
        most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        held = Windows(train, 5, 1)
        some = min(SAMPLE, len(held))
        scaled = plain(held, some) * (len(held) + windows // 8) / some
    size = train.vectors.nbytes / 2**20
    print(f"{len(held):,} + {windows // 8:,} windows of 5 × {dim}, {size:,.0f} MiB on disk")
    print(f"diagnosis         {taken:8.2f} s   {used:.2f} s of processors, {diagnosis.verdict}")
    print(f"plain loop, scaled{scaled:8.2f} s   {scaled / taken:.1f} ×")
    print(f"peak memory       {most / 1024:8.0f} MiB, before {before / 1024:.0f} MiB")


def verdicts(store: str, draws: int, side: int, shift: float) -> Counter:
    """How often each verdict falls on random halves of ``side`` articles, one of them shifted."""
    options = SplitParityOptions(permutations=1000)
    traits = measure(Windows(open_split(store), options.context, options.horizon))
    tested = limits(traits, options)
    rng = np.random.default_rng(int(1000 * shift))
    fallen: Counter = Counter()
    for draw in range(draws):
        order = rng.permutation(traits.articles)
        train, val = part(traits, order[:side], 0), part(traits, order[side : 2 * side], shift)
        sums = (np.stack([part.sums[name] for name in tested], axis=1) for part in (train, val))
        counts = (train.windows, val.windows)
        comparison = compare(tuple(sums), counts, options.level, options.permutations, draw)
        fallen[judge(comparison, tested, train, val).word] += 1
    return fallen


def part(traits: Traits, index: np.ndarray, shift: float) -> Traits:
    """Some articles, with ``shift`` added to each of their cosines."""
    cosines = ("lag_", "coherence")
    sums = {
        name: values[index] + shift * traits.windows[index] * name.startswith(cosines)
        for name, values in traits.sums.items()
    }
    return Traits(traits.windows[index], sums, {}, traits.separate)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--windows", type=int, default=87_000)
    parser.add_argument("--dim", type=int, default=768)
    parser.add_argument("--separate", action="store_true")
    parser.add_argument("--draws", type=int, default=0)
    parser.add_argument("--side", type=int, default=250)
    parser.add_argument("--shift", type=float, default=0.04)
    parser.add_argument("--store", nargs="+", default=WORLDS)
    arguments = parser.parse_args(smoke.arguments("split_parity"))
    if not arguments.draws:
        speed(arguments.windows, arguments.dim, arguments.separate)
        return
    print(f"{arguments.draws} draws of {arguments.side} articles a side, % of verdicts")
    for store in arguments.store:
        for shift in (0.0, arguments.shift):
            counts = verdicts(store, arguments.draws, arguments.side, shift)
            shares = (f"{word} {100 * n / arguments.draws:.1f}" for word, n in counts.most_common())
            print(f"{store:48} shift {shift:.2f}  {', '.join(shares)}")


if __name__ == "__main__":
    main()
