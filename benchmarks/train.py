"""Training speed of P8: lvmctl in fp32 and bf16, a plain version, and what the machine can do.

    python benchmarks/train.py                      # B = 256, all CPU threads
    python benchmarks/train.py --threads 1
    python benchmarks/train.py --device cuda --batch 1024 --batch 8192

The modes take turns in short blocks, so a machine that slows down slows them alike; the figures
are medians over blocks, and the ratios are what to quote. The share of the peak is the arithmetic
that is executed over the best matrix-product rate of any back-end at the model's own shapes.
"""

from __future__ import annotations

from lvmctl.cli.process import prepare_torch

prepare_torch()

import statistics
import tempfile
import time
from functools import partial
from pathlib import Path

import click
import numpy as np
import smoke
import torch
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

    def flops(self) -> int:
        """Matrix-product arithmetic that one step executes."""
        with FlopCounterMode(display=False) as counter:
            self.run(1)
        return counter.get_total_flops()

    def data_seconds(self, steps: int) -> float:
        begin = time.perf_counter()
        for step in range(steps):
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
@click.option("--quality/--no-quality", default=True, help="Train fp32 and bf16 to the end too.")
def main(batches, threads, device, blocks, steps, articles, dim, quality) -> None:
    if threads:
        torch.set_num_threads(threads)
    name = torch.cuda.get_device_name() if device == "cuda" else processor()
    print(f"{name}, {torch.get_num_threads()} threads, torch {torch.__version__}, P8, D {dim}, K 5")
    splits = open_splits(f"synth:topic?articles={articles}&chunks=40&dim={dim}")
    train, val = Windows(splits.train, 5, 1), Windows(splits.val, 5, 1)
    for batch in batches:
        compare(train, val, batch, device, blocks, steps)
    if quality:
        same_quality(device)


def compare(train: Windows, val: Windows, batch: int, device: str, blocks: int, steps: int) -> None:
    modes = {
        precision: LvmctlTraining(train, val, batch, precision, device)
        for precision in ("fp32", "bf16")
    }
    if device == "cpu":
        modes["plain"] = PlainTraining(train, batch)
    flops = modes["fp32"].flops() / batch
    seconds = {name: [] for name in modes}
    for mode in modes.values():
        mode.run(2)
    for _ in range(blocks):
        for name, mode in modes.items():
            if name == "plain":
                torch.backends.mkldnn.matmul.fp32_precision = "none"
            begin = time.perf_counter()
            mode.run(steps)
            seconds[name].append((time.perf_counter() - begin) / steps)
    rates = peak(batch, train.context_length, device)
    best = max(rates.values())
    print(f"\nB = {batch}: {flops / 1e6:.0f} MFLOP executed per window; peak GFLOP/s by back-end: ")
    print("  " + ", ".join(f"{name} {rate:,.0f}" for name, rate in rates.items()))
    print(
        f"  {'mode':8}{'windows/s':>12}{'GFLOP/s':>10}{'of peak':>9}"
        f"{'vs plain':>10}{'data path':>11}"
    )
    for name, mode in modes.items():
        speed = batch / statistics.median(seconds[name])
        line = f"  {name:8}{speed:12,.0f}"
        if name != "plain":
            share = mode.data_seconds(20) / statistics.median(seconds[name])
            ratio = ""
            if "plain" in modes:
                pairs = zip(seconds["plain"], seconds[name])
                ratio = f"{statistics.median(p / s for p, s in pairs):.2f}x"
            rate = speed * flops / 1e9
            line += f"{rate:10,.0f}{rate / best:9.0%}{ratio:>10}{share:11.2%}"
        print(line)
    switch = modes["fp32"].backend.fp32_switch
    print(f"  fp32 back-end chosen: {switch} (relative error at most {LARGEST_ERROR:g})")


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
