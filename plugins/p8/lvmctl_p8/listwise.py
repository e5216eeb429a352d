"""Listwise ranking over a handful of candidates that matter."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from lvmctl import Batch, LossOutput, Prediction, Step
from lvmctl.sphere import cosine
from lvmctl_p8.options import ListwiseOptions

MAX_CANDIDATES = 8


class Listwise(nn.Module):
    """-log softmax_T of the target among [y, last, same-article negatives, in-batch targets].

    At most eight candidates in all: the same-article negatives come first, then as many in-batch
    ones as fit. Negatives that an article does not have, and in-batch targets that would be false
    negatives, take no part (docs/methods.md#p8).

    Needs: ``target``, ``last``, ``negatives``, ``negative_mask``, ``in_batch_mask``.
    Terms: ``rank``. Range: [0, ∞).
    """

    def __init__(self, options: ListwiseOptions) -> None:
        super().__init__()
        self.temperature = options.temperature
        self.negatives = options.negatives
        self.in_batch = min(options.in_batch, MAX_CANDIDATES - 2 - options.negatives)

    def forward(self, prediction: Prediction, batch: Batch, step: Step) -> LossOutput:
        q = prediction.q
        scores = [cosine(q, batch.target)[:, None], cosine(q, batch.last)[:, None]]
        real = [torch.ones_like(scores[0], dtype=torch.bool)] * 2
        if self.negatives:
            scores.append(cosine(q[:, None], batch.negatives[:, : self.negatives]))
            real.append(batch.negative_mask[:, : self.negatives])
        for shift in range(1, min(self.in_batch, len(q) - 1) + 1):
            scores.append(cosine(q, batch.target.roll(-shift, 0))[:, None])
            real.append(shifted_diagonal(batch.in_batch_mask, shift)[:, None])
        logits = torch.cat(scores, dim=1) / self.temperature
        logits = logits.masked_fill(~torch.cat(real, dim=1), -torch.inf)
        first = torch.zeros(len(q), dtype=torch.long, device=q.device)
        each = functional.cross_entropy(logits, first, reduction="none")
        return LossOutput({"rank": each})


def shifted_diagonal(mask: Tensor, shift: int) -> Tensor:
    """mask[i, (i + shift) mod B] for every row i, (B,)."""
    rows = torch.arange(len(mask), device=mask.device)
    return mask[rows, (rows + shift) % len(mask)]
