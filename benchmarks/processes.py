"""Training by several processes beside one process with as many threads.

``python benchmarks/processes.py [--batch 256 1024] [--processes 2] [--rounds 5]``: whole commands
take turns, P8's encoder at D 768 on synthetic data; the figure is the median over rounds of the
windows per second that the last of two epochs reports.
"""

from __future__ import annotations

import argparse
import os
import re
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

import smoke

RATE = re.compile(r"([\d,]+) windows/s")


def rate(shared: bool, count: int, batch: int, steps: int, dim: int, place: Path) -> float:
    """Windows per second of one training."""
    data = f"synth:topic?articles={max(10, batch * steps // 80)}&chunks=100&dim={dim}"
    options = [f"batch_size={batch}", f"windows={batch * steps}", "eval_windows=100", "seed=0"]
    words = ["--plugin", "p8", "--data", data, "--epochs", "2", "--out", str(place / "run")]
    words += [word for option in options for word in ("--set", option)]
    start = [sys.executable, "-m", "lvmctl", "train"]
    if shared:
        run = ["torch.distributed.run", "--standalone", "--nproc-per-node", str(count)]
        start = [sys.executable, "-m", *run, "-m", "lvmctl", "train"]
    environment = os.environ | {"OMP_NUM_THREADS": "1" if shared else str(count)}
    done = subprocess.run(
        [*start, *words], env=environment, capture_output=True, text=True, check=True
    )
    return float(RATE.findall(done.stderr)[-1].replace(",", ""))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--batch", type=int, nargs="+", default=[256, 1024])
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--steps", type=int, default=12, help="of an epoch")
    parser.add_argument("--dim", type=int, default=768)
    arguments = parser.parse_args(smoke.arguments("processes"))
    print(f"windows/s, {arguments.processes} threads in all, median of {arguments.rounds}")
    print(f"{'B':>6}{'one process':>14}{'shared':>10}{'ratio':>8}  (ratio by round)")
    for batch in arguments.batch:
        rates: dict[bool, list[float]] = {False: [], True: []}
        sizes = arguments.processes, batch, arguments.steps, arguments.dim
        for _ in range(arguments.rounds):
            for shared, found in rates.items():
                with tempfile.TemporaryDirectory() as place:
                    found.append(rate(shared, *sizes, Path(place)))
        one, many = (statistics.median(found) for found in rates.values())
        ratios = [b / a for a, b in zip(rates[False], rates[True])]
        each = " ".join(f"{ratio:.2f}" for ratio in ratios)
        print(f"{batch:>6}{one:>14,.0f}{many:>10,.0f}{statistics.median(ratios):>8.2f}  ({each})")


if __name__ == "__main__":
    main()
