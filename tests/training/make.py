"""Makes small trainings."""

from __future__ import annotations

from pathlib import Path

from recorder import Recorder
from training.small import DATA, TINY

from lvmctl.core.run_directory import RunDirectory
from lvmctl.data import Windows, open_splits
from lvmctl.plan import make_plan
from lvmctl.registry import load_registry
from lvmctl.training import distributed, job
from lvmctl.training.backend import choose_backend
from lvmctl.training.loop import Training


def train(out: Path, recipe: str = "p8", data: object = DATA, sizes=TINY, **options: object):
    """What a small training of one epoch into ``out`` ended with."""
    layers = [("test", {**sizes, "epochs": 1, **options})]
    request = job.TrainRequest(recipe, layers, sources={"data": str(data)}, out=out)
    return job.start(request, Recorder())


def make_small(
    path: Path, data: str = DATA, losses=(), recipe: str = "p8", sizes=TINY, **options: object
) -> Training:
    """A training in the new run directory ``path``, shared by the processes there are."""
    registry = load_registry()
    plan = make_plan(registry, recipe, [("test", {**sizes, **options})], losses)
    splits = open_splits(data)
    shape = (plan.options.context, plan.options.horizon)
    run = distributed.run_directory(lambda: RunDirectory.create(path))
    backend = choose_backend("cpu", plan.options.precision)
    windows = Windows(splits.train, *shape), Windows(splits.val, *shape)
    return Training(plan, registry, run, *windows, backend, Recorder())
