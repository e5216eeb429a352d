"""How an encoder learns which chunk continues another."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from lvmctl_reader.matcher import LONG, in_parts, matching_loss


@pytest.mark.parametrize("k", [1, 3, 20])
def test_the_loss_is_that_of_the_formula(k):
    generator = torch.Generator().manual_seed(0)
    ends = torch.randn(2, 9, 4, dtype=torch.float64, generator=generator)
    tails, heads = torch.nn.functional.normalize(ends, dim=-1)
    losses = []
    for i in range(8):
        listed = [j for j in range(9) if not i - k < j <= i]
        weights = {j: math.exp(float(tails[i] @ heads[j]) / 0.05) for j in listed}
        losses.append(-math.log(weights[i + 1] / sum(weights.values())))
    assert float(matching_loss(tails, heads, k)) == pytest.approx(np.mean(losses))


def test_parts_are_the_article_in_order_none_too_long():
    for size in (1, LONG, LONG + 1, 5 * LONG - 3):
        parts = in_parts(list(range(size)))
        assert [each for part in parts for each in part] == list(range(size))
        assert max(map(len, parts)) <= LONG
        assert max(map(len, parts)) - min(map(len, parts)) <= 1
    assert in_parts([]) == []
