"""Comparing scores on another device than the CPU."""

from __future__ import annotations

import torch
from torch import Tensor

from lvmctl.evaluation.retrieval.blocks import UNIT, Scratch
from lvmctl.evaluation.retrieval.products import Compared, reach


class OnDevice:
    """:class:`~lvmctl.evaluation.retrieval.products.Comparison` by float32 products on a device.

    Args:
        q, target_score, norm: see there; they are copied.
        device: where products are made, in whatever order they sum.
    """

    def __init__(
        self, q: Tensor, target_score: Tensor, norm: Tensor, device: torch.device | str
    ) -> None:
        self.device = device
        near = reach((q.shape[1] + 8) * UNIT, target_score, norm)
        self.q = q.to(device)
        self.target_score, self.reach = (
            x.float()[:, None].to(device) for x in (target_score, near)
        )

    def prepare(self, chunks: Tensor) -> tuple[Tensor, ...]:
        return (chunks.to(self.device),)

    def compare(self, part: slice, chunks: tuple[Tensor, ...], scratch: Scratch) -> Compared:
        gap = (self.q[part] @ chunks[0].T).sub_(self.target_score[part])
        near = gap.abs() <= self.reach[part]
        row, column = near.nonzero(as_tuple=True)
        balance = gap.masked_fill_(near, 0).sign_().sum(dim=1)
        return Compared(balance.cpu(), row.cpu(), column.cpu())
