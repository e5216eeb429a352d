"""``--smoke``: every benchmark at sizes that take seconds, so that it is known to run.

``python benchmarks/smoke.py`` runs them all, one after another, and fails when one fails. The
figures of such a run mean nothing.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import figures

PLACE = Path(__file__).parent
WORLD = "synth:topic?articles=30&chunks=24&dim=16"

SIZES = {
    "arrow": "--draws 1 --workers 1 --worlds ar1",
    "embed": "--chunks 32 --turns 1",
    "eval": "--windows 200 --train-windows 400 --dim 16 --width 16 --no-growth",
    "global_ranks": "--chunks 3000 --queries 100 --dim 32 --turns 1 --check 20 --neighbours 100 "
    "--no-growth",
    "gpu": "--device cpu --small",
    "interval_coverage": "--simulations 250 --articles 10",
    "lineage": f"--data {WORLD} --only p1 p8-full --seeds 0 --tiny",
    "many_files": "--chunks 100000 --dim 16 --rows-per-file 20000",
    "processes": "--batch 16 --rounds 1 --steps 2 --dim 32",
    "ranker": "speed --dim 32 --batch 16 --rounds 1",
    "rankers": "--windows 40 --no-growth",
    "ranks": "--chunks 3000 --queries 40 --dim 16 --turns 1",
    "reader": "--batch 16 --rounds 1 --sizes 50,200",
    "search": "--chunks 3000 --queries 20 --dim 16 --turns 1",
    "serve": "--requests 40 --clients 1 4 --dim 16 --articles 12 --tiny",
    "split_parity": "--windows 1000 --dim 16",
    "startup": "--runs 1 --plugins 2",
    "train": "--batch 16 --blocks 1 --steps 1 --articles 20 --dim 32 --no-quality",
    "tried": "base mean read-grams read-drop read-kinds --third --minus read",
}
"""What is typed after the name of each benchmark."""


def arguments(name: str) -> list[str]:
    """The words that were typed after ``benchmarks/NAME.py``, sizes in place of ``--smoke``."""
    typed = sys.argv[1:]
    if "--smoke" not in typed:
        return typed
    return [*SIZES[name].split(), *(word for word in typed if word != "--smoke")]


def main() -> None:
    """Run every benchmark at its smallest, and say how long each took."""
    others = {
        path.stem for path in PLACE.glob("*.py") if "import smoke\n" in path.read_text("utf-8")
    }
    if unlike := others ^ SIZES.keys():
        raise SystemExit(f"no size, or no benchmark: {', '.join(sorted(unlike))}")
    with tempfile.TemporaryDirectory() as directory:
        kept = Path(directory, "figures")
        kept.touch()
        for name in SIZES:
            words = [sys.executable, str(PLACE / f"{name}.py"), "--smoke"]
            if name in ("gpu", "lineage"):
                words += ["--out", directory if name == "lineage" else f"{directory}/{name}"]
            begin = time.monotonic()
            here = os.environ | {figures.KEPT: str(kept)}
            done = subprocess.run(words, capture_output=True, text=True, env=here)
            if done.returncode:
                sys.stdout.write(done.stdout + done.stderr)
                raise SystemExit(f"benchmarks/{name}.py --smoke: exit code {done.returncode}")
            print(f"{name:14} {time.monotonic() - begin:5.1f} s")
        print(figures.printed([figures.read(kept.read_text("utf-8"))]))


if __name__ == "__main__":
    main()
