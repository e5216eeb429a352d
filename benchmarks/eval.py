"""The whole 5CAT of P8 and every baseline: seconds, by stage, and beside the model's own passes.

    python benchmarks/eval.py                       # 11,000 validation + 11,000 OOD windows, 768-D
    python benchmarks/eval.py --windows 2000 --threads 1

What cannot be avoided is the model's forward passes; the last line is the whole as a multiple of
them, measured in the same run. A quarter and half of the windows come first, which tells how time
and memory grow. Fitting ema, wiener and ridge on 20,000 training windows, all
intervals and the latency measurement are part of the whole. Global ranks over a large store have a
benchmark of their own, global_ranks.py.
"""

# ruff: noqa: E402 - torch reads its settings when it is imported
from __future__ import annotations

from lvmctl.cli.process import prepare_torch

prepare_torch()

import resource
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click
import figures
import smoke
import torch

from lvmctl import Reporter, write_store
from lvmctl.core.reporter import SILENT
from lvmctl.data.synthetic.worlds import World, write_world
from lvmctl.evaluation.eval_data import EvalRequest
from lvmctl.evaluation.fivecat.run import run_fivecat
from lvmctl.evaluation.trained import load_run
from lvmctl.registry import load_registry
from lvmctl.training import job
from lvmctl.training.backend import processor

CHUNKS = 45
"""Chunks of an article: 40 windows of K = 5."""


class Clock(Reporter):
    """Keeps the seconds between what the evaluation says."""

    def __init__(self) -> None:
        self.stages: list[tuple[str, float]] = []
        self.last, self.what = time.perf_counter(), "load, fit baselines"

    def mark(self, what: str) -> None:
        now = time.perf_counter()
        self.stages.append((self.what, now - self.last))
        self.last, self.what = now, what

    @contextmanager
    def progress(self, what, unit, total=None, done=0) -> Iterator:
        self.mark(what)
        yield lambda count: None
        self.mark(f"after {what}")


def make_data(place: Path, train_windows: int, windows: int, dim: int) -> dict[str, str]:
    """Three stores of a topic world."""
    times = {}
    for seed, (name, count) in enumerate(
        {"train": train_windows, "val": windows, "ood": windows}.items()
    ):
        articles = -(-count // (CHUNKS - 5))
        with write_store(place / name, dim) as writer:
            write_world(writer, World("topic", articles, CHUNKS, dim, seed=seed))
        times[name] = str(place / name)
    return {**times, "train": [times["train"]]}


@click.command()
@click.option("--windows", default=11_000, show_default=True, help="Of validation, and of OOD.")
@click.option("--train-windows", default=20_000, show_default=True, help="Baselines learn from.")
@click.option("--dim", default=768, show_default=True)
@click.option("--width", default=512, show_default=True, help="Of the sequence model.")
@click.option("--threads", type=int, help="CPU threads  [default: torch's own].")
@click.option("--growth/--no-growth", default=True, help="A quarter and half of them, too.")
def main(
    windows: int, train_windows: int, dim: int, width: int, threads: int | None, growth: bool
) -> None:
    """Time a 5CAT."""
    if threads:
        torch.set_num_threads(threads)
    print(f"{processor()}, {torch.get_num_threads()} threads, {dim}-D", flush=True)
    sizes = (windows // 4, windows // 2, windows) if growth else (windows,)
    costs, memory = zip(*(one(size, train_windows * size // windows, dim, width) for size in sizes))
    what = f"5CAT, {windows:,} + {windows:,} windows"
    figures.keep(figures.Figure(what, costs[-1], "s", "≤ 75 s", memory=memory[-1]))
    if growth:
        both = [2 * size for size in sizes]
        grown = figures.Growth("5CAT", "window", both, costs, "s", memory)
        print(f"seconds grow as windows to the power of {grown.exponent:.2f}")
        figures.keep(grown)


def one(windows: int, train_windows: int, dim: int, width: int) -> tuple[float, float]:
    """Seconds of a 5CAT, and the process's largest memory in bytes."""
    registry = load_registry()
    with tempfile.TemporaryDirectory() as directory:
        place = Path(directory)
        sources = make_data(place, train_windows, windows, dim)
        options = {"epochs": 1, "windows": 200, "eval_windows": 200, "width": width}
        run = place / "run"
        request = job.TrainRequest("p8", [("benchmark", options)], sources=sources, out=run)
        job.start(request, SILENT)
        clock, begin = Clock(), time.perf_counter()
        request = EvalRequest(train=sources["train"])  # all of it, the run took a few articles
        done = run_fivecat(registry, str(run), request, clock, profile="strict")
        done.to_dict()
        clock.mark("")
        whole = time.perf_counter() - begin
        passes = forward_passes(registry, run, done)
    print(
        f"5CAT of {len(done.metric_tables['val'].measured)} predictors on {windows:,} + {windows:,}"
    )
    for what, seconds in clock.stages:
        print(f"  {what:40} {seconds:7.1f} s")
    print(f"  {'whole':40} {whole:7.1f} s")
    print(f"  {'the model on as many windows, alone':40} {passes:7.1f} s")
    print(f"whole / model alone: {whole / passes:.2f}")
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    print(f"largest memory: {memory / 2**30:.2f} GiB", flush=True)
    figures.keep(figures.Figure(f"the model alone on {2 * windows:,} windows", passes, "s"))
    return whole, memory


def forward_passes(registry, run: Path, done) -> float:
    """Seconds of the model on every window once: validation and OOD."""
    predictor = load_run(registry, run).predictor()
    begin = time.perf_counter()
    for metric_table in done.metric_tables.values():
        predictor(metric_table.windows)
    return time.perf_counter() - begin


if __name__ == "__main__":
    main(smoke.arguments("eval"))
