"""P9's time per query and memory, and by how much its runs lead.

    python benchmarks/ranker.py speed            # pools of 50, 200 and 1,000; one of 10,000
    python benchmarks/ranker.py lead RUN --data STORE@val

``speed``: a pool holds the contexts' windows too, as in the evaluation; batch 256. Memory is the
growth of the process's peak, measured last.

``lead``: the run's score, and its q alone, minus ``direct``, pool ``filtered``, as `lvmctl eval
compare` says it, without the global pool, which takes hours on a whole store. The run must not have
been trained on the store.
"""

from __future__ import annotations

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")

import dataclasses
import resource
import statistics
import time
from pathlib import Path

import click
import torch
from lvmctl_ranker.model import Ranker
from lvmctl_ranker.options import P9Options, RankerOptions

from lvmctl.baselines.direct import Direct
from lvmctl.batch import Pool
from lvmctl.data import Windows, open_split
from lvmctl.evaluation.measure import Protocol
from lvmctl.evaluation.predictors import Predictor
from lvmctl.evaluation.sheet import Sheet
from lvmctl.evaluation.trained import load_run
from lvmctl.geometry import unit
from lvmctl.plugins import NoOptions, Shape
from lvmctl.registry import load_registry


@click.group()
def main() -> None:
    torch.manual_seed(0)


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


@main.command()
@click.option("--dim", default=384, show_default=True)
@click.option("--context", default=P9Options().context, show_default=True)
@click.option("--batch", default=256, show_default=True)
@click.option("--rounds", default=5, show_default=True)
def speed(dim: int, context: int, batch: int, rounds: int) -> None:
    """Milliseconds per query."""
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
        each = (time.perf_counter() - begin) * 1e3 / batch
    print(f"pool of 10,000: {each:.1f} ms per query, {peak() - before:.0f} MiB more")


@main.command()
@click.argument("runs", nargs=-1, required=True, type=Path)
@click.option("--data", required=True)
def lead(runs: tuple[Path, ...], data: str) -> None:
    """R@5 and MRR@10 of a run, of its q, and of both minus direct."""
    registry = load_registry()
    for path in runs:
        run = load_run(registry, path)
        shape = run.plan.shape(run.dim)
        windows = Windows(open_split(data), shape.context_length, shape.horizon)
        ranker = run.predictor("score")
        q = dataclasses.replace(ranker, name="q", score=None)
        direct = Predictor("direct", Direct(NoOptions(), shape))
        sheet = Sheet(windows, Protocol(pools=("filtered",), everywhere=False))
        for predictor in (ranker, q, direct):
            sheet.add(predictor)
        print(f"{path}: {len(windows):,} windows of {data}, K = {shape.context_length}")
        for name in ("score", "q"):
            for figure in ("r@5", "mrr@10"):
                where = f"in_article.filtered.{figure}"
                own, gap = sheet.figure(name, where), sheet.difference(name, "direct", where)
                ends = f"[{gap.low:+.3f}, {gap.high:+.3f}]"
                print(f"  {name:5} {figure:6} {own.value:.3f}  {gap.value:+.3f} {ends}")


if __name__ == "__main__":
    main()
