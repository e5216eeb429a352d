"""Time per query of P9's score at batch 256, and memory for a long article.

    python benchmarks/ranker.py                     # pools of 50, 200 and 1,000; one of 10,000

A pool holds the contexts' windows too, as in the evaluation. Memory is the growth of the process's
peak; it is measured last.
"""

from __future__ import annotations

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")

import resource
import statistics
import time

import click
import torch
from lvmctl_ranker.model import Ranker
from lvmctl_ranker.options import P9Options, RankerOptions

from lvmctl.batch import Pool
from lvmctl.geometry import unit
from lvmctl.plugins import Shape


def article(chunks: int, dim: int, k: int, batch: int) -> tuple[torch.Tensor, Pool]:
    """Contexts spread over an article, and the article without each one's window."""
    vectors = unit(torch.randn(chunks, dim) + torch.randn(dim))
    first = torch.linspace(0, chunks - k - 1, batch).long()
    inside = first[:, None] + torch.arange(k)
    candidates = torch.ones(batch, chunks, dtype=torch.bool).scatter(1, inside, False)
    return vectors[inside], Pool(vectors, candidates)


def peak() -> float:
    """The process's largest memory so far, in MiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


@click.command()
@click.option("--dim", default=384, show_default=True)
@click.option("--context", default=P9Options().context, show_default=True)
@click.option("--batch", default=256, show_default=True)
@click.option("--rounds", default=5, show_default=True)
def main(dim: int, context: int, batch: int, rounds: int) -> None:
    torch.manual_seed(0)
    ranker = Ranker(RankerOptions(), Shape(dim, context)).eval()
    with torch.inference_mode():
        for chunks in (50, 200, 1_000):
            asked, times = article(chunks, dim, context, batch), []
            for _ in range(1 + rounds):
                begin = time.perf_counter()
                ranker.score(*asked)
                times.append((time.perf_counter() - begin) * 1e3 / batch)
            print(f"pool of {chunks:6,}: {statistics.median(times[1:]):.2f} ms per query")
        asked, before, begin = article(10_000, dim, context, batch), peak(), time.perf_counter()
        ranker.score(*asked)
        seconds = time.perf_counter() - begin
    print(
        f"pool of 10,000: {seconds * 1e3 / batch:.1f} ms per query, {peak() - before:.0f} MiB more"
    )


if __name__ == "__main__":
    main()
