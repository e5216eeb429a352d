"""Comparing scores with the target's: what is decided is right on hard vectors, what is left open
is near, and the processor alone chooses the way."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from lvmctl.evaluation.retrieval import products
from lvmctl.evaluation.retrieval.blocks import UNIT, Scratch
from lvmctl.evaluation.retrieval.products import Bfloat16, Float32
from lvmctl.evaluation.retrieval.ties import TIE

KINDS = {
    "even": lambda rng, shape: rng.standard_normal(shape),
    "positive": lambda rng, shape: rng.random(shape) + 0.01,
    "few values": lambda rng, shape: rng.integers(1, 4, shape),
    "uneven": lambda rng, shape: np.exp(3 * rng.standard_normal(shape)),
    "halfway": lambda rng, shape: rng.choice([-1, 1], shape) * (1 + 2.0**-8 + 2.0**-20),
    "equal": lambda rng, shape: np.broadcast_to(rng.standard_normal(shape[-1]), shape).copy(),
    "nearly equal": lambda rng, shape: 1 + 1e-3 * rng.standard_normal(shape),
    "opposite": lambda rng, shape: (
        rng.choice([-1, 1], (*shape[:-1], 1)) * (1 + 1e-4 * rng.standard_normal(shape))
    ),
    "one number": lambda rng, shape: np.eye(shape[-1])[rng.integers(0, shape[-1], shape[:-1])],
    "tiny beside large": lambda rng, shape: 10.0 ** rng.integers(-44, 1, shape),
}
"""Vectors that are hard for a bound: those that round far, cancel, vanish or hardly differ."""


def unit64(rows: np.ndarray) -> np.ndarray:
    return rows / np.linalg.norm(rows, axis=-1, keepdims=True)


def case(kind: str, dim: int, norm: float, seed: int, count: int = 40):
    """Predictions (m, D) of a norm, float32 unit chunks (n, D), exact scores and the targets'."""
    rng = np.random.default_rng(seed)
    rows = unit64(KINDS[kind](rng, (2, count, dim)) + 1e-300)
    q, chunks = (norm * rows[0]).astype(np.float32), rows[1].astype(np.float32)
    scores = np.longdouble(q) @ np.longdouble(rows[1]).T
    return q, chunks, scores, scores[:, rng.integers(0, count)]


def compared(way: type, q: np.ndarray, chunks: np.ndarray, target_score: np.ndarray):
    """What a way knows of predictions from the third on, and it."""
    q, norm = torch.from_numpy(q), torch.from_numpy(np.linalg.norm(q.astype(np.float64), axis=1))
    it = way(q, torch.from_numpy(target_score.astype(np.float64)), norm)
    return it.compare(slice(3, len(q)), it.prepare(torch.from_numpy(chunks)), Scratch())


@pytest.fixture(autouse=True)
def everything_pays(monkeypatch):
    monkeypatch.setattr(products, "MAX_SHARE", 1)


@settings(max_examples=200, deadline=None)
@given(
    st.sampled_from([*KINDS]),
    st.sampled_from([1, 2, 3, 33, 64, 385, 768]),
    st.sampled_from([1, 3e-30, 1e-12, 7.7, 2e30]),
    st.integers(0, 2**32),
    st.sampled_from([5, 40]),
    st.sampled_from([Bfloat16, Float32]),
)
def test_what_is_decided_is_right_and_what_is_open_is_near(kind, dim, norm, seed, count, way):
    q, chunks, scores, target_score = case(kind, dim, norm, seed, count)
    gap = (scores - target_score[:, None])[3:]
    known = compared(way, q, chunks, target_score)
    is_open = np.zeros(gap.shape, bool)
    is_open[known.row.numpy(), known.column.numpy()] = True
    assert is_open.sum() == len(known.row)
    tie = TIE * np.linalg.norm(q[3:].astype(np.float64), axis=1)
    size = tie / TIE + np.abs(target_score[3:])
    assert is_open[np.abs(gap) <= tie[:, None]].all()
    assert known.balance.tolist() == np.where(is_open, 0, np.sign(gap)).sum(axis=1).tolist()
    assert (np.abs(gap) <= (tie + 2.1 * (dim + 40) * UNIT * size)[:, None])[is_open].all()


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("dim", [2, 64, 768])
def test_the_error_of_scaled_products_stays_below_two(kind, dim):
    q, chunks, scores, target_score = case(kind, dim, 5.0, 1, 60)
    gap = torch.from_numpy((scores - target_score[:, None]).astype(np.float64)) / 5
    q, target_score = torch.from_numpy(q), torch.from_numpy(target_score.astype(np.float64))
    way = Bfloat16(q, target_score, q.double().norm(dim=1))
    rounded, exact = way.prepare(torch.from_numpy(chunks))
    # Shares are powers of two: those of chunks stand beside them, those of q follow from norms.
    share = torch.exp2(
        (way.left[:, :dim].double().norm(dim=1) / products.scale(dim)).log2().round()
    )
    share = share[:, None] * rounded[:, -1].double()
    computed = way.left.double() @ rounded.double().T
    off = (computed - products.scale(dim) * share * gap).abs()
    assert off.max() <= products.BELOW_TWO
    assert (rounded[:, :dim].double() / rounded[:, -1:].double() - exact).abs().max() <= 2**-8


@given(st.integers(1, 6), st.sampled_from([1, 3, 4, 300, 512, 1024]), st.integers(0, 2**32))
def test_above_below_and_open(rows, columns, seed):
    rng = np.random.default_rng(seed)
    edge = np.array([2, -2, 1.9921875, -1.9921875, 0, -0.0, 1e-39, 2.015625, -3e38, 700])
    gap = torch.from_numpy(rng.choice(edge, (rows, columns))).bfloat16()
    exact = gap.double()
    twice, row, column = products.above_and_below(gap.clone())
    wanted = (exact >= 2).sum(dim=1) - (exact <= -2).sum(dim=1)
    assert twice.tolist() == (2 * wanted).tolist()
    assert [*zip(row.tolist(), column.tolist())] == [
        *map(tuple, (exact.abs() < 2).nonzero().tolist())
    ]


def test_sums_of_many_are_exact():
    tile = torch.full((2, 1023), 2.0).bfloat16()
    tile[1, 5:500] = -2
    assert products.sums(tile).tolist() == [2046, 2 * (1023 - 2 * 495)]


@given(st.integers(1, 5), st.integers(1, 9), st.integers(1, 9), st.integers(0, 2**32))
def test_products_of_single_pairs(rows, columns, dim, seed):
    rng = np.random.default_rng(seed)
    q, chunks = (torch.from_numpy(rng.standard_normal((n, dim))).float() for n in (rows, columns))
    row, column = (torch.from_numpy(rng.random((rows, columns)) < 0.4)).nonzero(as_tuple=True)
    exact = (q[row].double() * chunks[column].double()).sum(dim=1)
    assert products.pairs(q, chunks, row, column).tolist() == pytest.approx(
        exact.tolist(), abs=1e-5
    )


@given(st.integers(1, 5), st.sampled_from([1, 7, 128, 192, 256]), st.integers(0, 2**32))
def test_near_scores_are_found(rows, columns, seed):
    rng = np.random.default_rng(seed)
    distance = torch.from_numpy(rng.random((rows, columns)).astype(np.float32))
    reach = torch.from_numpy(rng.choice([-1, 0.01, 0.2], rows).astype(np.float32))
    reach[-1] = distance[-1, -1]  # just within
    distance[:-1][reach[:-1] < 0] = torch.nan
    mask = products.within(distance, reach)
    pairs = {*zip(*(part.tolist() for part in mask))}
    assert len(pairs) == len(mask[0])
    assert pairs == {*map(tuple, (distance <= reach[:, None]).nonzero().tolist())}


def test_little_is_left_open_of_even_vectors(monkeypatch):
    seen = []
    single = products.pairs
    monkeypatch.setattr(
        products, "pairs", lambda *given: seen.append(len(given[2])) or single(*given)
    )
    q, chunks, scores, _ = case("even", 768, 1, 0, 200)
    compared(Bfloat16, q, chunks, scores.max(axis=1) * 2)
    assert sum(seen) < 0.001 * scores.size
    compared(Bfloat16, q, chunks, np.zeros(200))
    assert sum(seen) < 0.12 * scores.size


def test_what_does_not_pay_is_not_done(monkeypatch):
    monkeypatch.setattr(products, "MAX_SHARE", 0.5)
    q, chunks, _, target_score = case("equal", 8, 1, 0)
    assert compared(Bfloat16, q, chunks, target_score) is None
    assert compared(Float32, q, chunks, target_score) is not None


@pytest.mark.parametrize("way", [Bfloat16, Float32])
def test_predictions_with_nothing_to_compare_leave_nothing_open(way):
    q, chunks, _, target_score = case("even", 8, 1, 0)
    q[5], q[7, 2], q[9, 3] = 0, np.nan, np.inf
    norm = np.linalg.norm(q, axis=1)
    norm[[5, 7, 9]] = 0
    target_score[[5, 7, 9]] = 0, np.nan, np.nan
    it = way(
        *(
            torch.from_numpy(np.array(x, t))
            for x, t in ((q, "f4"), (target_score, "f8"), (norm, "f8"))
        )
    )
    known = it.compare(slice(0, len(q)), it.prepare(torch.from_numpy(chunks)), Scratch())
    assert not {5, 7, 9} & {*known.row.tolist()}
    assert known.balance[5] == 0


def test_three_parts_are_the_number_itself():
    x = torch.randn(1000, generator=torch.Generator().manual_seed(0))
    three = products.parts(x, 3)
    assert all(part.dtype == torch.bfloat16 for part in three)
    assert torch.equal(sum(part.double() for part in three), x.double())


@pytest.mark.parametrize(
    ("capabilities", "is_sound", "ways"),
    [
        ({"amx_bf16": True}, True, (Bfloat16, Float32)),
        ({"avx512_bf16": True, "amx_bf16": False}, True, (Bfloat16, Float32)),
        ({"amx_bf16": True}, False, (Float32,)),
        ({"avx512_f": True}, True, (Float32,)),
    ],
    ids=["matrix units", "dot products", "unsound", "neither"],
)
def test_the_processor_decides_the_way(monkeypatch, capabilities, is_sound, ways):
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: capabilities, raising=False)
    monkeypatch.setattr(products, "sound", lambda dim: is_sound)
    products.fastest_first.cache_clear()
    try:
        assert products.fastest_first(5) == ways
    finally:
        products.fastest_first.cache_clear()


def test_a_torch_that_says_nothing_of_the_processor(monkeypatch):
    monkeypatch.delattr(torch.cpu, "get_capabilities", raising=False)
    assert not products.multiplies_bf16()


@pytest.mark.parametrize("dim", [1, 16, 768])
def test_products_are_sound_here_and_coarse_ones_are_not(monkeypatch, dim):
    assert products.sound(dim)
    exact = torch.mm
    monkeypatch.setattr(torch, "mm", lambda a, b: exact(a, b) * 1.02 + 1)
    assert not products.sound(dim)
