"""How long the command line takes to start, beside the bare interpreter.

``python benchmarks/startup.py [--runs N] [--json]``: the commands take turns, so that a busy moment
hits them alike; the figure is the median.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import time

COMMANDS = {
    "python -c pass": ["-c", "pass"],
    "python -c 'import click'": ["-c", "import click"],
    "lvmctl --version": ["-m", "lvmctl", "--version"],
    "lvmctl --help": ["-m", "lvmctl", "--help"],
    "lvmctl plugins list": ["-m", "lvmctl", "plugins", "list"],
    "lvmctl experiments show p8-pilot": ["-m", "lvmctl", "experiments", "show", "p8-pilot"],
}
BASE = next(iter(COMMANDS))


def measure(runs: int) -> dict[str, list[float]]:
    """Seconds of each run of each command, after one run that warms the file cache."""
    seconds: dict[str, list[float]] = {name: [] for name in COMMANDS}
    for round_number in range(runs + 1):
        for name, arguments in COMMANDS.items():
            begin = time.perf_counter()
            subprocess.run([sys.executable, *arguments], check=True, capture_output=True)
            if round_number:
                seconds[name].append(time.perf_counter() - begin)
    return seconds


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=15)
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    seconds = measure(arguments.runs)
    median = {name: statistics.median(times) for name, times in seconds.items()}
    rows = {
        name: {
            "median_ms": 1000 * median[name],
            "best_ms": 1000 * min(seconds[name]),
            "ratio": median[name] / median[BASE],
        }
        for name in COMMANDS
    }
    if arguments.json:
        print(json.dumps({"schema": "lvmctl.benchmark.startup/1", "commands": rows}, indent=2))
        return
    print(f"{'command':34}  median ms  best ms  × python")
    for name, row in rows.items():
        print(f"{name:34}  {row['median_ms']:9.0f}  {row['best_ms']:7.0f}  {row['ratio']:8.1f}")


if __name__ == "__main__":
    main()
