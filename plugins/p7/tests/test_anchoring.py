"""Anchored cosine (docs/methods.md#blend): the closed form, its shape, and the bound that does not
hold."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from hypothesis import assume, given
from hypothesis import strategies as st
from lvmctl_p7.anchoring import anchored_cosine, anchored_least_rho

from lvmctl.sphere import anchored, cosine

lambdas = st.floats(0.01, 1)
upper_lambdas = st.floats(0.5, 0.99)
rhos = st.floats(-1, 1)


def raw_at(rho: float, dim: int, seed: int) -> tuple[torch.Tensor, torch.Tensor]:
    """A raw vector of any norm and a unit anchor with cosine ``rho``, float64."""
    frame = np.linalg.qr(np.random.default_rng(seed).normal(size=(dim, 2)))[0].T
    anchor, other = torch.from_numpy(frame.copy())
    raw = rho * anchor + math.sqrt(1 - rho**2) * other
    return (1 + seed % 7) * raw[None], anchor[None]


@given(rhos, lambdas, st.integers(2, 64), st.integers(0, 99))
def test_the_cosine_to_the_anchor_is_f_of_rho(rho, anchor_lambda, dim, seed):
    raw, anchor = raw_at(rho, dim, seed)
    blend = anchor_lambda * raw / raw.norm() + (1 - anchor_lambda) * anchor
    assume(blend.norm() > 1e-3)
    q = anchored(raw, anchor, anchor_lambda)
    assert q.norm().item() == pytest.approx(1)
    assert cosine(q, anchor).item() == pytest.approx(anchored_cosine(rho, anchor_lambda), abs=1e-9)


@given(st.tuples(rhos, rhos), upper_lambdas)
def test_f_increases_for_lambda_from_a_half_on(pair, anchor_lambda):
    low, high = sorted(pair)
    assume(anchor_lambda > 0.5 or low > -1)
    values = [anchored_cosine(rho, anchor_lambda) for rho in (low, high)]
    assert values[0] <= values[1] + 1e-12


@given(st.floats(0.01, 0.49), rhos)
def test_below_a_half_f_has_its_minimum_inside(anchor_lambda, rho):
    b = 1 - anchor_lambda
    least = math.sqrt(1 - 2 * anchor_lambda) / b
    assert anchored_cosine(-anchor_lambda / b, anchor_lambda) == pytest.approx(least)
    assert anchored_cosine(rho, anchor_lambda) >= least - 1e-9


@given(upper_lambdas)
def test_the_limits_of_f(anchor_lambda):
    assert anchored_cosine(1.0, anchor_lambda) == pytest.approx(1)
    if anchor_lambda > 0.501:
        assert anchored_cosine(-1.0, anchor_lambda) == pytest.approx(-1)
    blend = 1 - anchor_lambda
    assert anchored_cosine(0.0, anchor_lambda) == pytest.approx(
        blend / math.hypot(anchor_lambda, blend)
    )
    assert anchored_cosine(0.3, 1.0) == pytest.approx(0.3)


@pytest.mark.parametrize(
    ("anchor_lambda", "rho", "value"),
    [
        (0.6, 0.0, 0.5547),
        (0.8, 0.0, 0.2425),
        (0.9, 0.0, 0.1104),
        (0.8, 0.41, 0.586),
        (0.8, 0.17, 0.392),
        (0.4, -1.0, 1.0),
    ],
)
def test_known_readings(anchor_lambda, rho, value):
    # The reports give ρ to two places.
    assert anchored_cosine(rho, anchor_lambda) == pytest.approx(value, abs=6e-4)
    assert anchored_cosine(np.array([rho]), anchor_lambda) == pytest.approx([value], abs=6e-4)
    assert anchored_cosine(torch.tensor([rho]), anchor_lambda).item() == pytest.approx(
        value, abs=6e-4
    )


@given(upper_lambdas, rhos)
def test_the_popular_bound_holds_from_rho_0_on_and_nowhere_below(anchor_lambda, rho):
    assume(anchor_lambda > 0.5)
    edge = anchored_least_rho(anchor_lambda)
    assume(abs(rho - edge) > 1e-6)
    holds = anchored_cosine(rho, anchor_lambda) >= 1 - anchor_lambda
    assert holds == (rho > edge)


def test_the_popular_bound_is_refuted_by_an_actual_prediction():
    # "At λ = .6 the prediction has cos(q, anchor) ≥ .40 by construction": this one has not.
    raw, anchor = raw_at(-0.5, 768, 0)
    q = anchored(raw, anchor, 0.6)
    assert cosine(q, anchor).item() < 0.40
    rng = np.random.default_rng(0)
    minima = [
        (rho, value)
        for rho in rng.uniform(-1, 1, 100)
        for value in [cosine(anchored(*raw_at(rho, 16, 1), 0.6), anchor_of(16)).item()]
        if value < 0.40
    ]
    assert minima
    assert all(rho < anchored_least_rho(0.6) for rho, _ in minima)


def anchor_of(dim: int) -> torch.Tensor:
    return raw_at(0.0, dim, 1)[1]


@pytest.mark.parametrize(("anchor_lambda", "edge"), [(0.6, -0.243), (0.8, -0.046), (0.9, -0.011)])
def test_rho_0_of_the_published_lambdas(anchor_lambda, edge):
    assert anchored_least_rho(anchor_lambda) == pytest.approx(edge, abs=5e-4)
    value = anchored_cosine(anchored_least_rho(anchor_lambda), anchor_lambda)
    assert value == pytest.approx(1 - anchor_lambda)


def test_opposite_vectors_of_equal_weight_leave_no_direction():
    anchor = torch.eye(3)[:1]
    assert not anchored(-anchor, anchor, 0.5).any()
