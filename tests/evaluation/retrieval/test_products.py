"""Gaps between scores: their bounds on hard vectors, and the choice of the way."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from lvmctl.evaluation.retrieval import products
from lvmctl.evaluation.retrieval.products import Float32, SplitBfloat16

KINDS = {
    "even": lambda rng, shape: rng.standard_normal(shape),
    "positive": lambda rng, shape: rng.random(shape) + 0.01,
    "few values": lambda rng, shape: rng.integers(1, 4, shape),
    "uneven": lambda rng, shape: np.exp(3 * rng.standard_normal(shape)),
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("dim", [1, 2, 33, 384, 385, 768, 2000])
@pytest.mark.parametrize("way", [Float32, SplitBfloat16])
def test_gaps_keep_to_their_bound(way, dim, kind):
    rng = np.random.default_rng(0)
    rows = KINDS[kind](rng, (2, 150, dim))
    exact = rows / np.linalg.norm(rows, axis=2, keepdims=True)
    q, chunks = torch.from_numpy(exact.astype(np.float32))
    scores = q.double().numpy() @ exact[1].T
    target_score = scores[:, :1]  # the first chunk is the target of all
    wanted = scores - target_score
    gaps = way(q, torch.from_numpy(target_score[:, 0]).float())
    gap, spare = torch.full((2, len(q) - 3, len(chunks)), torch.nan)
    gaps.fill(slice(3, len(q)), way.prepare(chunks), gap, spare)
    computed, wanted = gap.numpy(), wanted[3:]
    bound = way.rounding(dim) * (1 + np.abs(target_score[3:]))
    assert (np.abs(computed[:, :1]) <= bound).all()
    sure = np.abs(computed) > bound
    assert (np.sign(computed) == np.sign(wanted))[sure].all()
    assert (np.abs(wanted) < 3 * bound)[~sure].all()
    far = np.abs(wanted) > 3 * bound
    assert np.allclose(computed[far], wanted[far], rtol=0.5)


def test_bounds_are_small():
    assert Float32.rounding(768) < 3e-5
    assert Float32.rounding(4096) < 3e-5
    assert SplitBfloat16.rounding(768) < 4e-4


def test_three_parts_are_the_number_itself():
    x = torch.randn(1000, generator=torch.Generator().manual_seed(0))
    three = products.parts(x, 3)
    assert all(part.dtype == torch.bfloat16 for part in three)
    assert torch.equal(sum(part.double() for part in three), x.double())


@pytest.mark.parametrize(
    ("units", "is_sound", "ways"),
    [
        (True, True, (SplitBfloat16, Float32)),
        (True, False, (Float32,)),
        (False, True, (Float32,)),
    ],
    ids=["matrix units", "unsound", "no matrix units"],
)
def test_the_processor_decides_the_way(monkeypatch, units, is_sound, ways):
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: {"amx_bf16": units}, raising=False)
    monkeypatch.setattr(products, "sound", lambda way, dim: is_sound)
    products.fastest_first.cache_clear()
    try:
        assert products.fastest_first(5) == ways
    finally:
        products.fastest_first.cache_clear()


def test_a_torch_that_says_nothing_of_the_processor(monkeypatch):
    monkeypatch.delattr(torch.cpu, "get_capabilities", raising=False)
    assert not products.has_bf16_matrix_units()


def test_both_ways_are_sound_here():
    assert products.fastest_first(16)[-1] is Float32
    assert products.sound(SplitBfloat16, 64)
    assert products.sound(Float32, 64)
