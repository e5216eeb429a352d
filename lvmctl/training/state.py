"""Everything a training must remember to go on bit for bit."""

from __future__ import annotations

import sys
from typing import Any

import torch

from lvmctl.core.errors import RunError, first_line
from lvmctl.nn.objective import Means

COUNTERS = ("epoch", "index", "before", "skipped", "skipped_here", "records", "best", "stopped")
"""Plain attributes of a :class:`~lvmctl.training.loop.Training` that are kept as they are."""


def state_dict(training: Any) -> dict[str, Any]:
    """The state of a :class:`~lvmctl.training.loop.Training` at this very moment: tensors and
    plain values. All processes have to ask for it at once."""
    on_gpu = training.backend.device == "cuda"
    shared = training.shared.state()
    state = {
        "model": training.model.state_dict(),
        "objective": training.objective.state_dict(),
        "optimizer": training.optimizer.state_dict(),
        **generators(on_gpu),
        "means": training.means.state(),
        **shared,
        **{name: getattr(training, name) for name in COUNTERS},
    }
    return unshared(state)


def unshared(value: Any) -> Any:
    """An equal value whose bytes, when it is saved, do not depend on where it came from.

    Pickle writes an object that occurs twice only once, and which objects are the same differs
    between a state that was read back and one that was not. Here equal strings are one object, and
    no dict, list or tuple occurs twice.
    """
    if type(value) is str:
        return sys.intern(value)
    if type(value) is dict:
        return {unshared(key): unshared(item) for key, item in value.items()}
    if type(value) in (list, tuple):
        return type(value)(unshared(item) for item in value)
    return value


def load_state(training: Any, state: dict[str, Any]) -> None:
    """Make ``training`` what it was when ``state`` was captured; a RunError where that does not
    fit."""
    try:
        training.model.load_state_dict(state["model"])
        training.objective.load_state_dict(state["objective"])
        training.optimizer.load_state_dict(state["optimizer"])
        restore_rng(state)
        sums = state["means"]["sums"]
        sums = None if sums is None else sums.to(training.backend.device)
        training.means = Means(**state["means"] | {"sums": sums})
        for name in COUNTERS:
            setattr(training, name, state[name])
        training.shared.load_state(state, training.before + training.index)
    except (RuntimeError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise RunError(
            f"the checkpoint does not fit this run ({first_line(error)})",
            where=training.run.checkpoints,
            hint="restore config.json, or start the training again",
        ) from error


def generators(on_gpu: bool) -> dict[str, torch.Tensor | None]:
    """The state of torch's random generators."""
    return {
        "generator": torch.get_rng_state(),
        "gpu_generator": torch.cuda.get_rng_state() if on_gpu else None,
    }


def restore_rng(state: dict[str, Any]) -> None:
    """Put the random generators back to what :func:`generators` found."""
    torch.set_rng_state(state["generator"])
    if state["gpu_generator"] is not None:
        torch.cuda.set_rng_state(state["gpu_generator"])
