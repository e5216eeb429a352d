"""How often the tests of an arrow of time find one: where there is none, and where there is.

    python benchmarks/arrow.py                              # 2,000 draws of each world, all cores
    python benchmarks/arrow.py --draws 100 --worlds ar1 rotation --json

A draw is a store of 50 articles of 40 chunks. Worlds without an arrow (``ar1``, ``topic`` and
``shuffled``, a rotation whose chunks are shuffled inside articles) should be called directed in 5 %
of draws, 3 to 7 % in 2,000; ``rotation`` in at least 95 %. ``all`` is the p of the verdict, of the
three lags together.
"""

from __future__ import annotations

import argparse
import json
import os
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

# One thread per process; numpy and torch read this when they are imported.
os.environ["OMP_NUM_THREADS"] = "1"

import numpy as np
import smoke

from lvmctl import Split
from lvmctl.data.synthetic.worlds import World, simulate
from lvmctl.diagnostics.data.arrow.antisymmetry import antisymmetry
from lvmctl.diagnostics.data.arrow.arrow_classifier import classify, sample_windows

ARTICLES, CHUNKS, DIM = 50, 40, 16
PERMUTATIONS, REFITS, WINDOW = 199, 99, 6
LEVEL = 0.05
WORLDS = {
    "ar1": (0.03, 0.07),
    "topic": (0.03, 0.07),
    "shuffled": (0.03, 0.07),
    "rotation": (0.95, 1),
}
"""Share of draws that should be called directed, lowest and highest."""

BLOCK = 20
"""Draws of one task."""


def store(name: str, seed: int) -> Split:
    """A store drawn from a world."""
    world = World("rotation" if name == "shuffled" else name, ARTICLES, CHUNKS, DIM, seed=seed)
    articles = np.concatenate(list(simulate(world)))
    if name == "shuffled":
        rng = np.random.default_rng([seed, 1])
        articles = np.stack([rng.permutation(article) for article in articles])
    return Split(
        vectors=articles.reshape(-1, DIM).astype(np.float32),
        starts=np.arange(ARTICLES) * CHUNKS,
        lengths=np.full(ARTICLES, CHUNKS),
        articles=[{"id": number} for number in range(ARTICLES)],
        name=name,
        source={},
    )


def block(name: str, low: int, high: int) -> list[dict[str, float]]:
    """p-values of the draws ``low`` to ``high``."""
    rows = []
    for seed in range(low, high):
        split = store(name, seed)
        lags, together = antisymmetry(split, permutations=PERMUTATIONS, seed=seed)
        row = {f"A_{lag}": record["p"] for lag, record in lags.items()} | {"all": together}
        sample = sample_windows(split, WINDOW, ARTICLES * CHUNKS, seed)
        rows.append(row | {"classifier": classify(sample, REFITS, seed)["p"]})
    return rows


def measured(names: list[str], draws: int, workers: int) -> dict[str, dict[str, float]]:
    """By world and test, the share of draws with p at most 5 %."""
    bounds = [(low, min(low + BLOCK, draws)) for low in range(0, draws, BLOCK)]
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        tasks = {name: [pool.submit(block, name, *each) for each in bounds] for name in names}
        rows = {
            name: [row for task in each for row in task.result()] for name, each in tasks.items()
        }
    return {
        name: {test: float(np.mean([row[test] <= LEVEL for row in each])) for test in each[0]}
        for name, each in rows.items()
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--draws", type=int, default=2000)
    parser.add_argument("--worlds", nargs="+", default=list(WORLDS), choices=list(WORLDS))
    parser.add_argument("--workers", type=int, default=os.cpu_count())
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args(smoke.arguments("arrow"))
    rows = measured(arguments.worlds, arguments.draws, arguments.workers)
    if arguments.json:
        data = {"schema": "lvmctl.benchmark.arrow/1", "draws": arguments.draws, "found": rows}
        print(json.dumps(data, indent=2))
        return
    error = 100 * np.sqrt(LEVEL * (1 - LEVEL) / arguments.draws)
    print(
        f"% of {arguments.draws} draws called directed at level 5 % (± {error:.1f} where none is)"
    )
    tests = list(next(iter(rows.values())))
    print("".ljust(12), *(f"{test:>11}" for test in tests), f"{'should be':>14}")
    for name, shares in rows.items():
        low, high = WORLDS[name]
        cells = (f"{100 * shares[test]:11.1f}" for test in tests)
        print(name.ljust(12), *cells, f"{100 * low:8.0f} to {100 * high:.0f}")


if __name__ == "__main__":
    main()
