"""Traits of windows against a hand, a slow float64 loop, closed forms and identities."""

from __future__ import annotations

import math

import numpy as np
import pytest
from diagnostics.parity_cases import flat, traits_of, walk
from hypothesis import given
from hypothesis import strategies as st
from made import split_of

from lvmctl.data import Windows
from lvmctl.diagnostics.data.parity import window_traits as module
from lvmctl.diagnostics.data.parity.window_traits import measure, window_blocks


def at_angles(*degrees: float) -> np.ndarray:
    angles = np.radians(degrees)
    return np.stack([np.cos(angles), np.sin(angles)], axis=1)


def cos(degrees: float) -> float:
    return math.cos(math.radians(degrees))


def test_separate_windows_keep_the_lag_of_their_horizon():
    rows = at_angles(0, 10, 70, 160, 50, 20, 30, 100)
    split = split_of(rows, [4, 4], target_row=3, horizon=2, separate=True)
    traits = traits_of(split, context=2, horizon=2)
    # The last two of three chunks: 10 70 → 160 and 20 30 → 100.
    assert {name: values.tolist() for name, values in traits.sums.items() if "lag" in name} == {
        "lag_1": pytest.approx([cos(60), cos(10)], abs=1e-6),
        "lag_2": pytest.approx([cos(90), cos(70)], abs=1e-6),
        "lag_3": pytest.approx([cos(150), cos(80)], abs=1e-6),
    }
    assert traits.windows.tolist() == [1, 1]
    assert traits.separate


def slow(split, k: int, h: int) -> dict[str, list[list[float]]]:
    """Every trait of every window, by article, in float64 from its definition."""
    traits: dict[str, list[list[float]]] = {}
    for start, length in zip(split.starts, split.lengths):
        x = split.vectors[start : start + length].astype(np.float64)
        x /= np.linalg.norm(x, axis=1, keepdims=True)
        each: list[dict[str, float]] = []
        for s in range(length - (k - 1 + h)):
            y, last = x[s + k - 1 + h], x[s + k - 1]
            lags = {f"lag_{k - 1 - i + h}": float(x[s + i] @ y) for i in range(k)}
            for lag in range(1, h):
                if lag <= k - 1:
                    lags[f"lag_{lag}"] = float(last @ x[s + k - 1 - lag])
            if k > 1:
                lags["delta"] = float(last @ y - x[s] @ y)
                lags["coherence"] = float(np.mean([x[s + i] @ x[s + i + 1] for i in range(k - 1)]))
                lags["forward"] = float(last @ y - last @ x[s + k - 2])
            each.append(lags)
        for name in each[0] if each else ():
            traits.setdefault(name, []).append([values[name] for values in each])
    return traits


@st.composite
def cases(draw):
    """A split with articles in any order, some of them too short or taken twice, K and h."""
    lengths = draw(st.lists(st.integers(1, 12), min_size=1, max_size=6))
    k, h = draw(st.integers(1, 4)), draw(st.integers(1, 3))
    lengths.append(k + h + draw(st.integers(0, 4)))
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    vectors = rng.standard_normal((sum(lengths), draw(st.sampled_from([2, 3, 17]))))
    split = split_of(vectors, lengths)
    order = [*rng.permutation(len(lengths)), *rng.integers(0, len(lengths), 2)]
    return split.take(np.array(order)), k, h


@given(cases(), st.sampled_from([1, 300, 1 << 25]))
def test_traits_are_those_of_a_slow_loop(case, block):
    split, k, h = case
    expected = slow(split, k, h)
    counted: list[int] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "BLOCK_BYTES", block)
        windows = Windows(split, k, h)
        traits = measure(windows, counted.append)
    assert sum(counted) == len(windows)
    assert set(traits.sums) - {"delta_positive"} == set(expected)
    for name, values in expected.items():
        assert traits.windows.tolist() == [len(each) for each in values]
        sums = [sum(each) for each in values]
        np.testing.assert_allclose(traits.sums[name], sums, rtol=0, atol=2e-5)
    spread = {"cos_first", "cos_last"} | ({"delta", "coherence"} if k > 1 else set())
    assert set(traits.quantiles) == spread
    for name, quantiles in traits.quantiles.items():
        trait = {"cos_first": f"lag_{k - 1 + h}", "cos_last": f"lag_{h}"}.get(name, name)
        each = np.concatenate(expected[trait])
        for share, value in quantiles.items():
            assert value == pytest.approx(np.quantile(each, float(share)), abs=2e-6)
    if k > 1:
        signs = [sum(value > 0 for value in each) for each in expected["delta"]]
        unsure = [sum(abs(value) < 1e-6 for value in each) for each in expected["delta"]]
        assert (abs(traits.sums["delta_positive"] - signs) <= unsure).all()


def test_no_recency_is_not_counted_as_recency():
    """Chunks that are all alike have Δ = 0."""
    assert traits_of(split_of(np.ones((12, 4)), [12])).sums["delta_positive"].tolist() == [0]


def test_a_context_of_one_chunk_has_no_recency():
    traits = traits_of(flat(3, 0.2, seed=0, chunks=6), context=1)
    assert set(traits.sums) == {"lag_1"}
    assert set(traits.quantiles) == {"cos_first", "cos_last"}
    assert traits.quantiles["cos_first"] == traits.quantiles["cos_last"]


def test_the_forward_signal_telescopes():
    """Over an article it is the last adjacent cosine less the first one inside a window."""
    split = flat(20, 0.2, seed=1, chunks=9, dim=8)
    traits = traits_of(split, context=3)
    x = split.vectors.reshape(20, 9, 8).astype(np.float64)
    adjacent = (x[:, :-1] * x[:, 1:]).sum(axis=2)
    np.testing.assert_allclose(traits.sums["forward"], adjacent[:, -1] - adjacent[:, 1], atol=1e-5)
    assert abs(traits.mean("forward")) <= 2 * traits.articles / traits.windows.sum()


def test_the_lag_curve_of_ar1_is_a_power():
    traits = traits_of(walk(400, 0.8, seed=2, chunks=30))
    assert traits.mean("lag_1") == pytest.approx(0.8, abs=1e-6)
    assert traits.mean("coherence") == pytest.approx(0.8, abs=1e-6)
    for lag in range(2, 6):
        assert traits.mean(f"lag_{lag}") == pytest.approx(0.8**lag, abs=0.015)
    assert traits.mean("delta") == pytest.approx(0.8 - 0.8**5, abs=0.015)


def test_blocks_read_no_more_than_they_should(monkeypatch):
    split = flat(30, 0.2, seed=0, chunks=20, dim=4)
    windows = Windows(split, 3, 2)
    monkeypatch.setattr(module, "BLOCK_BYTES", 25 * 4 * 4)
    blocks = list(window_blocks(windows))
    assert [low for low, _ in blocks[1:]] == [high for _, high in blocks[:-1]]
    assert (blocks[0][0], blocks[-1][1]) == (0, len(windows))
    sizes = [len(module.block_chunks(windows, low, high)[0]) for low, high in blocks]
    assert max(sizes) <= 25 + windows.target_offset
    assert len(blocks) <= 30 * 20 / (25 - 2 * windows.target_offset) + 1
