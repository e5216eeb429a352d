"""Predictions from predictions, with gradient through every step."""

from __future__ import annotations

import torch
from torch import Tensor, nn


def roll_out(model: nn.Module, context: Tensor, q: Tensor, steps: int) -> Tensor:
    """Feed predictions back: each context drops its oldest chunk and takes q as its newest.

    Args:
        model: context (B, K, D) → :class:`lvmctl.core.batch.Prediction`.
        context: (B, K, D).
        q: (B, D) the model's prediction for ``context``, the first step.
        steps: R ≥ 1.

    Returns:
        (B, R, D) unit vectors; step r came from a context with r - 1 predictions in it.
    """
    predictions = [q]
    while len(predictions) < steps:
        context = torch.cat([context[:, 1:], predictions[-1][:, None].to(context)], dim=1)
        predictions.append(model(context).q)
    return torch.stack(predictions, dim=1)
