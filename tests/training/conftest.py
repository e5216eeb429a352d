"""Small, fast trainings."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import forked
import pytest
from training.make import make_small

from lvmctl.training.loop import Training


@pytest.fixture
def make_training(tmp_path: Path) -> Callable[..., Training]:
    """``make_training(name, data=…, losses=…, recipe="p8", **options)`` in a new run directory."""

    def make(name="run", **parts) -> Training:
        return make_small(tmp_path / name, **parts)

    return make


@pytest.fixture(scope="session")
def in_process() -> Callable[..., int]:
    """``in_process(task, *arguments)`` runs a function in a process of its own.

    Returns its exit code, negative for a signal.
    """
    return forked.exit_code
