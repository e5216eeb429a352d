"""The weights of a run as a safetensors file: tensors by name and nothing else."""

from __future__ import annotations

from typing import Any

import torch
from safetensors.torch import load, save

from lvmctl.core.errors import RunError

PARTS = ("model", "losses")
"""What a name in the file begins with: the network, or the losses where they learn something."""


def to_safetensors(weights: dict[str, dict[str, Any]], where: object) -> bytes:
    """The states of :data:`PARTS` as the content of a file.

    Raises:
        RunError: one holds something else than tensors.
    """
    tensors = {}
    for part in PARTS:
        for name, value in weights[part].items():
            if not isinstance(value, torch.Tensor):
                what = f"{part} keeps {name}, a {type(value).__name__}: only tensors are exported"
                raise RunError(what, where=where, hint="keep it as a buffer of the module")
            # A copy each: the format has no tensors that share memory.
            tensors[f"{part}.{name}"] = value.detach().cpu().contiguous().clone()
    return save(tensors)


def from_safetensors(content: bytes) -> dict[str, dict[str, torch.Tensor]]:
    """The states of :data:`PARTS`, from the content of a file.

    Raises:
        ValueError: it is damaged, or holds tensors of something else.
    """
    weights: dict[str, dict[str, torch.Tensor]] = {part: {} for part in PARTS}
    for name, tensor in load(content).items():
        part, _, rest = name.partition(".")
        if part not in weights:
            raise ValueError(f"its tensor {name[:40]!r} is none of lvmctl's")
        weights[part][rest] = tensor
    return weights
