"""The order verifier: which of two stored chunks came first?"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from lvmctl import Batch, LossOutput, Prediction, Shape, Step
from lvmctl_p8.options import OrderOptions


class OrderVerifier(nn.Module):
    """Binary cross-entropy of an MLP on [a, b, a⊙b, a-b], label 1 where b comes later.

    a and b are stored chunks of one window with its target, never the states of a network, so it
    shares nothing with the model and measures the arrow of time in the data (docs/methods.md#p8).
    Chance is log 2 and accuracy one half.

    Needs: ``context``, ``target``, ``order_pairs``.
    Terms: ``order``. Metrics: ``order_accuracy``.
    """

    def __init__(self, options: OrderOptions, shape: Shape) -> None:
        super().__init__()
        self.order_pairs = options.pairs
        self.hidden = nn.Linear(4 * shape.dim, options.hidden)
        self.evidence = nn.Linear(options.hidden, 1)

    def forward(self, prediction: Prediction, batch: Batch, step: Step) -> LossOutput:
        chunks = torch.cat([batch.context, batch.target[:, None]], dim=1)
        first, second = batch.order_pairs[:, : self.order_pairs].unbind(dim=-1)
        rows = torch.arange(len(chunks), device=chunks.device)[:, None]
        logit = self.logit(chunks[rows, first], chunks[rows, second]).float()
        label = (second > first).to(logit)
        each = functional.binary_cross_entropy_with_logits(logit, label, reduction="none")
        right = ((logit > 0) == (label > 0.5)).float()
        return LossOutput({"order": each.mean(dim=1)}, {"order_accuracy": right.mean(dim=1)})

    def logit(self, a: Tensor, b: Tensor) -> Tensor:
        """Evidence that ``b`` (…, D) comes after ``a`` (…, D) → (…)."""
        # Part by part: the concatenation would be the largest tensor of a training step.
        parts = zip((a, b, a * b, a - b), self.hidden.weight.chunk(4, dim=1))
        hidden = sum(functional.linear(x, weight) for x, weight in parts) + self.hidden.bias
        return self.evidence(functional.relu(hidden)).squeeze(-1)
