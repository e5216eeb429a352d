"""All that docs/speed.md shows, measured one after another: one table, and the tables of the page.

    python benchmarks/run.py                  # everything: about 12 minutes on two cores
    python benchmarks/run.py train eval       # some of it, printed and not kept
    python benchmarks/run.py --write          # the page's tables anew from docs/speed.json

What a benchmark prints goes to stderr while it runs, the table to stdout. docs/speed.json and the
page are written after each benchmark; one that fails is left out, and the exit code is 1. A peer
that is not installed is left out, too: benchmarks/requirements.txt names them.
"""

from __future__ import annotations

import json
import os
import platform
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from datetime import date
from importlib import metadata
from pathlib import Path
from typing import Any

import click
import figures
import torch

from lvmctl import write_json
from lvmctl.training.backend import processor

PLACE = Path(__file__).parent
RECORD, PAGE = PLACE.parent / "docs" / "speed.json", PLACE.parent / "docs" / "speed.md"

PARTS = {
    "train": "train.py --no-quality",
    "global_ranks": "global_ranks.py",
    "ranks": "ranks.py",
    "search": "search.py",
    "eval": "eval.py",
    "embed": "embed.py",
    "ranker": "ranker.py speed --threads 2",
    "rankers": "rankers.py",
    "many_files": "many_files.py --growth",
    "startup": "startup.py --growth",
}
"""What is typed after ``python benchmarks/``, by the name of its tables on the page."""

VERSIONS = (
    "lvmctl torch numpy faiss-cpu usearch ranx pykeen pytorch-lightning sentence-transformers"
)
LIMIT = 300
"""Seconds that one benchmark may take."""


def busy() -> float:
    """Seconds of processor time that this machine has worked; NaN where nothing tells (Linux)."""
    try:
        times = Path("/proc/stat").read_text("ascii").splitlines()[0].split()[1:9]
    except OSError:
        return float("nan")
    user, nice, system, _, _, irq, soft, steal = map(int, times)
    return (user + nice + system + irq + soft + steal) / os.sysconf("SC_CLK_TCK")


def own() -> float:
    """Seconds of processor time of the benchmarks that have ended."""
    times = os.times()
    return times.children_user + times.children_system


def measure(name: str, limit: float) -> dict[str, Any]:
    """A part of the record: a benchmark's figures, and how it went."""
    words = PARTS[name].split()
    part = {"name": name, "command": f"python benchmarks/{PARTS[name]}"}
    before, begin = busy() - own(), time.monotonic()
    with tempfile.TemporaryDirectory() as place:
        kept = Path(place, "figures")
        kept.touch()
        process = subprocess.Popen(
            [sys.executable, str(PLACE / words[0]), *words[1:]],
            stdout=sys.stderr,
            env=os.environ | {figures.KEPT: str(kept)},
            process_group=0,
        )
        try:
            code = process.wait(limit)
            error = f"exit code {code}" if code else None
        except subprocess.TimeoutExpired:
            error = f"stopped after {limit:.0f} s"
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
        measured = figures.read(kept.read_text("utf-8"))
    seconds = time.monotonic() - begin
    load = max(0.0, (busy() - own() - before) / seconds)
    return {
        **part,
        "seconds": round(seconds, 1),
        "load": round(load, 2),
        "error": error,
        **measured,
    }


def blank() -> dict[str, Any]:
    """A record without parts: when, where and with what."""
    versions = {"Python": platform.python_version()}
    for package in VERSIONS.split():
        try:
            versions[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            print(f"{package} is not installed and left out", file=sys.stderr)
    return {
        "schema": "lvmctl.benchmarks/1",
        "date": date.today().isoformat(),
        "machine": {
            "processor": processor(),
            "cores": os.cpu_count(),
            "matrix_units": bool(torch.cpu.get_capabilities().get("amx_bf16")),
            "memory_gib": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30),
        },
        "versions": versions,
        "parts": [],
    }


def write_page(record: dict[str, Any]) -> None:
    """Put the tables of a record on the page."""
    PAGE.write_text(figures.page(PAGE.read_text("utf-8"), record), "utf-8")


@click.command()
@click.argument("names", nargs=-1, type=click.Choice(list(PARTS)), metavar="[NAME]...")
@click.option("--write", is_flag=True, help="Only write the page, from docs/speed.json.")
@click.option("--minutes", default=15.0, show_default=True, help="Nothing begins after them.")
def main(names: Sequence[str], write: bool, minutes: float) -> None:
    """Measure what docs/speed.md shows, or those NAMES alone."""
    if write:
        write_page(json.loads(RECORD.read_text("utf-8")))
        return
    record, end = blank(), time.monotonic() + 60 * minutes
    for name in names or PARTS:
        left = end - time.monotonic()
        if left < 5:
            print(f"{name}: no time is left for it", file=sys.stderr)
            continue
        print(f"\n── {name}: python benchmarks/{PARTS[name]}", file=sys.stderr, flush=True)
        part = measure(name, min(LIMIT, left))
        print(f"── {name}: {part['error'] or 'done'}, {part['seconds']:.0f} s", file=sys.stderr)
        record["parts"].append(part)
        if not names:
            write_json(RECORD, record)
            write_page(record)
    print(figures.printed(record["parts"]))
    missing = len(names or PARTS) - sum(not part["error"] for part in record["parts"])
    sys.exit(1 if missing else 0)


if __name__ == "__main__":
    main()
