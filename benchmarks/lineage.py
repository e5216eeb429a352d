"""Train P1 … P8, measure them with the same figures, and write docs/lineage's tables and plots.

    python benchmarks/lineage.py --data ../shared/data/books --out /tmp/lineage
    python benchmarks/lineage.py --out /tmp/lineage --pages docs

The first form trains, skipping what is finished; the second evaluates and writes
the tables of docs/lineage.md and docs/lineage_*.svg. Every recipe keeps its
published losses, schedules, epochs and batch; the encoder is that of ``SIZE``, smaller than
published, so that the whole lineage trains on two cores in an hour or two.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import lineage_pages
import smoke
from lineage_internals import internals

LVMCTL = [sys.executable, "-m", "lvmctl"]
SIZE = {"width": 256, "layers": 2, "heads": 4, "feedforward": 1024}
SEEDS = "0,1,2"
ROWS = {
    "p1": "margin −.167",
    "p2": "collapsed or negative",
    "p3": "collapsed or negative",
    "p4": "collapsed or negative",
    "p5": "",
    "p5.1": "margin −.046",
    "p6": "margin −.082",
    "p6b-v1": "",
    "p6b-v1-pressure": "",
    "p6b-v2": "",
    "p6b-v2.1": "margin −.047",
    "p6b-v2.2": "",
    "p6b-v2.3": "cos .040 / .040, margin +.0005",
    "p7-baseline": "cos .271 / .338, margin −.067, anchor .430",
    "p7-teacher": "",
    "p7-strong-margin": "",
    "p7-fixed-anchor": "",
    "p7-pure-margin": "",
    "p8-full": "cos .593 / .614, margin −.021, anchor .974 (pilot)",
}
"""Experiments of the table, each with its published reading."""

ONE_SEED = ("p7-teacher", "p7-strong-margin", "p7-fixed-anchor", "p7-pure-margin")
"""Variants that one seed is enough for."""

WORLDS = {
    "ar1": "synth:ar1?articles=300&chunks=25&dim=64",
    "rotation": "synth:rotation?articles=300&chunks=25&dim=64",
    "topic": "synth:topic?articles=300&chunks=25&dim=64",
}
WORLD_ROWS = ("p1", "p6b-v1-pressure", "p7-baseline", "p8-full")


def lvmctl(*words: str, allowed: tuple[int, ...] = (0,)) -> str:
    """stdout of an lvmctl command; what it says goes to the terminal."""
    done = subprocess.run([*LVMCTL, *words], stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode not in allowed:
        raise SystemExit(f"lvmctl {' '.join(words)}: exit code {done.returncode}")
    return done.stdout


def train(rows: list[str], data: str, seeds: str, jobs: int, out: Path) -> list[str]:
    """Train experiments and seeds as one grid; the words that do it."""
    words = ["train"]
    for row in rows:
        words += ["--experiment", row]
    words += ["--data", data, "--seed", seeds, "--jobs", str(jobs), "--out", str(out)]
    for key, value in SIZE.items():
        words += ["--set", f"{key}={value}"]
    lvmctl(*words, allowed=(0, 1))
    return words


def evaluated(run: Path) -> dict[str, Any]:
    """``eval 5cat`` of a run, from its file where it was measured before."""
    saved = run / "lineage.json"
    if not saved.exists():
        saved.write_text(lvmctl("eval", "5cat", str(run), "--json", allowed=(0, 1)))
    return json.loads(saved.read_text())


def members(grid: Path, row: str) -> list[Path]:
    """The finished runs of an experiment, one per seed."""
    runs = sorted([*grid.glob(f"{row}_seed*"), *([grid / row] if (grid / row).is_dir() else [])])
    return [run for run in runs if (run / "best_model.pt").exists()]


def collect(grid: Path, rows: list[str]) -> dict[str, list[dict[str, Any]]]:
    """By experiment and seed: figures, history, configuration, seconds."""
    runs: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        for run in members(grid, row):
            config = json.loads((run / "config.json").read_text())
            record = {
                "figures": evaluated(run),
                "internals": internals(run),
                "history": json.loads((run / "training_history.json").read_text()),
                "seconds": json.loads((run / "manifest.json").read_text())["seconds"],
                "options": config["options"],
                "path": str(run),
            }
            runs.setdefault(row, []).append(record)
    return runs


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", help="vector store of real text")
    parser.add_argument("--out", type=Path, required=True, help="where runs are")
    parser.add_argument("--seeds", default=SEEDS)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--only", nargs="*", default=list(ROWS), help="experiments")
    parser.add_argument(
        "--tiny", action="store_true", help="sequence models of no use and one world, in seconds"
    )
    parser.add_argument("--pages", type=Path, help="write tables and plots into this folder")
    args = parser.parse_args(smoke.arguments("lineage"))
    if args.pages:
        text = collect(args.out / "text", args.only)
        worlds = {world: collect(args.out / world, list(WORLD_ROWS)) for world in WORLDS}
        lineage_pages.write(args.pages, text, worlds, ROWS, SIZE)
        return
    if args.tiny:
        SIZE.update(width=16, layers=1, heads=2, feedforward=16, epochs=1)
    several = [row for row in args.only if row not in ONE_SEED]
    for seeds, rows in ((args.seeds, several), ("0", [r for r in args.only if r in ONE_SEED])):
        if rows:
            train(rows, args.data, seeds, args.jobs, args.out / "text")
    for world, source in list(WORLDS.items())[: 1 if args.tiny else None]:
        if wanted := [row for row in WORLD_ROWS if row in args.only]:
            train(wanted, source, "0", args.jobs, args.out / world)


if __name__ == "__main__":
    main()
