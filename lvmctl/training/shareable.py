"""What processes need to share a training; they are refused what they cannot share."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

import torch
from torch import nn

from lvmctl import processes
from lvmctl.config import TrainingOptions
from lvmctl.core.errors import DataError, PluginError, UsageError
from lvmctl.core.files import jsonable
from lvmctl.data.splits.identity import identity
from lvmctl.plan import Plan


def require_alike(plan: Plan, splits: dict[str, Any], device: str) -> None:
    """Refuse processes that train different things, with a DataError in all of them; ``splits`` are
    the records of :class:`lvmctl.Splits`."""
    if processes.size() == 1:
        return
    mine = {"data": identity(splits), "options": jsonable(plan.record()), "devices": device}
    every = processes.gather(mine)
    for name in mine:
        for rank, other in enumerate(every):
            if other[name] != every[0][name]:
                raise DataError(
                    f"processes 0 and {rank} have different {name}",
                    hint="give all the same command, and the same files on each machine",
                )


def require_equal_weights(model: nn.Module) -> None:
    """Refuse, in all processes, a model that came to differ between them, which a sum of each
    tensor tells."""
    if processes.size() == 1:
        return
    tensors = model.state_dict()
    sums = torch.stack([tensor.double().sum().cpu() for tensor in tensors.values()])
    every = processes.stack(sums)
    differ = (every.nan_to_num(0.0) != sums.nan_to_num(0.0)).any(0)
    if names := [name for name, differs in zip(tensors, differ.tolist()) if differs]:
        raise PluginError(
            f"{names[0]} of the model differs between the processes",
            hint="statistics of batches have to be summed with lvmctl.sum_over_processes",
        )


def require_place(device: str, options: TrainingOptions) -> None:
    """Refuse, in all processes, those for which there is no device or no window of a batch, or of
    which there are not as many as the environment says."""
    if processes.size() == 1:
        refuse_half_started()
        return
    if options.graph:
        raise UsageError("processes cannot share graphed steps", where="graph", hint="leave it out")
    if options.batch_size < processes.size():
        raise UsageError(
            f"a batch of {options.batch_size} cannot be shared by {processes.size()} processes",
            where="batch_size",
            hint="start fewer, or give a larger one",
        )
    if device == "mps":
        raise UsageError("several processes cannot share a device mps", hint="use --device cpu")
    local, gpus = int(os.environ.get("LOCAL_RANK", 0)), torch.cuda.device_count()
    if device == "cuda" and processes.largest(local - gpus) >= 0:
        raise UsageError(
            "a process needs a GPU of its own, and there are more processes than GPUs",
            where="--nproc-per-node",
            hint="start as many as there are GPUs, or use --device cpu",
        )


def refuse_half_started() -> None:
    """Refuse an environment that says there are several processes and not how they meet."""
    there = [name for name in processes.SET_BY_TORCHRUN if os.environ.get(name)]
    numbers = {"RANK", "WORLD_SIZE"} & set(there)
    if numbers and len(there) < len(processes.SET_BY_TORCHRUN):
        missing = [name for name in processes.SET_BY_TORCHRUN if name not in there]
        raise UsageError(
            f"{' and '.join(sorted(numbers))} is set in the environment, {missing[0]} is not",
            hint="start with torchrun, or unset it",
        )


def other_number(state: Mapping[str, Any]) -> str | None:
    """What is lost where another number of processes goes on from a checkpoint; None otherwise."""
    before, now = len(state.get("processes", [None])), processes.size()
    if before == now:
        return None
    return (
        f"the number of processes was {before} and is {now}: it goes on from the same weights with "
        "the same batches, but not bit-identical (dropout draws other numbers, and sums are taken "
        "in another order)"
    )
