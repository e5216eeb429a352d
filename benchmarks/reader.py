"""P10's time per query and memory.

    python benchmarks/reader.py --data STORE     # a store with texts

Pools are the first chunks of the store, as of one long article; contexts are spread over it, 256 at
a time, and the pool holds their windows too. "prepared" is the first call, which reads and compares
the texts of the pool; "per query" is the median of later ones. Memory is the growth of the peak.
"""

from __future__ import annotations

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")

import statistics
import tempfile
import time
from pathlib import Path

import click
import numpy as np
import smoke
import torch
from lvmctl_reader.model import Reader
from lvmctl_reader.options import P10Options, ReaderOptions
from ranker import peak

from lvmctl import Chunks, Pool, Shape, open_split
from lvmctl.data.chunk_source import SplitSource
from lvmctl.testing.text_store import text_store


@click.command(help="Milliseconds per query of P10.")
@click.option("--data", help="Store with texts; made-up texts without it.")
@click.option("--batch", default=256, show_default=True)
@click.option("--rounds", default=5, show_default=True)
@click.option("--sizes", default="50,200,1000,10000", show_default=True)
def main(data: str | None, batch: int, rounds: int, sizes: str) -> None:
    with tempfile.TemporaryDirectory() as place:
        split = open_split(data or str(text_store(Path(place) / "s", articles=16).path))
        k = P10Options().context
        for size in map(int, sizes.split(",")):
            if size > len(split.vectors):
                continue
            reader = Reader(ReaderOptions(), Shape(split.dim, k)).eval()
            inputs = article(split, size, k, batch)
            before, begin = peak(), time.perf_counter()
            with torch.inference_mode():
                reader.score(*inputs)
                first, times = time.perf_counter() - begin, []
                for _ in range(rounds):
                    begin = time.process_time(), time.perf_counter()
                    reader.score(*inputs)
                    each = time.process_time() - begin[0], time.perf_counter() - begin[1]
                    times.append(each)
            processor, wall = (statistics.median(x) * 1e3 / batch for x in zip(*times))
            print(f"pool of {size:6,}: prepared in {first:.2f} s; per query ", end="")
            print(f"{processor:.2f} ms of a processor, {wall:.2f} ms; ", end="")
            print(f"{peak() - before:.0f} MiB more")


def article(split, size: int, k: int, batch: int) -> tuple[torch.Tensor, Pool]:
    """Contexts spread over the first chunks of a store, and these without each one's window."""
    vectors = torch.from_numpy(split.unit_rows(0, size))
    first = torch.from_numpy(np.linspace(0, size - k - 1, batch)).long()
    inside = first[:, None] + torch.arange(k)
    candidates = torch.ones(batch, size, dtype=torch.bool).scatter(1, inside, False)
    source = SplitSource(split)
    window, chunks = (Chunks(rows, source, ("text",)) for rows in (inside, torch.arange(size)))
    return vectors[inside], Pool(vectors, candidates, None, window, chunks)


if __name__ == "__main__":
    main(smoke.arguments("reader"))
