"""A ranker's scores of the list that a training has: the target and its article's chunks."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from lvmctl.core.batch import Batch, Pool


def score_list(model: nn.Module, batch: Batch) -> Tensor:
    """What ``model.score`` gives the target and the negatives of each context, with gradient.

    Args:
        model: with ``score(context, pool)``, see :class:`lvmctl.core.batch.Pool`.
        batch: with ``context``, ``target``, ``negatives``, ``negative_mask`` and ``article``.

    Returns:
        (B, 1 + M), the target's score first; of a negative that is not real, any number.
    """
    vectors = torch.cat([batch.target[:, None], batch.negatives], dim=1)
    mask = batch.negative_mask
    candidates = torch.cat([mask.new_ones(len(mask), 1), mask], dim=1)
    article = batch.article if model.training else None
    pool = Pool(vectors, candidates, article, *(batch.ranked or ()))
    return model.score(batch.context, pool)
