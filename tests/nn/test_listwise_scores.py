"""A list of one's own: the target first, then the negatives that are real."""

from __future__ import annotations

import torch
from torch import nn

from lvmctl.nn.listwise_scores import score_list
from lvmctl.testing import random_batch


class Cosines(nn.Module):
    """Scores by cosine with the newest chunk, and remembers what it was asked."""

    def score(self, context, pool):
        self.pool = pool
        return (pool.vectors * context[:, -1:]).sum(dim=-1)


def test_the_target_comes_first_and_is_always_a_candidate():
    batch, model = random_batch(8, negatives=4), Cosines()
    scores = score_list(model, batch)
    assert scores.shape == (8, 5)
    assert torch.allclose(scores[:, 0], (batch.target * batch.last).sum(dim=-1))
    assert torch.allclose(scores[:, 3], (batch.negatives[:, 2] * batch.last).sum(dim=-1))
    assert model.pool.candidates[:, 0].all()
    assert torch.equal(model.pool.candidates[:, 1:], batch.negative_mask)
    assert not batch.negative_mask.all()
