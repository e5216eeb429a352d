"""Commands on a store of many files: processor time, and the most memory that a process held.

    python benchmarks/many_files.py                          # 20 M chunks of 64 numbers
    python benchmarks/many_files.py --chunks 2000000 --dim 768 --rows-per-file 100000
    python benchmarks/many_files.py --growth                 # .5, 1 and 2 M: how both grow

Memory is read from /proc every 20 ms while a command runs (Linux only). *Held* is what the process
cannot give back without its own doing (anonymous pages); *mapped* are pages of files that were in
its address space at a time, which the system takes back when it needs them.

The store is made for this: its files are one file with many names, which takes the disk of one. An
article and its copies are in the same split.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import click
import figures
import numpy as np
import smoke

from lvmctl.core.hashes import entry_of, write_record
from lvmctl.data.store.arrays import unit
from lvmctl.data.store.manifest import FORMAT
from lvmctl.data.store.store import MANIFEST, OFFSETS
from lvmctl.data.store.writer import dump_manifest

ARTICLE = 100
"""Chunks of an article."""

SPLITS = (*["train"] * 198, "val", "test")
"""Of articles in turn; a file holds a multiple of so many articles."""

MB = 2**20


def make_store(path: Path, chunks: int, dim: int, rows_per_file: int) -> None:
    """Articles with a memory, in files of the same content."""
    rng = np.random.default_rng(0)
    shape = (rows_per_file // ARTICLE, ARTICLE, dim)
    rows = rng.standard_normal(shape, dtype=np.float32)
    for place in range(1, ARTICLE):
        rows[:, place] = 0.7 * rows[:, place - 1] + 0.7 * rows[:, place]
    rows = unit(rows).astype(np.float16).reshape(-1, dim)
    path.mkdir()
    names = [f"vectors-{number + 1:05d}.npy" for number in range(chunks // rows_per_file)]
    np.save(path / names[0], rows)
    for name in names[1:]:
        os.link(path / names[0], path / name)
    chunks = len(names) * rows_per_file
    offsets = np.arange(0, chunks + 1, ARTICLE)
    np.save(path / OFFSETS, offsets)
    digest = hashlib.sha256()
    for part in (*[rows] * len(names), offsets):
        digest.update(part)
    norms = np.linalg.norm(rows.astype(np.float64), axis=1)
    articles = [{"id": n, "split": SPLITS[n % len(SPLITS)]} for n in range(chunks // ARTICLE)]
    manifest = {"format": FORMAT, "dim": dim, "chunks": chunks, "files": names, "encoder": None}
    manifest |= {"norms": [float(norms.min()), float(norms.max())]}
    manifest["content_hash"] = f"sha256:{digest.hexdigest()}"
    text = dump_manifest(manifest | {"articles": articles})
    (path / MANIFEST).write_text(text, encoding="utf-8")
    recorded = {name: entry_of(path / name) for name in (names[0], OFFSETS, MANIFEST)}
    write_record(path, recorded | dict.fromkeys(names, recorded[names[0]]))


def used() -> float:
    """Seconds of processor time of the processes that ended."""
    times = os.times()
    return times.children_user + times.children_system


def measured(words: list[str], place: Path) -> tuple[float, int, int]:
    """Seconds of processor time of a command line of lvmctl, and the most bytes that it held and
    had mapped."""
    begin, held, mapped = used(), 0, 0
    with open(place / "log", "w+", encoding="utf-8") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "lvmctl", *words], cwd=place, stdout=log, stderr=log
        )
        while process.poll() is None:
            status = Path(f"/proc/{process.pid}/status").read_text("utf-8")
            fields = dict(line.split(":", 1) for line in status.splitlines())
            sizes = [int(fields.get(key, "0 kB").split()[0]) for key in ("RssAnon", "RssFile")]
            held, mapped = max(held, sizes[0] * 1024), max(mapped, sizes[1] * 1024)
            time.sleep(0.02)
        seconds = used() - begin
        log.seek(0)
        if process.returncode:
            raise SystemExit(f"lvmctl {' '.join(words)}: {log.read()}")
    return seconds, held, mapped


COMMANDS = {
    "data info": "data info many",
    "data subset": "data subset many --windows 20000 --out some --force",
    "train, 25 steps": "train --plugin p8 --data many --epochs 1 --set windows=800 "
    "--set eval_windows=200 --out run",
    "eval baselines": "eval baselines --data many@val --train some --max-windows 1000",
}
"""What is typed, in the folder that holds the store ``many``."""


@click.command()
@click.option("--chunks", default=20_000_000, show_default=True)
@click.option("--dim", default=64, show_default=True)
@click.option("--rows-per-file", default=1_000_000, show_default=True, help="A multiple of 20,000.")
@click.option("--growth", is_flag=True, help="Three sizes of a store: 2 M chunks at the most.")
@click.option("--place", type=click.Path(path_type=Path), help="A folder for the store.")
def main(chunks: int, dim: int, rows_per_file: int, growth: bool, place: Path | None) -> None:
    """Print a line for each command."""
    largest = min(chunks, 2_000_000)
    sizes = (largest // 4, largest // 2, largest) if growth else (chunks,)
    costs: dict[str, list[tuple[float, int]]] = {name: [] for name in COMMANDS}
    for size in sizes:
        for name, cost in one(size, dim, min(rows_per_file, size // 5), place).items():
            costs[name].append(cost)
    if growth:
        for name, each in costs.items():
            seconds, held = zip(*each)
            figures.keep(figures.Growth(name, "chunk", sizes, seconds, "s of CPU", held))


def one(
    chunks: int, dim: int, rows_per_file: int, place: Path | None
) -> dict[str, tuple[float, int]]:
    """Seconds of processor time of each command, and the most bytes that it held."""
    costs = {}
    with tempfile.TemporaryDirectory(prefix="lvmctl-", dir=place) as directory:
        folder = Path(directory)
        make_store(folder / "many", chunks, dim, rows_per_file)
        for name, words in COMMANDS.items():
            seconds, held, mapped = measured(words.split(), folder)
            line = f"{seconds:8.1f} s {held / MB:8,.0f} MB held {mapped / MB:8,.0f} MB mapped"
            print(f"{name:18} {line}", flush=True)
            costs[name] = seconds, held
    return costs


if __name__ == "__main__":
    main(smoke.arguments("many_files"))
