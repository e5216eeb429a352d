"""Listwise losses: the target among the chunks of its article."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from lvmctl import Batch, LossOutput, Prediction, Step
from lvmctl.sphere import cosine
from lvmctl_ranker.options import ListwiseOptions, QueryOptions

FLAT = 1e-6
"""Variance of cosines that is none."""


class Listwise(nn.Module):
    """-log softmax of the target's score among itself and the article's other chunks; of scores
    (B, N, M), that of each of M scorers, on average.

    Metrics say how the target ranks in that list, ``list_r@5`` and ``list_mrr``. Lists hold at most
    ``negatives`` + 1 chunks, so they are not the protocol's figures.

    Needs: ``negative_mask``, the prediction's ``scores``. Terms: ``list``.
    Range: [0, ∞).
    """

    def __init__(self, options: ListwiseOptions) -> None:
        super().__init__()
        self.negatives = options.negatives

    def forward(self, prediction: Prediction, batch: Batch, step: Step) -> LossOutput:
        assert prediction.scores is not None
        scores = prediction.scores[:, : 1 + self.negatives].float()
        real = batch.negative_mask[:, : self.negatives]
        each = scores.unbind(dim=2) if scores.dim() == 3 else (scores,)
        loss = torch.stack([cross_entropy(one, real) for one in each]).mean(dim=0)
        rank = ranks(torch.stack(each).mean(dim=0).detach(), real)
        metrics = {"list_r@5": (rank <= 5).float(), "list_mrr": 1 / rank}
        return LossOutput({"list": loss}, metrics)


class Query(nn.Module):
    """The same of the cosines cos(q, ·), in deviations of the list's own cosines, over T.

    A q between the chunks of its window is nearer to everything, and its cosines spread more. In
    deviations neither counts, and what is left is how far the target stands out.

    Needs: ``target``, ``negatives``, ``negative_mask``. Terms: ``query``.
    Range: [0, ∞).
    """

    def __init__(self, options: QueryOptions) -> None:
        super().__init__()
        self.negatives, self.temperature = options.negatives, options.temperature

    def forward(self, prediction: Prediction, batch: Batch, step: Step) -> LossOutput:
        q, used = prediction.q.float(), slice(self.negatives)
        cosines = [cosine(q, batch.target)[:, None], cosine(q[:, None], batch.negatives[:, used])]
        real = batch.negative_mask[:, used]
        logits = in_deviations(torch.cat(cosines, dim=1), real) / self.temperature
        return LossOutput({"query": cross_entropy(logits, real)})


def in_deviations(cosines: Tensor, real: Tensor) -> Tensor:
    """(cos - mean)/deviation of a target and its ``real`` negatives, (B, 1 + M)."""
    real = torch.cat([real.new_ones(len(real), 1), real], dim=1).to(cosines)
    share = real / real.sum(dim=1, keepdim=True)
    gap = cosines - (cosines * share).sum(dim=1, keepdim=True)
    return gap / ((gap.square() * share).sum(dim=1, keepdim=True) + FLAT).sqrt()


def cross_entropy(scores: Tensor, real: Tensor) -> Tensor:
    """-log softmax of the first of ``scores`` (B, 1 + M) → (B,); the others count where ``real``
    (B, M)."""
    others = scores[:, 1:].masked_fill(~real, -torch.inf)
    first = torch.zeros(len(scores), dtype=torch.long, device=scores.device)
    return functional.cross_entropy(
        torch.cat([scores[:, :1], others], dim=1), first, reduction="none"
    )


def ranks(scores: Tensor, real: Tensor) -> Tensor:
    """1 + #better + ½·#ties of the first of ``scores`` (B, 1 + M) among the ``real`` others."""
    target, others = scores[:, :1], scores[:, 1:]
    return 1 + (((others > target) + 0.5 * (others == target)) * real).sum(dim=1)
