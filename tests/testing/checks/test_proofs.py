"""Proofs of geometries against points whose distance is known."""

from __future__ import annotations

import pytest
import torch

from lvmctl import Prediction
from lvmctl.registry.specs import Shape
from lvmctl.sphere import unit
from lvmctl.testing.check import CheckFailed
from lvmctl.testing.checks.proofs import prove, prove_unit
from lvmctl.testing.inputs.contexts import Contexts

AXES = torch.eye(4)[None, :2]  # one context: the first two of four axes


def point(*numbers: float) -> torch.Tensor:
    return torch.tensor([numbers], dtype=torch.float32)


@pytest.mark.parametrize(
    ("geometry", "q", "away"),
    [
        ("unit", point(0, 0, 0, 1), None),
        ("span", point(0.6, -0.8, 0, 0), None),
        ("span", point(0.8, 0, 0.6, 0), "q is 0.6 away from the span"),
        ("cone", point(0.6, 0.8, 0, 0), None),
        ("cone", point(0.6, -0.8, 0, 0), "q is 0.8 away from the cone"),
        ("cone", point(0.8, 0, 0.6, 0), "q is 0.6 away from the cone"),
    ],
)
def test_distances_are_those_of_the_nearest_point(geometry, q, away):
    if away is None:
        assert prove(geometry, Prediction(q), AXES) < 1e-6
    else:
        with pytest.raises(CheckFailed, match=away):
            prove(geometry, Prediction(q), AXES)


def test_a_blend_without_direction_proves_nothing_and_hides_nothing():
    context = AXES.expand(2, -1, -1)
    middle, other = unit(point(1, 1, 0, 0)), point(0, 0, 1, 0)
    raw = torch.cat([-middle, other])
    for blend in (0.0, 0.3, 0.5, 1.0):
        blended = unit(blend * other + (1 - blend) * middle)
        sound = Prediction(torch.cat([point(0, 0, 0, 1), blended]), raw=raw)
        assert prove("anchored", sound, context) < 1e-6
    beyond = unit(1.5 * other - 0.5 * middle)  # λ = 1.5; what is nearest is raw
    broken = Prediction(torch.cat([middle, beyond]), raw=raw)
    with pytest.raises(
        CheckFailed, match=r"q is 0\.316 away from the blend"
    ):  # its part along -middle
        prove("anchored", broken, context)


@pytest.mark.parametrize(
    ("kind", "k", "allowed"),
    [("opposite", 2, True), ("opposite", 1, False), ("identical", 2, False)],
)
def test_no_direction_is_an_excuse_only_where_chunks_cancel(kind, k, allowed):
    contexts = Contexts(kind, 1, Shape(4, k))
    if allowed:
        prove_unit(torch.zeros(1, 4), contexts)
    else:
        with pytest.raises(CheckFailed, match="q has norm 0, not 1"):
            prove_unit(torch.zeros(1, 4), contexts)
    with pytest.raises(CheckFailed, match="not finite"):
        prove_unit(torch.full((1, 4), torch.nan), contexts)
    with pytest.raises(CheckFailed, match="q has norm 0"):
        prove_unit(point(0.5, 0, 0, 0), contexts)
