"""Training speed of P8: lvmctl in fp32 and bf16, a plain version, and what the machine can do.

    python benchmarks/train.py                      # B = 256, all CPU threads, and what B costs
    python benchmarks/train.py --threads 1
    python benchmarks/train.py --device cuda --batch 1024 --batch 8192

Beside them Lightning's Trainer steps the plain version, in float32 and in its mixed bf16.

The modes take turns in short blocks, so a machine that slows down slows them alike; the first step
of a block is not counted, which finds another mode's numbers in the caches. The figures
are medians over blocks, and the ratios are what to quote. The share of the peak is the arithmetic
that is executed over the best matrix-product rate of any back-end at the model's own shapes.
"""

from __future__ import annotations

from lvmctl.cli.process import prepare_torch

prepare_torch()

import resource
import statistics
import tempfile
import time
from functools import partial
from pathlib import Path

import click
import figures
import numpy as np
import smoke
import torch
from peers import installed
from plain import PlainTraining
from torch.utils.flop_counter import FlopCounterMode

from lvmctl import Windows
from lvmctl.core.reporter import SILENT
from lvmctl.core.run_directory import RunDirectory
from lvmctl.data import open_splits
from lvmctl.plan import make_plan
from lvmctl.registry import load_registry
from lvmctl.training.backend import LARGEST_ERROR, SWITCHES, choose_backend, processor
from lvmctl.training.loop import Training

OWN = "fp32", "bf16"
"""lvmctl's modes."""

WIDTHS = ((512, 1024), (512, 512), (512, 2048), (2048, 512), (768, 512))


class LvmctlTraining:
    """Steps of lvmctl's own loop."""

    def __init__(self, train: Windows, val: Windows, batch: int, precision: str, device: str):
        registry = load_registry()
        values = {"batch_size": batch, "precision": precision}
        plan = make_plan(registry, "p8", [("benchmark", values)])
        self.backend = choose_backend(device, precision)
        run = RunDirectory.create(Path(tempfile.mkdtemp()) / "run")
        self.training = Training(plan, registry, run, train, val, self.backend, SILENT)
        self.training.model.train()
        self.training.objective.train()
        self.order = np.random.default_rng(0).permutation(len(train))
        self.batch = batch

    def run(self, steps: int) -> None:
        self.backend.apply()
        for _ in range(steps):
            self.order = np.roll(self.order, -self.batch)
            self.training.index += 1
            self.training.step(self.order[: self.batch])
        if self.backend.device == "cuda":
            torch.cuda.synchronize()

    def step_seconds(self, steps: int) -> float:
        """Seconds of a step, after one that finds what others left in the caches."""
        self.run(1)
        begin = time.perf_counter()
        self.run(steps)
        return (time.perf_counter() - begin) / steps

    def flops(self) -> int:
        """Matrix-product arithmetic that one step executes."""
        with FlopCounterMode(display=False) as counter:
            self.run(1)
        return counter.get_total_flops()

    def data_seconds(self, steps: int) -> float:
        """Seconds that a batch takes to be put together, after five that are not counted."""
        for step in range(5 + steps):
            if step == 5:
                begin = time.perf_counter()
            self.order = np.roll(self.order, -self.batch)
            self.training.builder.batch(self.order[: self.batch], 1, step)
        return (time.perf_counter() - begin) / steps


def peak(batch: int, context: int, device: str) -> dict[str, float]:
    """Best GFLOP/s at the model's shapes, by back-end."""
    seconds: dict[str, float] = {}
    for inner, columns in WIDTHS:
        rows = batch * context
        for dtype in (torch.float32, torch.bfloat16):
            a = torch.randn(rows, inner, device=device, dtype=dtype)
            weight = torch.randn(columns, inner, device=device, dtype=dtype)
            product = partial(torch.nn.functional.linear, a, weight)
            for switch in (
                SWITCHES.values() if dtype == torch.float32 and device == "cpu" else ("none",)
            ):
                torch.backends.mkldnn.matmul.fp32_precision = switch
                name = f"{str(dtype).removeprefix('torch.')}/{switch}"
                rate = 2e-9 * rows * inner * columns / min(timed(product, device, 10))
                seconds[name] = max(seconds.get(name, 0.0), rate)
    torch.backends.mkldnn.matmul.fp32_precision = "none"
    return seconds


def timed(function, device: str, repeats: int) -> list[float]:
    seconds = []
    for _ in range(repeats + 2):
        begin = time.perf_counter()
        function()
        if device == "cuda":
            torch.cuda.synchronize()
        seconds.append(time.perf_counter() - begin)
    return seconds[2:]


@click.command()
@click.option("--batch", "batches", multiple=True, type=int, default=(256,), show_default=True)
@click.option("--threads", type=int, help="CPU threads  [default: all].")
@click.option("--device", default="cpu", show_default=True)
@click.option("--blocks", default=7, show_default=True, help="Turns each mode takes.")
@click.option("--steps", default=4, show_default=True, help="Steps in a turn.")
@click.option("--articles", default=400, show_default=True, help="Of 40 chunks.")
@click.option("--dim", default=768, show_default=True)
@click.option("--growth/--no-growth", default=True, help="A step of B / 4, B and 4 B windows.")
@click.option("--quality/--no-quality", default=True, help="Train fp32 and bf16 to the end too.")
def main(batches, threads, device, blocks, steps, articles, dim, growth, quality) -> None:
    if threads:
        torch.set_num_threads(threads)
    name = torch.cuda.get_device_name() if device == "cuda" else processor()
    print(f"{name}, {torch.get_num_threads()} threads, torch {torch.__version__}, P8, D {dim}, K 5")
    splits = open_splits(f"synth:topic?articles={articles}&chunks=40&dim={dim}")
    train, val = Windows(splits.train, 5, 1), Windows(splits.val, 5, 1)
    if growth and device == "cpu":
        figures.keep(growth_of(train, val, batches[0], steps))
    for batch in batches:
        compare(train, val, batch, device, blocks, steps)
    if quality:
        same_quality(device)


def compare(train: Windows, val: Windows, batch: int, device: str, blocks: int, steps: int) -> None:
    modes = {precision: LvmctlTraining(train, val, batch, precision, device) for precision in OWN}
    if device == "cpu":
        modes["plain"] = PlainTraining(train, batch)
        modes |= lightning(train, batch)
    flops = modes["fp32"].flops() / batch
    seconds = {name: [] for name in modes}
    for mode in modes.values():
        mode.step_seconds(2)
    for _ in range(blocks):
        for name, mode in modes.items():
            if name not in OWN:
                torch.backends.mkldnn.matmul.fp32_precision = "none"
            seconds[name].append(mode.step_seconds(steps))
    rates = peak(batch, train.context_length, device)
    best = max(rates.values())
    print(f"\nB = {batch}: {flops / 1e6:.0f} MFLOP executed per window; peak GFLOP/s by back-end: ")
    print("  " + ", ".join(f"{name} {rate:,.0f}" for name, rate in rates.items()))
    print(
        f"  {'mode':16}{'windows/s':>12}{'GFLOP/s':>10}{'of peak':>9}"
        f"{'vs plain':>10}{'data path':>11}"
    )
    for name, mode in modes.items():
        speed = batch / statistics.median(seconds[name])
        line = f"  {name:16}{speed:12,.0f}"
        ratio = f"{times_faster(seconds, name, 'plain'):.2f}x" if "plain" in modes else ""
        if name in OWN:
            share = mode.data_seconds(20) / statistics.median(seconds[name])
            rate = speed * flops / 1e9
            line += f"{rate:10,.0f}{rate / best:9.0%}{ratio:>10}{share:11.2%}"
            keep(name, batch, seconds, rate / best, share)
        else:
            line += f"{ratio:>29}"
        print(line)
    switch = modes["fp32"].backend.fp32_switch
    print(f"  fp32 back-end chosen: {switch} (relative error at most {LARGEST_ERROR:g})")


def lightning(train: Windows, batch: int) -> dict[str, object]:
    """Lightning's Trainer in float32 and mixed bf16, where it is installed."""
    if not installed("pytorch_lightning"):
        return {}
    from lightning_loop import LightningTraining

    precisions = {"Lightning": "32-true", "Lightning bf16": "bf16-mixed"}
    return {name: LightningTraining(train, batch, kind) for name, kind in precisions.items()}


def times_faster(seconds: dict[str, list[float]], name: str, peer: str) -> float:
    """By the median over turns, in which both saw the same machine."""
    return statistics.median(p / s for p, s in zip(seconds[peer], seconds[name]))


def keep(name: str, batch: int, seconds: dict[str, list[float]], of_peak: float, share: float):
    """Keep a mode's figures beside their peers."""
    units = bool(torch.cpu.get_capabilities().get("amx_bf16"))
    bf16 = name == "bf16"
    what, speed = f"P8 {name}, B {batch}", batch / statistics.median(seconds[name])
    aim = f"≥ {5 if units else 3.2} ×" if bf16 else "≥ 2 ×"
    for peer in [name for name in seconds if name not in OWN]:
        own = aim if peer == "plain" else ""
        peer_speed = speed / times_faster(seconds, name, peer)
        called = {"plain": "plain loop"}.get(peer, peer)
        figures.keep(figures.Figure(what, speed, "windows/s", own, called, peer_speed))
    best = f"≥ {35 if units else 70} %" if bf16 else ""
    figures.keep(figures.Figure(f"{what}: of the best product rate", 100 * of_peak, "%", best))
    figures.keep(figures.Figure(f"{what}: data path, of a step", 100 * share, "%", "≤ 1 %"))
    if bf16:
        aim = f"≤ {50 if units else 100} s"
        figures.keep(figures.Figure("87,000 windows at that rate", 87_000 / speed, "s", aim))


def growth_of(train: Windows, val: Windows, batch: int, steps: int) -> figures.Growth:
    """Seconds of a step in bf16, and the process's largest memory, by the windows of a batch."""
    sizes, values, memory = (batch // 4, batch, 4 * batch), [], []
    for size in sizes:
        mode = LvmctlTraining(train, val, size, "bf16", "cpu")
        mode.run(2)
        values.append(statistics.median(mode.step_seconds(1) for _ in range(2 * steps)))
        memory.append(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024)
    return figures.Growth("a step of P8 in bf16", "window", sizes, values, "s", memory)


def same_quality(device: str) -> None:
    """Validation cosine and retrieval of both precisions, trained alike on the default data."""
    splits = open_splits()
    registry = load_registry()
    print("\nP8 on the default data, 3 epochs, validation:")
    for precision in ("fp32", "bf16"):
        plan = make_plan(registry, "p8", [("b", {"precision": precision, "epochs": 3})])
        backend = choose_backend(device, precision)
        run = RunDirectory.create(Path(tempfile.mkdtemp()) / "run")
        windows = (Windows(splits.train, 5, 1), Windows(splits.val, 5, 1))
        training = Training(plan, registry, run, *windows, backend, SILENT)
        training.fit()
        val = training.records[-1]["val"]
        print(f"  {precision}  cos_next {val['cos_next']:.4f}  MRR@10 {val['mrr@10']:.4f}")


if __name__ == "__main__":
    main(smoke.arguments("train"))
