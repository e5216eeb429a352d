"""P9's time per query and memory, and by how much its runs and those of P10 lead.

    python benchmarks/ranker.py speed            # pools of 50, 200 and 1,000; one of 10,000
    python benchmarks/ranker.py lead RUN --data STORE@val
    python benchmarks/ranker.py folds --data STORE --seed 0 --recipe p10

``speed``: processor and wall time at batch 256, of one thread or of OMP_NUM_THREADS; a pool holds
the contexts' windows too, as in the evaluation. Memory is the growth of the process's peak,
measured last.

``lead``: the run's score, and its q alone, minus ``direct``, pool ``filtered``, as `lvmctl eval
compare` says it, without the global pool, which takes hours on a whole store. The run must not have
been trained on the store.

``folds``: the same of all articles of a store, each scored by a training on the other folds'
articles. Weights are those of the last step; nothing is chosen by the articles that are scored.
"""

from __future__ import annotations

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")

import dataclasses
import resource
import statistics
import tempfile
import time
from collections import defaultdict
from pathlib import Path

import click
import figures
import numpy as np
import smoke
import torch
from lvmctl_ranker.model import Ranker
from lvmctl_ranker.options import P9Options, RankerOptions

from lvmctl import NoOptions, Pool, Resampling, Shape, Split, Windows, open_split
from lvmctl.baselines.weightings import Direct
from lvmctl.core.chunks import labelled
from lvmctl.core.reporter import SILENT
from lvmctl.core.run_directory import RunDirectory
from lvmctl.data.transforms import read_backward
from lvmctl.evaluation.gates.bounds import Estimate
from lvmctl.evaluation.measure import Protocol
from lvmctl.evaluation.metric_table import MetricTable
from lvmctl.evaluation.predictors import Predictor, own_score
from lvmctl.evaluation.trained import load_run
from lvmctl.plan import Plan, make_plan
from lvmctl.registry import Registry, load_registry
from lvmctl.sphere import unit
from lvmctl.training.backend import choose_backend
from lvmctl.training.loop import Training

POOLS = (50, 200, 1_000)
"""Candidates."""

FIGURES = ("in_article.filtered.r@5", "in_article.filtered.mrr@10")


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
@click.option("--threads", default=1, show_default=True, envvar="OMP_NUM_THREADS")
def speed(dim: int, context: int, batch: int, rounds: int, threads: int) -> None:
    """Milliseconds per query, of text like the training text and of other text."""
    torch.set_num_threads(threads)
    ranker = Ranker(RankerOptions(), Shape(dim, context)).eval()
    for limit in (torch.inf, -torch.inf):
        ranker.in_domain.limit.fill_(limit)
        print("text like the training text" if limit > 0 else "other text")
        kind, walls = "like text" if limit > 0 else "other text", []
        for chunks in POOLS:
            processor, wall = milliseconds(ranker, chunks, batch, rounds)
            walls.append(wall)
            aim = "≤ 2.5 ms" if chunks == POOLS[-1] else ""
            figures.keep(figures.Figure(f"P9, {kind}, pool of {chunks:,}", wall, "ms", aim))
            print(f"  pool of {chunks:6,}: {processor:.2f} ms of a processor, {wall:.2f} ms")
        what = f"a query of P9, {kind}"
        figures.keep(figures.Growth(what, "candidate", POOLS, walls, "ms"))
    before, (processor, _) = peak(), milliseconds(ranker, 10_000, batch, 0)
    print(f"  pool of 10,000: {processor:.1f} ms of a processor, {peak() - before:.0f} MiB more")


@torch.inference_mode()
def milliseconds(ranker: Ranker, chunks: int, batch: int, rounds: int) -> tuple[float, float]:
    """Median processor and wall time per query, after a first round."""
    dim, k = len(ranker.in_domain.mean), len(ranker.logits)
    inputs, times = article(chunks, dim, k, batch), []
    for _ in range(1 + rounds):
        begin = time.process_time(), time.perf_counter()
        ranker.score(*inputs)
        times.append((time.process_time() - begin[0], time.perf_counter() - begin[1]))
    processor, wall = (statistics.median(each[-rounds:]) * 1e3 / batch for each in zip(*times))
    return processor, wall


@main.command()
@click.argument("runs", nargs=-1, required=True, type=Path)
@click.option("--data", required=True)
@click.option("--reversed", "backward", is_flag=True, help="Articles from their end.")
def lead(runs: tuple[Path, ...], data: str, backward: bool) -> None:
    """R@5 and MRR@10 of a run, of its q, and of both minus direct."""
    registry = load_registry()
    for path in runs:
        run = load_run(registry, path)
        shape = run.plan.shape(run.dim)
        split = read_backward(open_split(data)) if backward else open_split(data)
        windows = Windows(split, shape.context_length, shape.horizon)
        metric_table = measured(windows, run.predictor("score"), shape)
        how = ", reversed" if backward else ""
        print(f"{path}: {len(windows):,} windows of {data}{how}, K = {shape.context_length}")
        for name in ("score", "q"):
            for figure in FIGURES:
                estimate = metric_table.estimate(name, figure)
                show(name, figure, estimate.value, metric_table.difference(name, "direct", figure))


@main.command()
@click.option("--data", required=True)
@click.option("--folds", "count", default=3, show_default=True)
@click.option("--seed", default=0, show_default=True)
@click.option("--recipe", default="p9", show_default=True, help="A recipe with a score.")
@click.option("--set", "typed", multiple=True, metavar="KEY=VALUE", help="As lvmctl train --set.")
def folds(data: str, count: int, seed: int, recipe: str, typed: tuple[str, ...]) -> None:
    """R@5 and MRR@10 of every article's score, and minus direct."""
    registry, split = load_registry(), open_split(data)
    options = dict(pair.partition("=")[::2] for pair in typed) | {"seed": seed}
    if other := options.keys() & {"windows", "transform", "precision", "horizon"}:
        raise click.UsageError(f"folds are of all windows as they are: no {', '.join(other)}")
    plan = make_plan(registry, recipe, [("--set", options)])
    shape = plan.shape(split.dim)
    part = np.random.default_rng(seed).permutation(len(split.articles)) % count
    values, gaps, articles = defaultdict(list), defaultdict(list), defaultdict(list)
    for fold in range(count):
        inside = np.flatnonzero(part == fold)
        windows = Windows(split.take(inside), shape.context_length, shape.horizon)
        ranker = trained(registry, plan, split.take(np.flatnonzero(part != fold)), windows)
        metric_table = measured(windows, ranker, shape)
        for figure in FIGURES:
            score, direct = (
                metric_table.metric("score", figure),
                metric_table.metric("direct", figure),
            )
            values[figure].append(score.values)
            gaps[figure].append(score.values - direct.values)
            articles[figure].append(inside[windows.article[score.rows]])
    resampling = Resampling(len(split.articles))
    print(f"{data}: {labelled(recipe, plan.model.entry.record.reads)}, seed {seed}, ", end="")
    print(f"{count} folds of {len(split.articles)} articles")
    for figure in FIGURES:
        score, gap, article = (np.concatenate(x[figure]) for x in (values, gaps, articles))
        interval = resampling.interval(gap, article)
        show("score", figure, score.mean(), Estimate(gap.mean(), *interval, len(gap)))


def trained(registry: Registry, plan: Plan, split: Split, val: Windows) -> Predictor:
    """The score of a ranker that was trained on ``split``."""
    train = Windows(split, val.context_length, val.horizon)
    with tempfile.TemporaryDirectory() as place:
        run = RunDirectory.create(Path(place) / "run")
        training = Training(plan, registry, run, train, val, choose_backend("cpu", "fp32"), SILENT)
        training.fit()
    model = training.model.eval()
    entry = plan.model.entry
    score, reads = own_score(entry, model), entry.record.reads
    return Predictor("score", lambda context: model(context).q, score=score, reads=reads)


def measured(windows: Windows, ranker: Predictor, shape: Shape) -> MetricTable:
    """A ranker, its q alone, and direct in the pool ``filtered``."""
    metric_table = MetricTable(windows, Protocol(pools=("filtered",), everywhere=False))
    metric_table.add(ranker)
    metric_table.add(dataclasses.replace(ranker, name="q", score=None))
    metric_table.add(Predictor("direct", Direct(NoOptions(), shape)))
    return metric_table


def show(name: str, figure: str, value: float, gap: Estimate) -> None:
    """A line: the figure, and how far it is above direct."""
    short = figure.rpartition(".")[2]
    print(f"  {name:5} {short:6} {value:.3f}  {gap.value:+.3f} [{gap.low:+.3f}, {gap.high:+.3f}]")


if __name__ == "__main__":
    main(smoke.arguments("ranker"))
