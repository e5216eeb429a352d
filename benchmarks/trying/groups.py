"""Dropout of whole groups of numbers: a row of `read-...`."""

from __future__ import annotations

from functools import partial

import torch
from lvmctl_ranker.options import GROUPS as OF_VECTORS
from lvmctl_reader.text_measures import GROUPS as OF_TEXTS
from lvmctl_reader.text_measures import OF_WINDOW
from torch import Tensor

from trying.articles import K
from trying.scoring import InputDropout, learned

SHARE = 0.15
"""Of the groups, without which a window is trained."""


def group_of() -> Tensor:
    """(F,) the group of each number of :meth:`~trying.lists.Lists.inputs` beside P10's words, raw,
    whitened and standardised alike; numbers of the window alone are one."""
    vectors = [count(K) for count in OF_VECTORS.values()]
    texts, first = list(OF_TEXTS.values()), 1 + len(vectors)
    cosines = torch.repeat_interleave(torch.arange(len(vectors)) + 1, torch.tensor(vectors))
    numbers = torch.repeat_interleave(torch.arange(len(texts)) + first, torch.tensor(texts))
    window, alone = torch.zeros(3, dtype=torch.long), torch.zeros(OF_WINDOW, dtype=torch.long)
    return torch.cat([*[cosines] * 4, window, *[numbers, alone] * 2])


class GroupDropout(InputDropout):
    """Dropout of single numbers, and of each group of them in each list."""

    def __init__(self) -> None:
        super().__init__()
        self.groups = group_of()

    def forward(self, z: Tensor) -> Tensor:
        if not self.training:
            return z
        kept = torch.rand(len(z), int(self.groups.max()) + 1) >= SHARE
        return super().forward(z) * (kept / (1 - SHARE))[:, None, self.groups]


without_groups = partial(learned, dropout=GroupDropout)
"""Learns from windows that lack some groups."""
