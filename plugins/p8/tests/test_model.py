"""The mixture's geometry: in the span, in the cone, on the simplex, at unit norm."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from lvmctl_p8.model import Mixture

from lvmctl import SequenceOptions, Shape
from lvmctl.sphere import centroid, cosine, span_projection, unit

SEQUENCE_MODELS = ["transformer", "lstm"]


def small(encoder: str, **changes) -> SequenceOptions:
    sizes = {"width": 16, "layers": 2, "heads": 2, "feedforward": 24, "dropout": 0.0}
    return SequenceOptions(encoder=encoder, **sizes | changes)


@st.composite
def models(draw):
    """A mixture model with sharp and flat weights, float32 contexts, and a generator."""
    k, dim = draw(st.integers(1, 6)), draw(st.sampled_from([1, 2, 3, 8, 65]))
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    torch.manual_seed(int(rng.integers(2**31)))
    model = Mixture(small(draw(st.sampled_from(SEQUENCE_MODELS))), Shape(dim, k)).eval()
    with torch.no_grad():
        model.attention.weight.mul_(draw(st.sampled_from([0.0, 1.0, 30.0])))
    common = rng.standard_normal((3, 1, dim)) * draw(st.sampled_from([0.0, 1.0, 4.0]))
    context = unit(torch.from_numpy(rng.standard_normal((3, k, dim)) + common)).float()
    return model, context, rng


@settings(max_examples=60)
@given(models(), st.booleans())
def test_a_prediction_is_a_unit_vector_in_span_and_cone(case, bf16):
    model, context, rng = case
    with torch.no_grad(), torch.autocast("cpu", dtype=torch.bfloat16, enabled=bf16):
        prediction = model(context)
    q, weights = prediction.q.double(), prediction.weights.double()
    assert prediction.q.dtype == prediction.weights.dtype == torch.float32
    assert weights.shape == context.shape[:2]
    assert (weights >= 0).all()
    assert weights.sum(-1).numpy() == pytest.approx(1, abs=1e-6)

    mixed = torch.einsum("bk,bkd->bd", weights, context.double())
    assume(mixed.norm(dim=-1).min() > 0.02)  # else rounding decides the direction
    assert q.norm(dim=-1).numpy() == pytest.approx(1, abs=1e-5)
    assert torch.allclose(q, unit(mixed), atol=1e-5)
    for row, chunks in zip(q.numpy(), context.double().numpy()):
        nearest = chunks.T @ np.linalg.lstsq(chunks.T, row, rcond=None)[0]
        assert np.linalg.norm(row - nearest) <= 1e-5 * np.linalg.norm(row)

    anchor = centroid(context.double())
    smallest = cosine(context.double(), anchor[:, None]).min(dim=-1).values
    bounded = smallest >= 0
    assert (cosine(q, anchor) >= smallest - 1e-5)[bounded].all()

    y = unit(torch.from_numpy(rng.standard_normal((3, context.shape[2]))))
    ceiling = span_projection(context, y).norm(dim=-1)
    assert (cosine(q, y) <= ceiling + 1e-5).all()


@pytest.mark.parametrize("encoder", SEQUENCE_MODELS)
def test_a_window_of_one_chunk_predicts_that_chunk(encoder):
    model = Mixture(small(encoder), Shape(9, 1)).eval()
    context = unit(torch.randn(4, 1, 9))
    prediction = model(context)
    assert torch.allclose(prediction.q, context[:, 0], atol=1e-6)
    assert torch.equal(prediction.weights, torch.ones(4, 1))


@pytest.mark.parametrize("encoder", SEQUENCE_MODELS)
def test_weights_depend_on_the_order_of_the_window(encoder):
    torch.manual_seed(0)
    model = Mixture(small(encoder), Shape(9, 4)).eval()
    context = unit(torch.randn(4, 4, 9))
    turned = model(context.flip(1))
    assert not torch.allclose(turned.weights.flip(1), model(context).weights, atol=1e-3)
