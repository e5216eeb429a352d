"""How long the command line takes to start, beside the bare interpreter.

``python benchmarks/startup.py [--runs N] [--plugins N] [--json]``: the commands take turns, so that
a busy moment hits them alike; the figure is the median. ``--plugins 50`` installs that many plugins
with a loss each, for these commands alone.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import smoke

COMMANDS = {
    "python -c pass": ["-c", "pass"],
    "python -c 'import click'": ["-c", "import click"],
    "lvmctl --version": ["-m", "lvmctl", "--version"],
    "lvmctl --help": ["-m", "lvmctl", "--help"],
    "lvmctl plugins list": ["-m", "lvmctl", "plugins", "list"],
    "lvmctl experiments show p8-pilot": ["-m", "lvmctl", "experiments", "show", "p8-pilot"],
}
BASE = next(iter(COMMANDS))


PLUGIN = """
from lvmctl import LossSpec, hookimpl
@hookimpl
def lvmctl_losses():
    return [LossSpec(name="loss-{n}", summary="A loss.", target="bench_{n}.loss:Loss")]
"""


def install(site: Path, count: int) -> None:
    """Put ``count`` plugins in a directory to import from."""
    for n in range(count):
        package, info = site / f"bench_{n}", site / f"lvmctl_bench_{n}-1.0.dist-info"
        package.mkdir()
        info.mkdir()
        (package / "__init__.py").touch()
        (package / "plugin.py").write_text(PLUGIN.format(n=n))
        (info / "METADATA").write_text(
            f"Metadata-Version: 2.1\nName: lvmctl-bench-{n}\nVersion: 1.0\n"
        )
        (info / "entry_points.txt").write_text(f"[lvmctl]\nbench-{n} = bench_{n}.plugin\n")


def measure(runs: int, site: Path) -> dict[str, list[float]]:
    """Seconds of each run of each command, after one that warms the file cache and compiles: as
    with an installed package, whose bytecode is kept."""
    environment = os.environ | {"PYTHONPATH": str(site), "PYTHONPYCACHEPREFIX": f"{site}/bytecode"}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    seconds: dict[str, list[float]] = {name: [] for name in COMMANDS}
    for round_number in range(runs + 1):
        for name, arguments in COMMANDS.items():
            begin = time.perf_counter()
            subprocess.run(
                [sys.executable, *arguments], check=True, capture_output=True, env=environment
            )
            if round_number:
                seconds[name].append(time.perf_counter() - begin)
    return seconds


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=15)
    parser.add_argument("--plugins", type=int, default=0)
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args(smoke.arguments("startup"))
    with tempfile.TemporaryDirectory() as site:
        install(Path(site), arguments.plugins)
        seconds = measure(arguments.runs, Path(site))
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
