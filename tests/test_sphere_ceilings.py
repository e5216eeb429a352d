"""The best predictions of cones and spans, against optimality conditions and all subsets."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import torch
from contexts import contexts, repetitive, simplex, targets
from hypothesis import given
from hypothesis import strategies as st

from lvmctl.sphere import (
    best_in_cone,
    best_in_span,
    cone_projection,
    cone_weights,
    cosine,
    largest_margin,
    mixture,
    span_projection,
    unit,
)

anything = st.one_of(contexts(), repetitive())


def check_optimal(context: torch.Tensor, y: torch.Tensor) -> None:
    """The conditions of Karush, Kuhn and Tucker, which only the nearest point of a cone meets."""
    weights, context = cone_weights(context, y), context.double()
    nearest = torch.einsum("bk,bkd->bd", weights, context)
    assert torch.allclose(cone_projection(context, y), nearest, atol=1e-12)
    slope = torch.einsum("bkd,bd->bk", context, y - nearest)
    assert (weights >= 0).all()
    assert slope.max() <= 1e-9
    assert (slope.abs() * (weights > 0)).max() <= 1e-9


@given(anything)
def test_the_cones_nearest_point_is_optimal(case):
    context, rng = case
    check_optimal(context, targets(rng, context))


@pytest.mark.parametrize(("k", "dim"), [(5, 4), (12, 3), (24, 200), (64, 40)])
def test_the_cones_nearest_point_is_optimal_for_many_windows(k, dim):
    rng = np.random.default_rng(k + dim)
    context = unit(torch.from_numpy(rng.standard_normal((3000 // k, k, dim))))
    check_optimal(context, targets(rng, context))
    check_optimal(unit(context + context.mean(dim=1, keepdim=True)), targets(rng, context))


@pytest.mark.parametrize("distance", [1e-2, 1e-4, 1e-6, 1e-8])
def test_the_cones_nearest_point_is_optimal_for_chunks_nearly_alike(distance):
    rng = np.random.default_rng(0)
    common, noise = rng.standard_normal((300, 1, 9)), rng.standard_normal((300, 4, 9))
    context = unit(torch.from_numpy(common + distance * noise))
    y = targets(rng, context)
    check_optimal(context, y)
    if distance >= 1e-4:
        context[:, 1::2] *= -1
        check_optimal(context, y)


def test_a_chunk_of_zeros_adds_nothing():
    rng = np.random.default_rng(0)
    context = torch.from_numpy(rng.standard_normal((20, 3, 5)))
    y, zeros = targets(rng, context), torch.zeros(20, 1, 5)
    projection = cone_projection(torch.cat([context, zeros], dim=1), y)
    assert torch.allclose(projection, cone_projection(context, y), atol=1e-12)
    assert (cone_projection(context, 0 * y) == 0).all()


def nearest_by_subsets(columns: np.ndarray, y: np.ndarray) -> np.ndarray:
    """The nearest of all least-squares points whose weights are non-negative."""
    k, nearest = columns.shape[1], np.zeros_like(y)
    for size in range(1, k + 1):
        for chosen in itertools.combinations(range(k), size):
            weights = np.linalg.lstsq(columns[:, chosen], y, rcond=None)[0]
            point = columns[:, chosen] @ weights
            if (weights >= 0).all() and np.linalg.norm(y - point) < np.linalg.norm(y - nearest):
                nearest = point
    return nearest


@given(anything)
def test_the_cones_nearest_point_is_that_of_all_subsets(case):
    context, rng = case
    context, y = context[:, :5], targets(rng, context)
    projection = cone_projection(context, y)
    for b in range(len(y)):
        expected = nearest_by_subsets(context[b].double().T.numpy(), y[b].numpy())
        assert projection[b].numpy() == pytest.approx(expected, abs=1e-6)


@given(anything)
def test_ceilings_are_ordered_and_reached(case):
    context, rng = case
    y, chunk = targets(rng, context), rng.integers(context.shape[1])
    for p in (context[:, chunk], torch.zeros_like(y)):
        gap = y - p
        single = torch.einsum("bkd,bd->bk", unit(context.double()), gap).max(dim=1).values
        values = [largest_margin(g, context, y, p) for g in ("cone", "span", "unit")]
        for lower, upper in itertools.pairwise([single, *values]):
            assert (lower <= upper + 1e-8).all()
        for value, best in ((values[0], best_in_cone), (values[1], best_in_span)):
            q = best(context, gap)
            assert q.norm(dim=-1).numpy() == pytest.approx(1, abs=1e-9)
            assert cosine(q, gap).numpy() == pytest.approx(value.numpy(), abs=1e-7)
        mixed = mixture(simplex(rng, *context.shape[:2]).double(), context.double())
        assert (cosine(mixed, gap) <= values[0] + 1e-8).all()
        assert torch.equal(values[2], largest_margin("anchored", context, y, p))
        assert values[2].numpy() == pytest.approx(gap.norm(dim=-1).numpy())


@given(anything)
def test_the_cones_best_ignores_order_and_length(case):
    context, rng = case
    y = targets(rng, context)
    q, order = best_in_cone(context, y), rng.permutation(context.shape[1])
    lengths = torch.from_numpy(rng.uniform(0.01, 100, (*context.shape[:2], 1)))
    value = cosine(q, y)
    for same in (context[:, order], context * lengths):
        assert cosine(best_in_cone(same, y), y).numpy() == pytest.approx(value, abs=1e-7)
    assert torch.allclose(best_in_cone(context, y * 1e-11), q, atol=1e-6)
    span = best_in_span(context, y)
    assert torch.allclose(best_in_span(context, y * 1e-11), span, atol=1e-6)
    near = cone_projection(context, y)
    assert torch.allclose(cone_projection(context, 50 * y), 50 * near, atol=1e-5)


def test_cones_by_hand():
    x, z = [1.0, 0.0, 0.0], [0.0, 1.0, 0.0]
    y = torch.tensor([[0.6, -0.8, 0.0]])
    # Orthogonal chunks: only the positive component is reached; a span reaches both.
    assert cone_projection(torch.tensor([[x, z]]), y)[0].tolist() == pytest.approx([0.6, 0, 0])
    assert span_projection(torch.tensor([[x, z]]), y)[0].tolist() == pytest.approx([0.6, -0.8, 0])
    # A chunk and its opposite are a line.
    line = torch.tensor([[z, [0.0, -1.0, 0.0]]])
    assert cone_projection(line, y)[0].tolist() == pytest.approx([0, -0.8, 0])
    # Every chunk lies away from y: the nearest point is 0 and the best mixture a single chunk.
    away = torch.tensor([[[-1.0, 0.0, 0.0], [0.0, 0.6, 0.8]]])
    assert cone_projection(away, y)[0].tolist() == [0, 0, 0]
    assert best_in_cone(away, y)[0].tolist() == pytest.approx([0, 0.6, 0.8])
    gap = largest_margin("cone", away, y, torch.zeros(1, 3))
    assert gap.tolist() == pytest.approx([-0.48])
    # One chunk, and none of the target in it.
    assert best_in_cone(torch.tensor([[z]]), y)[0].tolist() == [0, 1, 0]
    assert best_in_span(torch.tensor([[z]]), y)[0].tolist() == pytest.approx([0, -1, 0])
    assert best_in_span(torch.tensor([[x, [0, 0, 1.0]]]), torch.tensor([z]))[0].tolist() == [
        0,
        0,
        1,
    ]


def test_a_target_that_is_the_last_chunk_leaves_no_margin():
    context = unit(torch.randn(3, 4, 6, generator=torch.Generator().manual_seed(0)))
    last = context[:, -1]
    for geometry in ("unit", "span", "cone", "anchored"):
        assert largest_margin(geometry, context, last, last).tolist() == [0, 0, 0]
