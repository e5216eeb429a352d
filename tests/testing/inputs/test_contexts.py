"""The contexts that models and baselines are tried on are what their names say."""

from __future__ import annotations

import pytest
import torch

from lvmctl.core.errors import UsageError
from lvmctl.registry.specs import Shape
from lvmctl.testing.check import CheckFailed
from lvmctl.testing.examples import for_all
from lvmctl.testing.inputs.contexts import KINDS, OTHER_SHAPES, SHAPE, Contexts, accepted, contexts

SHAPES = (SHAPE, *OTHER_SHAPES)


def cosines(found: Contexts) -> torch.Tensor:
    """Cosines (B, K, K) of the chunks of each context."""
    chunks = found.tensor().double()
    return chunks @ chunks.mT


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("kind", KINDS)
def test_contexts_are_finite_unit_chunks_that_a_seed_decides(kind, shape):
    found = Contexts(kind, 3, shape, seed=4)
    chunks = found.tensor()
    assert chunks.shape == (3, shape.context_length, shape.dim)
    assert chunks.dtype == torch.float32
    assert torch.allclose(chunks.norm(dim=-1), torch.ones(3, shape.context_length), atol=1e-6)
    assert torch.equal(chunks, Contexts(kind, 3, shape, seed=4).tensor())
    assert not torch.allclose(chunks, Contexts(kind, 3, shape, seed=5).tensor())
    assert not torch.allclose(chunks[0], chunks[1])


def test_each_kind_is_what_its_name_says():
    eye = torch.eye(5, dtype=torch.float64)
    kept = {kind: cosines(Contexts(kind)) for kind in KINDS}
    off_diagonal = {kind: found[:, eye == 0] for kind, found in kept.items()}
    assert off_diagonal["ordinary"].abs().max() < 0.9
    assert off_diagonal["ordinary"].std() > 0.1
    assert 0.8 < off_diagonal["alike"].min() < off_diagonal["alike"].max() < 1
    assert torch.allclose(kept["identical"], torch.ones_like(eye), atol=1e-6)
    assert torch.allclose(kept["orthogonal"], eye, atol=1e-6)
    signs = torch.tensor([1.0, -1, 1, -1, 1]).double()
    assert torch.allclose(kept["opposite"], torch.outer(signs, signs), atol=1e-6)


@pytest.mark.parametrize("k", [2, 4, 6])
def test_opposite_chunks_cancel_exactly(k):
    found = Contexts("opposite", 4, Shape(7, k))
    assert found.cancels
    assert (found.tensor().sum(dim=1) == 0).all()


def test_one_chunk_cancels_nothing():
    assert not Contexts("opposite", shape=Shape(8, 1)).cancels
    assert not Contexts("ordinary").cancels


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
