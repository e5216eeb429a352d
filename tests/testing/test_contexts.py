"""The contexts that models and baselines are tried on are what their names say."""

from __future__ import annotations

import pytest
import torch

from lvmctl import Prediction
from lvmctl.core.errors import UsageError
from lvmctl.registry.specs import Shape
from lvmctl.sphere import unit
from lvmctl.testing.check import CheckFailed, for_all
from lvmctl.testing.contexts import (
    KINDS,
    OTHER_SHAPES,
    SHAPE,
    Contexts,
    accepted,
    contexts,
    prove,
    prove_unit,
)

SHAPES = (SHAPE, *OTHER_SHAPES)


def cosines(contexts: Contexts) -> torch.Tensor:
    """Cosines (B, K, K) of the chunks of each context."""
    chunks = contexts.tensor().double()
    return chunks @ chunks.mT


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("kind", KINDS)
def test_contexts_are_finite_unit_chunks_that_a_seed_decides(kind, shape):
    contexts = Contexts(kind, 3, shape, seed=4)
    chunks = contexts.tensor()
    assert chunks.shape == (3, shape.context_length, shape.dim)
    assert chunks.dtype == torch.float32
    assert torch.allclose(chunks.norm(dim=-1), torch.ones(3, shape.context_length), atol=1e-6)
    assert torch.equal(chunks, Contexts(kind, 3, shape, seed=4).tensor())
    assert not torch.allclose(chunks, Contexts(kind, 3, shape, seed=5).tensor())
    assert not torch.allclose(chunks[0], chunks[1])


def test_each_kind_is_what_its_name_says():
    eye = torch.eye(5, dtype=torch.float64)
    by_kind = {kind: cosines(Contexts(kind)) for kind in KINDS}
    off_diagonal = {kind: matrix[:, eye == 0] for kind, matrix in by_kind.items()}
    assert off_diagonal["ordinary"].abs().max() < 0.9
    assert off_diagonal["ordinary"].std() > 0.1
    assert 0.8 < off_diagonal["alike"].min() < off_diagonal["alike"].max() < 1
    assert torch.allclose(by_kind["identical"], torch.ones_like(eye), atol=1e-6)
    assert torch.allclose(by_kind["orthogonal"], eye, atol=1e-6)
    signs = torch.tensor([1.0, -1, 1, -1, 1]).double()
    assert torch.allclose(by_kind["opposite"], torch.outer(signs, signs), atol=1e-6)


@pytest.mark.parametrize("k", [2, 4, 6])
def test_opposite_chunks_cancel_exactly(k):
    contexts = Contexts("opposite", 4, Shape(7, k))
    assert (contexts.tensor().sum(dim=1) == 0).all()


def test_an_example_says_what_it_is():
    def rule(contexts):
        if contexts.shape.context_length == 1 and contexts.kind != "ordinary":
            raise CheckFailed("no")

    with pytest.raises(CheckFailed) as failure:
        for_all(rule, 100, contexts=contexts(SHAPES))
    assert "contexts = alike chunks with B, K, D = 1, 1, 16, seed 0" in str(failure.value)


def test_accepted_shapes_are_those_that_can_be_built():
    def build(shape):
        if shape.context_length < 2:
            raise UsageError("it needs two chunks")

    taken, note = accepted(build)
    assert taken == [shape for shape in SHAPES if shape.context_length > 1]
    assert note == "refuses K = 1, D = 16"
    assert accepted(str) == (list(SHAPES), None)


def test_the_default_shape_cannot_be_refused():
    def build(shape):
        raise UsageError("it needs 17 dimensions")

    with pytest.raises(
        CheckFailed, match="cannot be built for K = 5, D = 16: it needs 17 dimensions"
    ):
        accepted(build)


def test_a_fault_is_no_refusal():
    def build(shape):
        if shape.context_length < 2:
            raise ValueError("0 heads")

    with pytest.raises(
        CheckFailed, match=r"K = 1, D = 16 it raised ValueError: 0 heads; .* UsageError"
    ):
        accepted(build)
    taken, _ = accepted(build, Exception)
    assert len(taken) == len(SHAPES) - 1


# ------------------------------------------------------------------ proofs

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
