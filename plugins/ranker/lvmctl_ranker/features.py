"""Measures of candidates as the numbers a scorer reads."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from lvmctl_ranker.measures import Measures
from lvmctl_ranker.options import GROUPS

FLAT = 1e-3
"""Deviation within a pool below which a measure does not tell candidates apart."""

FAR = 5.0
"""Deviations from the mean that count, at most."""


def features(spaces: Sequence[Measures], groups: Sequence[str]) -> Tensor:
    """The named groups in each space as they are and standardised within the pool, and the window's
    own measures.

    Returns:
        (B, N, F); of what is no candidate, finite numbers without meaning.
    """
    raw = [getattr(each, name)() for each in spaces for name in groups]
    real = spaces[0].real
    return torch.cat([*raw, *(standardised(each, real) for each in raw), spaces[0].window()], -1)


def raw_and_standardised(raw: Tensor, real: Tensor) -> Tensor:
    """``raw`` (B, N, E) as it is and standardised within the pool, (B, N, 2E)."""
    return torch.cat([raw, standardised(raw, real)], dim=-1)


def width(groups: Sequence[str], k: int, spaces: int) -> int:
    """F, the number of features for windows of ``k`` chunks."""
    return 2 * spaces * sum(GROUPS[name](k) for name in groups) + 3


def standardised(raw: Tensor, real: Tensor) -> Tensor:
    """(x - mean)/deviation of each column of ``raw`` (B, N, F), over the candidates ``real``
    (B, N, 1) of a context; in [-5, 5], and 0 in a column without differences."""
    share = real.mT / real.sum(dim=1, keepdim=True)  # (B, 1, N): a product with it is a mean
    gap = raw - share.to(raw) @ raw
    deviation = (share.to(raw) @ gap.square()).sqrt_().add_(FLAT)
    return gap.div_(deviation).clamp_(-FAR, FAR)
