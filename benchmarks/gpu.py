"""A GPU against the CPU, in one command of at most 8 minutes: what it computes, and how fast.

    python benchmarks/gpu.py                        # writes gpu-report/gpu.json and gpu.md
    python benchmarks/gpu.py --device cpu --small   # the same path without a GPU, in a minute

For every recipe that vectors are enough for: the loss of 20 steps and the figures of evaluation
beside the CPU's, step by step and as a CUDA graph. For P8: whether a resumed training ends with the
same bits; windows a second by batch size and precision, with the peak of memory and the share of
the device's own rate of matrix products. For exact global ranks: how many a second, and how many
differ from float64. The exit code is 1 where something differs by more than it may.
"""

# ruff: noqa: E402 - torch reads its settings when it is imported
from __future__ import annotations

from lvmctl.cli.process import prepare_torch

prepare_torch()

import json
import time
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click
import gpu_checks
import numpy as np
import smoke
import torch
from gpu_checks import make_training
from torch.utils.flop_counter import FlopCounterMode

from lvmctl.data import open_splits
from lvmctl.registry import load_registry
from lvmctl.training.backend import hardware

BATCHES = 256, 1024, 4096, 8192, 16_384, 32_768, 65_536
PRECISIONS = "fp32", "tf32", "bf16"
TIMED = 1.0
"""Seconds that steps of one batch size are timed for."""

TINY = {"layers": 1, "width": 16, "heads": 2, "feedforward": 16}


@contextmanager
def precision_of(name: str, device: str):
    """float32 products as TF32 for a while, where that is asked for."""
    switch = torch.backends.cuda.matmul
    before = switch.fp32_precision
    if device == "cuda":
        switch.fp32_precision = "tf32" if name == "tf32" else "ieee"
    try:
        yield
    finally:
        switch.fp32_precision = before


def wait(device: str) -> None:
    """Wait until a device has done what it was given."""
    if device == "cuda":
        torch.cuda.synchronize()


def product_rate(device: str, name: str, size: int) -> float:
    """Matrix products of a precision on a device, in FLOP a second: the best of ten."""
    dtype = torch.bfloat16 if name == "bf16" else torch.float32
    a, b = (torch.randn(size, size, device=device, dtype=dtype) for _ in range(2))
    best = float("inf")
    for _ in range(12):
        wait(device)
        begin = time.perf_counter()
        torch.mm(a, b)
        wait(device)
        best = min(best, time.perf_counter() - begin)
    return 2 * size**3 / best


class Steps:
    """Steps of P8 on windows that are drawn from the training windows, as many as are asked for."""

    def __init__(self, splits, device: str, precision: str, batch: int, graph: bool, values: dict):
        given = values | {"batch_size": batch, "graph": graph, "still": False}
        given["precision"] = "bf16" if precision == "bf16" else "fp32"
        self.training = make_training("p8", splits, device, **given)
        self.training.model.train()
        self.training.objective.train()
        self.batch, self.device = batch, device
        self.order = np.random.default_rng(0).permutation(len(self.training.builder.windows))

    def run(self, steps: int) -> float:
        """Seconds of some steps."""
        wait(self.device)
        begin = time.perf_counter()
        for _ in range(steps):
            self.order = np.roll(self.order, -self.batch)
            self.training.step(np.resize(self.order, self.batch))
        self.training.graphed.look()
        wait(self.device)
        return time.perf_counter() - begin

    def flops(self) -> int:
        """Arithmetic of matrix products that one step executes."""
        with FlopCounterMode(display=False) as counter:
            self.run(1)
        return counter.get_total_flops()


def rates(splits, device: str, batches, values: dict, size: int, until: float) -> list[dict]:
    """Windows a second by precision and batch size, step by step and by graph."""
    rows = []
    for precision in PRECISIONS if device == "cuda" else ("fp32", "bf16"):
        with precision_of(precision, device):
            best = product_rate(device, precision, size)
            flops = Steps(splits, device, precision, 64, False, values).flops() / 64
            for batch in batches:
                for graph in (False, True):
                    row = {"precision": precision, "batch": batch, "graph": graph}
                    if time.monotonic() > until:
                        rows.append(row | {"left_out": "out of time"})
                        continue
                    say(f"{precision}, {batch:,} windows, {'graph' if graph else 'steps'}")
                    rows.append(row | timed(splits, device, precision, batch, graph, values))
                    if speed := rows[-1].get("windows_per_second"):
                        rows[-1]["share"] = speed * flops / best
    return rows


def timed(splits, device: str, precision: str, batch: int, graph: bool, values: dict) -> dict:
    """Windows a second and the peak of memory of one batch size."""
    if device == "cuda":
        torch.cuda.empty_cache()
        torch.cuda.reset_peak_memory_stats()
    try:
        steps = Steps(splits, device, precision, batch, graph, values)
        steps.run(5)  # the first are made one by one, and one is recorded
        count = max(1, min(200, int(TIMED / max(steps.run(1), 1e-6))))
        speed = batch * count / steps.run(count)
    except torch.OutOfMemoryError:
        return {"left_out": "out of memory"}
    peak = torch.cuda.max_memory_allocated() if device == "cuda" else None
    why_not = steps.training.graphed.why_not if graph else None
    return {"windows_per_second": speed, "peak_bytes": peak, "why_not": why_not}


def measure(device: str, small: bool, minutes: float) -> dict[str, Any]:
    """Everything, as one record."""
    until = time.monotonic() + 60 * minutes
    registry = load_registry()
    world = "synth:topic?articles={}&chunks={}&dim={}"
    splits = open_splits(world.format(30, 24, 16) if small else world.format(120, 30, 256))
    sizes = TINY if small else {}
    values = {"batch_size": 16 if small else 64, "min_article": 6, "sizes": sizes}
    recipes = []
    for recipe in names(registry):
        say(recipe)
        recipes.append(gpu_checks.compare_recipe(recipe, splits, device, **values))
    result = {
        "schema": "lvmctl.gpu/1",
        "device": device,
        "hardware": hardware(device),
        "torch": torch.__version__,
        "cuda": torch.version.cuda,
        "recipes": recipes,
        "resumed": gpu_checks.resumed(splits, device, **values),
        "ranks": gpu_checks.rank(device, *((3000, 100, 32) if small else (200_000, 10_000, 768))),
    }
    say("rates")
    wide = splits if small else open_splits(world.format(400, 40, 768))
    batches = (16, 32) if small else BATCHES
    result["rates"] = rates(wide, device, batches, {"sizes": sizes}, 256 if small else 8192, until)
    return result | {"ok": fine(result), "seconds": time.monotonic() - until + 60 * minutes}


def say(what: str) -> None:
    """Show what is done now."""
    click.echo(f"{time.strftime('%X')} {what}", err=True)


def names(registry) -> list[str]:
    """The names of all recipes, but for those of scripts."""
    return sorted({entry.record.name for entry in registry.entries("recipe")})


def fine(result: dict[str, Any]) -> bool:
    """Whether nothing differs by more than it may."""
    recipes = [recipe["ok"] for recipe in result["recipes"] if "left_out" not in recipe]
    return all([*recipes, *result["resumed"].values(), result["ranks"]["differing"] == 0])


def table(result: dict[str, Any]) -> str:
    """The record as Markdown."""
    yes = {True: "yes", False: "no"}
    lines = [
        f"# {result['hardware']}, torch {result['torch']}, CUDA {result['cuda'] or 'none'}\n",
        f"All within bounds: {yes[result['ok']]}. {result['seconds']:.0f} s.\n",
        "| recipe | loss of 20 steps | by graph | evaluation | recorded |",
        "|---|---|---|---|---|",
    ]
    for row in result["recipes"]:
        if "left_out" in row:
            lines.append(f"| {row['recipe']} | {row['left_out']} | | | |")
            continue
        recorded = "yes" if row["graph"] else (row["why_not"] or "no, there is no GPU")
        errors = " | ".join(f"{row[name]:.1e}" for name in ("loss", "graph_loss", "figure"))
        lines.append(f"| {row['recipe']} | {errors} | {recorded} |")
    resumed = ", ".join(f"{name} {yes[same]}" for name, same in result["resumed"].items())
    lines += ["", f"Resumed with the same bits: {resumed}.", ""]
    ranks = result["ranks"]
    lines += [
        f"Exact global ranks: {ranks['ranks_per_second']:,.0f}/s among {ranks['chunks']:,} x "
        f"{ranks['dim']} ({ranks['scores_per_second'] / 1e9:.2f} G scores/s); {ranks['differing']} "
        f"of {ranks['checked']} differ from float64.",
        "",
        "| precision | batch | graph | windows/s | share of product rate | peak GiB |",
        "|---|---|---|---|---|---|",
    ]
    for row in result["rates"]:
        start = f"| {row['precision']} | {row['batch']:,} | {yes[row['graph']]} |"
        if "left_out" in row:
            lines.append(f"{start} {row['left_out']} | | |")
            continue
        peak = f"{row['peak_bytes'] / 2**30:.1f}" if row["peak_bytes"] else ""
        speed = f"{row['windows_per_second']:,.0f}"
        lines.append(f"{start} {speed} | {row['share']:.0%} | {peak} |")
    return "\n".join(lines) + "\n"


@click.command()
@click.option("--device", default="cuda", show_default=True)
@click.option("--small", is_flag=True, help="Sizes that take seconds; the rates mean nothing.")
@click.option("--minutes", default=8.0, show_default=True, help="After these no rate is begun.")
@click.option("--out", default="gpu-report", type=click.Path(path_type=Path), show_default=True)
def main(device: str, small: bool, minutes: float, out: Path) -> None:
    if device == "cuda" and not torch.cuda.is_available():
        raise SystemExit("no CUDA device is here; --device cpu --small takes the same path")
    result = measure(device, small, minutes)
    out.mkdir(parents=True, exist_ok=True)
    (out / "gpu.json").write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")
    (out / "gpu.md").write_text(table(result), encoding="utf-8")
    print(table(result))
    raise SystemExit(0 if result["ok"] else 1)


if __name__ == "__main__":
    main(smoke.arguments("gpu"))
