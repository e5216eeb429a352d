"""Standardising within a pool, and how many features there are."""

from __future__ import annotations

import pytest
import torch
from lvmctl_ranker.features import FLAT, Numbers, features, standardised, width
from lvmctl_ranker.measures import Measures
from lvmctl_ranker.neighbours import nearest_lists, neighbours
from lvmctl_ranker.options import GROUPS


def test_standardised_over_the_candidates_alone():
    raw = torch.tensor([[[1.0], [3.0], [5.0], [99.0]]])
    real = torch.tensor([[[True], [True], [True], [False]]])
    deviation = (8 / 3) ** 0.5 + FLAT
    expected = [-2 / deviation, 0.0, 2 / deviation, 5.0]
    assert standardised(raw, real)[0, :, 0].tolist() == pytest.approx(expected)


def test_a_column_without_differences_is_nought():
    raw, real = torch.full((1, 4, 2), 7.0), torch.ones(1, 4, 1, dtype=torch.bool)
    assert not standardised(raw, real).any()


@pytest.mark.parametrize("groups", [list(GROUPS), ["rank"], ["density", "shape"]])
@pytest.mark.parametrize("k", [1, 3])
def test_width_counts_the_features(article, groups, k):
    context, pool, _ = article(12, k=k)
    measures = Measures(context, pool, neighbours(pool.candidates, nearest_lists(pool, k)))
    for spaces in (1, 2):
        grouped = features([measures] * spaces, groups)
        assert grouped.shape == (*pool.candidates.shape, width(groups, k, spaces))


def test_numbers_stand_beside_each_other_in_their_order():
    generator = torch.Generator().manual_seed(0)
    real = torch.tensor([[True, True, False, True], [True, True, True, False]])
    measures, more = (torch.randn(2, 4, size, generator=generator) for size in (3, 2))
    numbers = Numbers(real, measures, torch.randn(2, 1, 5, generator=generator), more)
    column = real[..., None]
    window = numbers.window.expand(-1, 4, -1)
    parts = [measures, standardised(measures, column), window, standardised(more, column)]
    assert numbers.features().equal(torch.cat(parts, dim=-1))
    rows = numbers.real_rows()
    assert rows.features.equal(torch.cat(parts, dim=-1)[real])
    assert rows.context.tolist() == [0, 0, 0, 1, 1, 1]
