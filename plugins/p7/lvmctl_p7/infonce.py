"""InfoNCE: the target against chunks that are near, and targets that are far."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from lvmctl import Batch, LossOutput, Prediction, Step
from lvmctl.sphere import cosine
from lvmctl_p7.options import InfoNceOptions


class InfoNce(nn.Module):
    """-log softmax_T of the target among [y, last, same-article negatives, other targets].

    Negatives that an article does not have, and targets of the batch that lie in the row's window
    or within K chunks of its target in the same article, take no part (docs/methods.md#p7).

    Needs: ``target``, ``last``, ``negatives``, ``negative_mask``, ``in_batch_mask``.
    Terms: ``rank``. Range: [0, ∞).
    """

    def __init__(self, options: InfoNceOptions) -> None:
        super().__init__()
        self.temperature = options.temperature
        self.negatives = options.negatives
        self.in_batch = options.in_batch

    def forward(self, prediction: Prediction, batch: Batch, step: Step) -> LossOutput:
        q = prediction.q
        scores = [cosine(q, batch.target)[:, None], cosine(q, batch.last)[:, None]]
        real = [torch.ones_like(scores[0], dtype=torch.bool)] * 2
        if self.negatives:
            scores.append(cosine(q[:, None], batch.negatives[:, : self.negatives]))
            real.append(batch.negative_mask[:, : self.negatives])
        if self.in_batch:
            scores.append(between(q, batch.target))
            real.append(batch.in_batch_mask)
        logits = torch.cat(scores, dim=1) / self.temperature
        logits = logits.masked_fill(~torch.cat(real, dim=1), -torch.inf)
        first = torch.zeros(len(q), dtype=torch.long, device=q.device)
        each = functional.cross_entropy(logits, first, reduction="none")
        return LossOutput({"rank": each})


def between(q: Tensor, target: Tensor) -> Tensor:
    """cos(q_i, y_j), (B, B); in full precision under autocast, since T = .07 magnifies rounding."""
    with torch.autocast(q.device.type, enabled=False):
        return q.float() @ target.mT
