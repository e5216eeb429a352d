"""Small, fast trainings."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import forked
import pytest
from recorder import Recorder
from training.small import DATA, TINY

from lvmctl.core.run_directory import RunDirectory
from lvmctl.data import Windows, open_splits
from lvmctl.plan import make_plan
from lvmctl.registry import load_registry
from lvmctl.training.backend import choose_backend
from lvmctl.training.loop import Training


@pytest.fixture
def make_training(tmp_path: Path) -> Callable[..., Training]:
    """``make_training(name, data=…, losses=…, recipe="p8", **options)`` in a new run directory."""

    def make(name="run", data: str = DATA, losses=(), recipe: str = "p8", **options) -> Training:
        registry = load_registry()
        plan = make_plan(registry, recipe, [("test", TINY | options)], losses)
        splits = open_splits(data)
        shape = (plan.options.context, plan.options.horizon)
        run = RunDirectory.create(tmp_path / name)
        backend = choose_backend("cpu", plan.options.precision)
        windows = Windows(splits.train, *shape), Windows(splits.val, *shape)
        return Training(plan, registry, run, *windows, backend, Recorder())

    return make


@pytest.fixture(scope="session")
def in_process() -> Callable[..., int]:
    """``in_process(task, *arguments)`` runs a function in a process of its own.

    Returns its exit code, negative for a signal.
    """
    return forked.exit_code
