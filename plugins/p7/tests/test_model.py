"""The ranker: the blend's geometry, and λ within its bounds with a gradient everywhere."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from lvmctl_p7.anchoring import anchored_cosine
from lvmctl_p7.model import Ranker
from lvmctl_p7.options import RankerOptions

from lvmctl import Shape
from lvmctl.nn.sequence.options import SEQUENCE_MODELS
from lvmctl.sphere import centroid, cosine, unit


def small(**changes) -> RankerOptions:
    sizes = {"width": 16, "layers": 2, "heads": 2, "feedforward": 24, "dropout": 0.0}
    return RankerOptions(**sizes | changes)


def contexts(size: int, k: int, dim: int, seed: int = 0) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    return unit(torch.randn(size, k, dim, generator=generator))


@settings(max_examples=60)
@given(
    seed=st.integers(0, 2**31),
    dim=st.sampled_from([2, 7, 33]),
    k=st.sampled_from([2, 5]),
    blend=st.sampled_from([0.6, 0.8, 0.9]),
    encoder=st.sampled_from(SEQUENCE_MODELS),
    bf16=st.booleans(),
)
def test_the_cosine_to_the_anchor_is_a_function_of_the_raw_one(seed, dim, k, blend, encoder, bf16):
    torch.manual_seed(seed)
    model = Ranker(small(encoder=encoder, anchor_lambda=blend), Shape(dim, k)).eval()
    context = contexts(4, k, dim, seed)
    with torch.no_grad(), torch.autocast("cpu", dtype=torch.bfloat16, enabled=bf16):
        prediction = model(context)
    assert prediction.q.dtype == prediction.raw.dtype == torch.float32
    assert prediction.q.shape == prediction.raw.shape == (4, dim)
    assert prediction.extras["anchor_lambda"].shape == ()
    assert prediction.extras["anchor_lambda"].item() == pytest.approx(blend, abs=1e-7)

    q, raw = prediction.q.double().numpy(), prediction.raw.double().numpy()
    assert np.linalg.norm(q, axis=1) == pytest.approx(1, abs=1e-6)
    anchor = context.double().numpy().mean(axis=1)
    anchor /= np.linalg.norm(anchor, axis=1, keepdims=True)
    raw /= np.linalg.norm(raw, axis=1, keepdims=True)
    rho = (raw * anchor).sum(axis=1)
    assert (q * anchor).sum(axis=1) == pytest.approx(anchored_cosine(rho, blend), abs=1e-5)
    mixed = blend * raw + (1 - blend) * anchor
    mixed /= np.linalg.norm(mixed, axis=1, keepdims=True)
    assert q == pytest.approx(mixed, abs=1e-5)


@pytest.mark.parametrize("start", [0.6, 0.7, 0.9])
def test_lambda_has_the_slope_of_the_formula(step, start):
    torch.manual_seed(0)
    model = Ranker(small(anchor_lambda=start), Shape(9, 4)).double()
    model.at(step)
    context, y = contexts(5, 4, 9).double(), contexts(5, 1, 9, seed=3)[:, 0].double()
    prediction = model(context)
    cosine(prediction.q, y).sum().backward()
    raw, anchor = unit(prediction.raw.detach().double()), centroid(context)

    def value(blend: float) -> float:
        return cosine(unit(blend * raw + (1 - blend) * anchor), y).sum().item()

    slope = (value(start + 1e-4) - value(start - 1e-4)) / 2e-4
    assert model.anchor_lambda.grad.item() == pytest.approx(slope, rel=1e-3, abs=1e-5)


@pytest.mark.parametrize("start", [0.6, 0.9])
def test_lambda_leaves_its_bound_again(step, start):
    model = Ranker(small(anchor_lambda=start), Shape(9, 4))
    inwards = 1.0 if start == 0.6 else -1.0
    optimizer = torch.optim.SGD([model.anchor_lambda], lr=0.05)
    for sign in (-inwards, inwards):  # pushed against the bound, then away from it
        model.at(step)
        optimizer.zero_grad()
        blend = model(contexts(3, 4, 9)).extras["anchor_lambda"]
        (-sign * blend).backward()
        optimizer.step()
    assert (model.anchor_lambda.item() - start) * inwards == pytest.approx(0.05, abs=1e-6)


@pytest.mark.parametrize("learn", [True, False])
@pytest.mark.parametrize(("value", "bounded"), [(0.1, 0.6), (0.7, 0.7), (1.3, 0.9)])
def test_lambda_is_clamped_to_its_bounds(step, learn, value, bounded):
    model = Ranker(small(learn_lambda=learn), Shape(9, 4)).eval()
    with torch.no_grad():
        model.anchor_lambda.fill_(value)
    # What is predicted is within the bounds before that too.
    before = model(contexts(3, 4, 9))
    assert before.extras["anchor_lambda"].item() == pytest.approx(bounded, abs=1e-7)
    model.at(step)
    assert model.anchor_lambda.item() == pytest.approx(bounded, abs=1e-7)
    assert torch.equal(model(contexts(3, 4, 9)).q, before.q)


@pytest.mark.parametrize("learn", [True, False])
def test_a_fixed_lambda_is_no_parameter_but_is_saved(learn):
    model = Ranker(small(learn_lambda=learn, anchor_lambda=0.7), Shape(9, 4))
    assert ("anchor_lambda" in dict(model.named_parameters())) == learn
    assert ("anchor_lambda" in dict(model.named_buffers())) == (not learn)
    assert model.state_dict()["anchor_lambda"].item() == pytest.approx(0.7)
    prediction = model(contexts(3, 4, 9))
    assert prediction.extras["anchor_lambda"].requires_grad == learn
    prediction.q.sum().backward()
    assert (model.anchor_lambda.grad is not None) == learn


@pytest.mark.parametrize("encoder", SEQUENCE_MODELS)
def test_the_prediction_depends_on_the_order_of_the_window(encoder):
    torch.manual_seed(0)
    model = Ranker(small(encoder=encoder), Shape(9, 4)).eval()
    context = contexts(4, 4, 9)
    assert not torch.allclose(model(context.flip(1)).q, model(context).q, atol=1e-3)
