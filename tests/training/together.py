"""Trainings that several processes share; each function runs in processes of its own."""

from __future__ import annotations

import os
import signal
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple

import forked
from training import killed
from training.make import make_small

from lvmctl import processes

RANKER = {"min_article": 6, "hidden": 8}
RECIPES: dict[str, dict[str, Any]] = {
    **{name: {} for name in ("plain", "p2", "p4", "p5.1", "p6b", "p7", "p8")},
    "p3": {"window_dropout": "0"},
    "p9": {"sizes": RANKER},
    "p10": {"sizes": RANKER},
}
ODD = {"dropout": 0, "batch_size": 73, "eval_every": 7, "epochs": 7}
"""Four steps an epoch of the small data, of which the last has one window; 28 in all."""

OWN = '''
import torch
from lvmctl import LossOutput


class Own(torch.nn.Module):
    """Reads what batches share, draws at random, and learns something itself."""

    needs = ("target", "negatives", "negative_mask", "in_batch_mask")
    negatives = 3

    def __init__(self):
        super().__init__()
        self.scale = torch.nn.Parameter(torch.tensor(5.0))

    def forward(self, prediction, batch, step):
        noisy = prediction.q + 0.01 * torch.randn_like(prediction.q)
        others = (noisy @ batch.target.T).masked_fill(~batch.in_batch_mask, -1)
        near = torch.einsum("bd,bmd->bm", noisy, batch.negatives)
        own = (noisy * batch.target).sum(-1, keepdim=True)
        scores = self.scale * torch.cat([own, others, near * batch.negative_mask], dim=1)
        return LossOutput({"own": -scores.log_softmax(-1)[:, 0], "size": self.scale.square() / 100})
'''


def shared(task: Any, *arguments: Any, size: int = 2, timeout: float = 240) -> list[int]:
    """The exit codes of processes that do a task together."""
    with forked.meeting(size) as job, ThreadPoolExecutor(size) as pool:
        each = [(task, job | {"RANK": str(rank)}, *arguments) for rank in range(size)]
        ends = [pool.submit(forked.exit_code, joined, *one, timeout=timeout) for one in each]
        return [end.result() for end in ends]


def joined(task: Any, environment: Mapping[str, str], *arguments: Any) -> None:
    """Do a task together with the other processes."""
    os.environ.update(environment)
    with processes.joined():
        task(*arguments)


def train_all(root: Path) -> None:
    """Train every recipe, and one with a loss of a file."""
    import lvmctl_ranker.scorer

    lvmctl_ranker.scorer.UNKNOWN = 0  # what is drawn there, each process draws for itself
    os.environ["LVMCTL_TRUST_CODE"] = "1"
    own = (f"{root.parent / 'own.py'}:Own",)
    for recipe, options in RECIPES.items():
        data = {"data": str(root.parent / "texts")} if recipe == "p10" else {}
        make_small(root / recipe, recipe=recipe, **data, **ODD, **options).fit()
    make_small(root / "own", recipe="p7", losses=own, **ODD).fit()


class Ended(NamedTuple):
    """How a command ended in one process."""

    code: int
    out: str
    err: str


def typed(
    task: Any, streams: Path, *arguments: Any, size: int = 2, **environment: str
) -> list[Ended]:
    """How a command ends that ``task`` types in several processes, which it is to join itself."""
    with forked.meeting(size) as job, ThreadPoolExecutor(size) as pool:
        places = [streams / str(rank) for rank in range(size)]
        each = [
            (task, job | environment | {"RANK": str(rank)}, place, *arguments)
            for rank, place in enumerate(places)
        ]
        ends = [pool.submit(forked.exit_code, printing, *one, timeout=240) for one in each]
        codes = [end.result() for end in ends]
    said = [[(place / name).read_text("utf-8") for name in ("out", "err")] for place in places]
    return [Ended(code, *words) for code, words in zip(codes, said)]


def printing(task: Any, environment: Mapping[str, str], streams: Path, *arguments: Any) -> None:
    """Do a task whose output goes into files."""
    os.environ.update(environment)
    streams.mkdir(parents=True, exist_ok=True)
    for number, name in ((1, "out"), (2, "err")):
        file = os.open(streams / name, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        os.dup2(file, number)
    task(*arguments)


def train_until_one_is_killed(run: Path, epochs: int, rank: int) -> None:
    """Train, but SIGKILL one process at its 11th step."""
    from lvmctl.training.loop import Training

    step, steps = Training.step, iter(range(1, 1000))

    def dying(self: Training, index: Any) -> None:
        if processes.rank() == rank and next(steps) == 11:
            (run.parent / "killed").touch()
            os.kill(os.getpid(), signal.SIGKILL)
        step(self, index)

    Training.step = dying
    killed.train(run, epochs, False)


def train_until_one_is_signalled(run: Path, epochs: int, rank: int, phase: str) -> None:
    """Train, but send one process a SIGTERM in the middle of a phase."""
    if int(os.environ["RANK"]) == rank:
        killed.train_until_signalled(run, epochs, signal.SIGTERM, phase)
    killed.train(run, epochs, False)
