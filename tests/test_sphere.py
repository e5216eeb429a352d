"""Geometry against float64, least squares and the bounds of docs/methods.md#cone, #ceilings."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from contexts import contexts, simplex
from hypothesis import assume, given
from hypothesis import strategies as st

from lvmctl.sphere import anchored, angle, centroid, cosine, mixture, span_projection, unit


def sizes_of_sum(weights: torch.Tensor, context: torch.Tensor) -> torch.Tensor:
    return torch.einsum("bk,bkd->bd", weights.double(), context.double()).norm(dim=-1)


def test_unit_and_cosine_by_hand():
    x = torch.tensor([[3.0, 4.0], [0.0, 0.0], [-2.0, 0.0]])
    assert torch.allclose(unit(x), torch.tensor([[0.6, 0.8], [0.0, 0.0], [-1.0, 0.0]]))
    assert cosine(unit(x[0]), unit(x[2])).item() == pytest.approx(-0.6)


@pytest.mark.parametrize("degrees", [0, 1e-3, 30, 90, 135, 179.999, 180])
def test_the_angle_between_vectors_of_a_plane(degrees):
    theta = math.radians(degrees)
    a = torch.tensor([1.0, 0.0], dtype=torch.float64, requires_grad=True)
    b = torch.tensor([math.cos(theta), math.sin(theta)], dtype=torch.float64)
    angles = angle(a, b)
    assert angles.item() == pytest.approx(theta, abs=1e-9)
    assert angle(b, a).item() == pytest.approx(theta, abs=1e-9)
    angles.backward()
    assert a.grad.isfinite().all()


@given(st.floats(0, 1), st.floats(0, math.pi - 0.01), st.floats(1e-3, 1e3))
def test_a_blend_knows_the_raw_vectors_direction_and_not_its_length(blend, theta, length):
    # docs/methods.md#blend, in the plane of the two.
    raw = length * torch.tensor([[math.cos(theta), math.sin(theta)]], dtype=torch.float64)
    anchor = torch.tensor([[1.0, 0.0]], dtype=torch.float64)
    x, y = blend * math.cos(theta) + 1 - blend, blend * math.sin(theta)
    wanted = [x / math.hypot(x, y), y / math.hypot(x, y)]
    assert anchored(raw, anchor, blend)[0].tolist() == pytest.approx(wanted, abs=1e-9)


def test_centroid_is_the_normalised_mean():
    context = torch.tensor([[[1.0, 0.0], [0.0, 1.0]], [[1.0, 0.0], [1.0, 0.0]]])
    expected = torch.tensor([[math.sqrt(0.5), math.sqrt(0.5)], [1.0, 0.0]])
    assert torch.allclose(centroid(context), expected)


def test_chunks_of_equal_pairwise_cosine_are_far_from_their_centroid():
    # docs/methods.md#cone: cos(c_i, c̄) = √((1 + (K-1)s)/K), .75 at s = .46 and K = 5.
    k, s = 5, 0.46
    gram = np.full((k, k), s) + (1 - s) * np.eye(k)
    context = torch.from_numpy(np.linalg.cholesky(gram))[None]
    cosines = cosine(context, centroid(context)[:, None])
    assert cosines.numpy() == pytest.approx(math.sqrt((1 + (k - 1) * s) / k))
    assert cosines.numpy() == pytest.approx(0.75, abs=5e-3)


@given(contexts())
def test_a_mixture_is_a_unit_vector_of_the_span(case):
    context, rng = case
    weights = simplex(rng, *context.shape[:2])
    assume(sizes_of_sum(weights, context).min() > 0.02)
    q = mixture(weights, context)
    for b in range(len(q)):
        columns, prediction = context[b].double().T.numpy(), q[b].double().numpy()
        assert np.linalg.norm(prediction) == pytest.approx(1, abs=1e-5)
        nearest = columns @ np.linalg.lstsq(columns, prediction, rcond=None)[0]
        assert np.linalg.norm(prediction - nearest) <= 1e-5
        exact = columns @ weights[b].double().numpy()
        assert prediction == pytest.approx(exact / np.linalg.norm(exact), abs=1e-5)


@given(contexts())
def test_a_mixture_stays_in_the_cone(case):
    context, rng = case
    weights = simplex(rng, *context.shape[:2])
    assume(sizes_of_sum(weights, context).min() > 0.02)
    anchor = centroid(context.double())
    smallest = cosine(context.double(), anchor[:, None]).min(dim=-1).values
    bound = torch.where(smallest >= 0, smallest, -1.0)
    assert (cosine(mixture(weights, context).double(), anchor) >= bound - 1e-5).all()


def test_the_cone_bound_needs_chunks_on_the_centroids_side():
    # Two chunks lean a little away from the centroid; their mixture points straight away from it.
    away = [[-0.1, math.sqrt(0.99)], [-0.1, -math.sqrt(0.99)]]
    context = torch.tensor([[*away, [1.0, 0.0], [1.0, 0.0], [1.0, 0.0]]])
    anchor = centroid(context)
    smallest = cosine(context, anchor[:, None]).min()
    assert smallest.item() == pytest.approx(-0.1, abs=1e-6)
    q = mixture(torch.tensor([[0.5, 0.5, 0.0, 0.0, 0.0]]), context)
    assert cosine(q, anchor).item() == pytest.approx(-1, abs=1e-5)


@given(contexts(), st.floats(1e-3, 1e3))
def test_a_mixture_ignores_order_and_scale(case, scale):
    context, rng = case
    weights = simplex(rng, *context.shape[:2])
    assume(sizes_of_sum(weights, context).min() > 0.02)
    q = mixture(weights, context)
    order = rng.permutation(context.shape[1])
    assert torch.allclose(mixture(weights[:, order], context[:, order]), q, atol=1e-5)
    assert torch.allclose(mixture(weights * scale, context), q, atol=1e-5)
    assert torch.allclose(mixture(weights, context * scale), q, atol=1e-5)
    assert torch.allclose(mixture(weights, -context), -q, atol=1e-5)


def test_a_mixture_of_one_chunk_is_that_chunk():
    context = unit(torch.randn(4, 3, 5, generator=torch.Generator().manual_seed(0)))
    for i in range(3):
        chosen = torch.zeros(4, 3)
        chosen[:, i] = 1
        assert torch.allclose(mixture(chosen, context), context[:, i], atol=1e-6)


def test_a_mixture_keeps_float32_under_autocast():
    context = unit(torch.randn(8, 5, 64, generator=torch.Generator().manual_seed(0)))
    weights = torch.full((8, 5), 0.2)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        q = mixture(weights, context)
    assert q.dtype == torch.float32
    assert torch.equal(q, mixture(weights, context))


@given(contexts())
def test_span_projection_is_the_least_squares_one(case):
    context, rng = case
    y = torch.from_numpy(rng.standard_normal((len(context), context.shape[2])))
    y = unit(y).float()
    inside = span_projection(context, y)
    assert inside.dtype == torch.float64
    for b in range(len(y)):
        columns = context[b].double().T.numpy()
        # Directions that float32 chunks nearly lack are where the two may differ.
        sizes = np.linalg.svd(columns, compute_uv=False)
        assume(sizes.min() > 1e-3 * sizes.max())
        expected = columns @ np.linalg.lstsq(columns, y[b].double().numpy(), rcond=None)[0]
        assert inside[b].numpy() == pytest.approx(expected, abs=1e-9)


@given(contexts(smallest=2))
def test_span_projection_counts_repeated_chunks_once(case):
    context, rng = case
    y = unit(torch.from_numpy(rng.standard_normal((len(context), context.shape[2]))))
    repeated = torch.cat([context, context[:, :1], -context[:, 1:2]], dim=1)
    assert torch.allclose(span_projection(repeated, y), span_projection(context, y), atol=1e-6)
    same = context[:, :1].expand(-1, 4, -1)
    along = cosine(context[:, 0].double(), y)[:, None] * context[:, 0].double()
    assert torch.allclose(span_projection(same, y), along, atol=1e-6)


@given(contexts())
def test_no_mixture_exceeds_the_span_ceiling(case):
    context, rng = case
    y = unit(torch.from_numpy(rng.standard_normal((len(context), context.shape[2]))))
    inside = span_projection(context, y)
    ceiling = inside.norm(dim=-1)
    assert (ceiling <= 1 + 1e-9).all()
    for _ in range(5):
        weights = simplex(rng, *context.shape[:2])
        reached = cosine(mixture(weights, context).double(), y)
        assert (reached <= ceiling + 1e-5).all()
    # And the ceiling is reached, by the projection's own direction.
    assert torch.allclose(cosine(unit(inside), y), ceiling, atol=1e-9)


@pytest.mark.parametrize("distance", [1e-2, 1e-4, 1e-5])
def test_span_projection_is_accurate_for_chunks_nearly_alike(distance):
    rng = np.random.default_rng(0)
    common, noise = rng.standard_normal((1, 20)), rng.standard_normal((4, 20))
    columns = (common + distance * noise).T
    y = rng.standard_normal(20)
    expected = columns @ np.linalg.lstsq(columns, y, rcond=None)[0]
    projection = span_projection(torch.from_numpy(columns.T)[None], torch.from_numpy(y)[None])
    assert projection[0].numpy() == pytest.approx(expected, abs=1e-8)


def test_span_projection_does_not_count_rounding():
    context = torch.tensor([[[1.0, 0.0, 0.0], [1.0, 1e-7, 0.0], [1.0, 0.0, 1e-4]]])
    y = torch.tensor([[0.0, 0.6, 0.8]])
    assert span_projection(context, y)[0].tolist() == pytest.approx([0, 0, 0.8], abs=1e-3)
