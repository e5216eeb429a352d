"""How long the command line takes to start, beside the bare interpreter.

``python benchmarks/startup.py [--runs N] [--plugins N] [--json]``: the commands take turns, so that
a busy moment hits them alike; the figure is the median. ``--plugins 50`` installs that many plugins
with a loss each, for these commands alone; ``--growth`` times one with 5, 20 and 80.
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

import figures
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


def measure(
    runs: int, site: Path, commands: dict[str, list[str]] = COMMANDS
) -> dict[str, list[float]]:
    """Seconds of each run of each command, after one that warms the file cache and compiles: as
    with an installed package, whose bytecode is kept."""
    environment = os.environ | {"PYTHONPATH": str(site), "PYTHONPYCACHEPREFIX": f"{site}/bytecode"}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    seconds: dict[str, list[float]] = {name: [] for name in commands}
    for round_number in range(runs + 1):
        for name, arguments in commands.items():
            begin = time.perf_counter()
            subprocess.run(
                [sys.executable, *arguments], check=True, capture_output=True, env=environment
            )
            if round_number:
                seconds[name].append(time.perf_counter() - begin)
    return seconds


def keep(median: dict[str, float], arguments: argparse.Namespace) -> None:
    """Keep the medians beside the bare interpreter's, and how they grow with plugins."""
    for name, seconds in median.items():
        aim = "≤ 150 ms" if name == "lvmctl --help" else ""
        figures.keep(figures.Figure(name, 1000 * seconds, "ms", aim))
    if not arguments.growth:
        return
    sizes, values = (5, 20, 80), []
    for size in sizes:
        with tempfile.TemporaryDirectory() as site:
            install(Path(site), size)
            words = {"plugins list": COMMANDS["lvmctl plugins list"]}
            seconds = measure(max(1, arguments.runs // 2), Path(site), words)["plugins list"]
            values.append(1000 * statistics.median(seconds))
    figures.keep(figures.Growth("lvmctl plugins list", "further plugin", sizes, values, "ms"))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=15)
    parser.add_argument("--plugins", type=int, default=0)
    parser.add_argument("--growth", action="store_true")
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
    keep(median, arguments)
    if arguments.json:
        print(json.dumps({"schema": "lvmctl.benchmark.startup/1", "commands": rows}, indent=2))
        return
    print(f"{'command':34}  median ms  best ms  × python")
    for name, row in rows.items():
        print(f"{name:34}  {row['median_ms']:9.0f}  {row['best_ms']:7.0f}  {row['ratio']:8.1f}")


if __name__ == "__main__":
    main()
