"""What all exact searches stand on: products of known rounding, and float64 beside them."""

from __future__ import annotations

import contextlib
import threading
from concurrent.futures import ThreadPoolExecutor
from unittest.mock import patch

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from lvmctl.data.store.arrays import unit64
from lvmctl.evaluation.retrieval import blocks

KINDS = {
    "even": lambda rng, shape: rng.standard_normal(shape),
    "few values": lambda rng, shape: rng.integers(1, 4, shape),
    "uneven": lambda rng, shape: np.exp(3 * rng.standard_normal(shape)),
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("dim", [1, 33, 384, 385, 2000])
def test_products_keep_to_their_rounding(dim, kind):
    rows = unit64(KINDS[kind](np.random.default_rng(0), (2, 60, dim)))
    left, right = torch.from_numpy(rows.astype(np.float32))
    products = blocks.product(left, right, *torch.full((2, 60, 60), torch.nan)).numpy()
    exact = left.double().numpy() @ right.double().numpy().T
    assert (np.abs(products - exact) <= blocks.rounding(dim)).all()


def test_each_thread_has_memory_of_its_own():
    scratch = blocks.Scratch()
    with ThreadPoolExecutor(1) as pool:
        there, _ = pool.submit(scratch.pair, 3, 5).result()
    pair, spare = scratch.pair(3, 5)
    assert there.shape == pair.shape == spare.shape == (3, 5)
    assert len({each.data_ptr() for each in (there, pair, spare)}) == 3
    assert scratch.pair(3, 5)[0].data_ptr() == pair.data_ptr()


def test_what_is_too_near_the_threshold_is_decided_in_float64():
    rng = np.random.default_rng(1)
    rows, aside = unit64(rng.standard_normal((2, 300, 24)))
    aside = unit64(aside - (aside * rows).sum(axis=1, keepdims=True) * rows)
    wanted = 0.6 + rng.normal(0, 3e-6, (300, 1))
    other = wanted * rows + np.sqrt(1 - wanted**2) * aside
    rows, other = (3 * rows).astype(np.float32), other.astype(np.float32)
    truth = np.einsum("nd,nd->n", unit64(rows), unit64(other))
    threshold = 0.6
    pairs = []

    def exact(index):
        pairs.append(index)
        return blocks.exact_cosines(
            lambda part: rows[index[part]], lambda part: other[index[part]], len(index), 24
        )

    # As wrong as a product may be.
    cosine = truth + rng.choice([-1, 1], 300) * 0.99 * blocks.rounding(24)
    is_above = blocks.above(cosine, threshold, 24, exact)
    assert is_above.tolist() == (truth > threshold).tolist()
    (unsure,) = pairs
    assert 50 < len(unsure) < 300
    assert cosine[unsure] == pytest.approx(truth[unsure], abs=1e-15)


@pytest.mark.parametrize(("held", "parts"), [(3, [3, 3, 3, 1]), (0.5, [1] * 10)])
def test_exact_cosines_are_computed_part_by_part(monkeypatch, held, parts):
    monkeypatch.setattr(blocks, "BLOCK_BYTES", int(24 * 4 * held))
    rows = np.random.default_rng(2).standard_normal((10, 4)).astype(np.float32)
    calls = []

    def stored(part):
        calls.append(part.stop - part.start)
        return rows[part]

    cosines = blocks.exact_cosines(stored, lambda part: 2 * rows[part], 10, 4)
    assert calls == parts
    assert cosines == pytest.approx(1)
    assert cosines.max() <= 1


@given(
    st.integers(0, 10**6), st.integers(1, 30), st.integers(1, 12), st.sampled_from([3, 10, 1024])
)
def test_the_nearest_are_those_of_a_slow_search(seed, count, k, block):
    rows = np.random.default_rng(seed).standard_normal((count, 3))
    scores = rows.astype(np.float32).astype(np.float64) @ rows.astype(np.float32).T
    np.fill_diagonal(scores, -np.inf)
    expected = np.argsort(-scores, axis=1)[:, : min(k, count - 1)]
    with patch.object(blocks, "BLOCK", block):
        neighbours = [near for _, near in blocks.nearest(torch.from_numpy(rows).float(), k)]
    assert torch.cat(neighbours).tolist() == expected.tolist()


def test_products_that_round_are_noticed(monkeypatch):
    # A product that rounds to bf16, as that switch makes it, on any processor.
    switch = torch.backends.mkldnn.matmul
    left, whole = switch.fp32_precision, torch.mm
    before = switch.fp32_precision = "none"  # a training before it may have left another

    def rounded(a, b, out):
        if a.dtype == torch.float32 and switch.fp32_precision != "ieee":
            a, b = a.bfloat16().float(), b.bfloat16().float()
        return whole(a, b, out=out)

    with blocks.float32_products():
        assert switch.fp32_precision == before
    assert blocks.is_float32()
    monkeypatch.setattr(torch, "mm", rounded)
    assert not blocks.is_float32()
    with contextlib.suppress(KeyError), blocks.float32_products():
        assert switch.fp32_precision == "ieee"
        raise KeyError
    assert switch.fp32_precision == before
    switch.fp32_precision = left


def test_threads_work_alone_and_are_given_back():
    before = torch.get_num_threads()
    try:
        torch.set_num_threads(2)
        with contextlib.suppress(KeyError), blocks.workers() as pool:
            assert pool._max_workers == 2
            assert pool.submit(torch.get_num_threads).result() == 1
            raise KeyError
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(before)


def test_threads_that_work_alone_leave_the_others_their_number(monkeypatch):
    # One number for all threads, as libraries beneath torch may have it.
    number = [3]
    monkeypatch.setattr(torch, "get_num_threads", lambda: number[0])
    monkeypatch.setattr(torch, "set_num_threads", lambda count: number.__setitem__(0, count))
    with contextlib.suppress(KeyError), blocks.workers() as pool:
        assert pool.submit(torch.get_num_threads).result() == 1
        raise KeyError
    assert number == [3]


def test_one_worker_is_this_thread(monkeypatch):
    monkeypatch.setattr(torch, "get_num_threads", lambda: 1)
    with blocks.workers() as pool:
        assert [*pool.map(lambda _: threading.get_ident(), range(2))] == [threading.get_ident()] * 2
        assert isinstance(pool.submit([].pop).exception(), IndexError)
