"""How fast P9 and P10 train, which measure features of every candidate: windows a second.

    python benchmarks/rankers.py                        # 1,000, 2,000 and 4,000 windows an epoch

Whole commands on the default data, which has texts for P10; the rate is what the last of three
epochs reports, when what is measured once has been measured.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile

import click
import figures
import smoke

RATE = re.compile(r"([\d,]+) windows/s")


def rate(recipe: str, windows: int, threads: int, data: str | None) -> float:
    """Windows a second of one training."""
    words = ["--plugin", recipe, "--epochs", "3", "--set", f"windows={windows}"]
    words += ["--set", "eval_windows=100", "--set", "eval_every=3", "--set", "seed=0"]
    words += ["--data", data] if data else []
    with tempfile.TemporaryDirectory() as place:
        done = subprocess.run(
            [sys.executable, "-m", "lvmctl", "train", *words, "--out", f"{place}/run"],
            env=os.environ | {"OMP_NUM_THREADS": str(threads)},
            capture_output=True,
            text=True,
        )
    if done.returncode:
        raise SystemExit(f"lvmctl train {' '.join(words)}: {done.stderr}")
    return float(RATE.findall(done.stderr)[-1].replace(",", ""))


@click.command()
@click.option("--windows", default=4_000, show_default=True, help="The most of an epoch.")
@click.option("--threads", default=os.cpu_count() or 1, show_default=True)
@click.option("--data", help="A store with texts.  [default: the default data]")
@click.option("--growth/--no-growth", default=True, help="A quarter and half of them, too.")
def main(windows: int, threads: int, data: str | None, growth: bool) -> None:
    """Print the rates."""
    sizes = (windows // 4, windows // 2, windows) if growth else (windows,)
    for recipe in ("p9", "p10"):
        rates = [rate(recipe, size, threads, data) for size in sizes]
        shown = ", ".join(f"{size:,}: {each:,.0f}" for size, each in zip(sizes, rates))
        print(f"{recipe} windows/s by windows of an epoch: {shown}", flush=True)
        aim = "≥ 1,000 windows/s"
        figures.keep(figures.Figure(f"{recipe.upper()}, training", rates[-1], "windows/s", aim))
        if growth:
            seconds = [size / each for size, each in zip(sizes, rates)]
            what = f"an epoch of {recipe.upper()}"
            figures.keep(figures.Growth(what, "window", sizes, seconds, "s"))


if __name__ == "__main__":
    main(smoke.arguments("rankers"))
