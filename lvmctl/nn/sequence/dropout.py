"""Dropout whose mask costs a quarter of torch's on a CPU."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

LEVELS = 1 << 16


def dropout(x: Tensor, p: float, training: bool) -> Tensor:
    """Zero elements of ``x`` with probability ``p`` and scale the rest by 1/(1 - p).

    On a CPU, torch draws one serial random number per element; here one 64-bit draw of the same
    generator decides four, so ``p`` is rounded to 1/65536. Elsewhere this is torch's dropout.

    Args:
        x: any shape.
        p: probability in [0, 1).
        training: False returns ``x`` itself.
    """
    if not training or p == 0:
        return x
    if x.device.type != "cpu":
        return functional.dropout(x, p)
    dropped = round(p * LEVELS)
    draws = torch.empty(-(-x.numel() // 4), dtype=torch.int64).random_(-(2**63), None)
    levels = draws.view(torch.int16)[: x.numel()].view(x.shape)
    # Converting from int8 is vectorised, from bool it is not.
    keep = (levels >= dropped - LEVELS // 2).view(torch.int8).to(x.dtype)
    return x * keep.mul_(LEVELS / (LEVELS - dropped))
