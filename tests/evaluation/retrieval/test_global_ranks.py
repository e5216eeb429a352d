"""Global ranks against the slow reference: blocks smaller than the data, ties and near ties."""

from __future__ import annotations

import contextlib
from functools import partial
from unittest.mock import patch

import numpy as np
import pytest
from evaluation.cases import articles_of, global_cases, unit, unit_rows, write_separate
from hypothesis import given, settings
from hypothesis import strategies as st

from lvmctl.data import Windows, open_split
from lvmctl.evaluation.retrieval import counting, products
from lvmctl.evaluation.retrieval import global_ranks as module
from lvmctl.evaluation.retrieval.counting import Counter
from lvmctl.evaluation.retrieval.global_ranks import global_ranks
from lvmctl.evaluation.retrieval.on_device import OnDevice
from lvmctl.evaluation.retrieval.products import BLOCK, Bfloat16, Float32
from lvmctl.evaluation.retrieval.ranks import in_article_ranks


def expected(reference, windows: Windows, index: np.ndarray, q: np.ndarray) -> list:
    """Ranks and pool sizes of the reference."""
    articles = articles_of(windows.split)
    ranks = []
    for i, p in zip(index, q.astype(np.float64).tolist()):
        first = int(windows.position[i])
        place = reference.Window(
            windows.article[i], first, windows.context_length, first + windows.target_offset
        )
        ranks.append(reference.rank(articles, place, p, "global"))
    return ranks


def compare(reference, windows: Windows, q: np.ndarray, index: np.ndarray | None = None) -> None:
    index = np.arange(len(windows)) if index is None else index
    ranks, sizes = global_ranks(windows, index, q)
    assert (ranks.dtype, sizes.dtype) == (np.float64, np.int64)
    assert [*zip(ranks, sizes)] == expected(reference, windows, index, q)


WAYS = [(Float32,), (Bfloat16, Float32), (partial(OnDevice, device="cpu"),)]
"""Ways to compare, whether or not they are fast here."""


@contextlib.contextmanager
def changed(block: int = BLOCK, **constants: object):
    """Smaller blocks and other constants for a while."""
    modules = module, counting, products
    assert all(any(hasattr(each, name) for each in modules) for name in constants)
    with contextlib.ExitStack() as stack:
        for name, value in [("BLOCK", block), *constants.items()]:
            for each in modules:
                if hasattr(each, name):
                    stack.enter_context(patch.object(each, name, value))
        yield


def in_every_way(windows: Windows, index: np.ndarray, q: np.ndarray, **constants: object) -> list:
    """Ranks, which are the same by every way."""
    ranks = []
    for ways in WAYS:
        with changed(**constants, fastest_first=lambda dim, ways=ways: ways):
            ranks.append(global_ranks(windows, index, q)[0].tolist())
    assert ranks[0] == ranks[1] == ranks[2]
    return ranks[0]


@settings(max_examples=150)
@given(
    global_cases(),
    st.sampled_from(["direct", "random", "target"]),
    st.sampled_from(WAYS),
    st.fixed_dictionaries(
        {
            name: st.integers(1, 9)
            for name in ("block", "HELD", "TOGETHER", "PAIRS", "STRIP", "MISSES")
        }
        | {"MAX_SHARE": st.sampled_from([0, 0.3, 1])}
    ),
)
def test_fast_and_slow_agree(reference, split_of, case, predictor, ways, blocks):
    vectors, lengths, order, k, h, rng = case
    windows = Windows(split_of(vectors, lengths).take(order), k, h)
    every = np.arange(len(windows))
    index = every[rng.random(len(windows)) < 0.7]
    q = {
        "direct": windows.context(index)[:, -1],
        "random": unit_rows(rng, len(index), vectors.shape[1]),
        "target": windows.target(index),
    }[predictor]
    with changed(fastest_first=lambda dim: ways, **blocks):
        compare(reference, windows, q, index)


def test_default_blocks(split_of):
    # More windows and more chunks than a block, and the last of each is not full.
    rng = np.random.default_rng(0)
    lengths = [700, 5, 1400]
    windows = Windows(split_of(unit_rows(rng, sum(lengths), 3), lengths), 2, 1)
    index = np.arange(len(windows))
    assert len(windows) > BLOCK
    q = unit_rows(rng, len(windows), 3)
    chunks = windows.split.vectors.astype(np.float64)
    chunks /= np.linalg.norm(chunks, axis=1, keepdims=True)
    scores = q.astype(np.float64) @ chunks.T
    target = scores[index, windows.rows + 2].copy()
    scores[index[:, None], windows.rows[:, None] + [0, 1]] = -np.inf
    gap = scores - target[:, None]
    ties = (np.abs(gap) <= 1e-6).sum(axis=1) - 1
    assert in_every_way(windows, index, q) == (1 + (gap > 1e-6).sum(axis=1) + ties / 2).tolist()


@pytest.mark.parametrize("predictor", ["direct", "random"])
@pytest.mark.parametrize("change", ["last bits", "1e-7", "1e-5"])
def test_scores_that_float32_cannot_tell_apart(reference, split_of, change, predictor):
    # Copies of one chunk but for their last digits, which make cosines tie or not.
    rng = np.random.default_rng(3)
    rows = np.repeat(unit_rows(rng, 1, 48), 60, axis=0)
    if change == "last bits":
        vectors = rows + rng.integers(-1, 2, rows.shape).astype(np.float32) * np.spacing(rows)
    else:
        noise = float(change) * rng.standard_normal(rows.shape)
        vectors = (rows + noise).astype(np.float32)
    vectors[40:50] = vectors[30:40]
    windows = Windows(split_of(vectors, [25, 35]), 2, 1)
    index = np.arange(len(windows))
    q = windows.context(index)[:, -1] if predictor == "direct" else unit_rows(rng, len(index), 48)
    wanted = [rank for rank, _ in expected(reference, windows, index, q)]
    assert in_every_way(windows, index, q, block=16, PAIRS=7) == wanted
    assert (len({*wanted}) > 1) == (change == "1e-5" and predictor == "random")


@pytest.mark.parametrize("values", [[1, 2, 3], [-1, 1], [0, 0, 0, 1]])
def test_vectors_of_few_values(reference, split_of, values):
    # Float32 products are off by more than a tie, and chunks that differ have the same score.
    rng = np.random.default_rng(0)
    vectors = unit(rng.choice(values, (300, 768)))
    windows = Windows(split_of(vectors, [300]), 3, 1)
    index = np.arange(0, len(windows), 9)
    q = windows.context(index)[:, -1]
    wanted = [rank for rank, _ in expected(reference, windows, index, q)]
    assert in_every_way(windows, index, q) == wanted


def test_one_article_is_its_own_pool(split_of):
    rng = np.random.default_rng(6)
    windows = Windows(split_of(unit_rows(rng, 90, 16), [90]), 5, 2)
    index = np.arange(len(windows))
    q = unit_rows(rng, len(windows), 16)
    ranks, sizes = global_ranks(windows, index, q)
    inside, inside_sizes = in_article_ranks(windows, index, q, ("filtered",))["filtered"]
    assert ranks.tolist() == inside.tolist()
    assert sizes.tolist() == inside_sizes.tolist() == [85] * len(windows)


@pytest.mark.parametrize("dtype", [np.float32, np.float16])
@pytest.mark.parametrize("k", [4, 2])
def test_a_mapped_store_of_separate_windows(reference, tmp_path, k, dtype):
    # A store of 4 chunks and a target 2 ahead; shorter contexts keep the newest chunks.
    rng = np.random.default_rng(0)
    vectors = unit_rows(rng, 15, 6).astype(dtype)
    vectors[12] = vectors[14]
    windows = Windows(open_split(write_separate(tmp_path, vectors)), k, 2)
    with changed(block=4):
        compare(reference, windows, unit_rows(rng, 3, 6))


def test_predictions_that_say_nothing(split_of):
    rng = np.random.default_rng(4)
    windows = Windows(split_of(unit_rows(rng, 30, 6), [25, 5]), 3, 1)
    q = windows.target(np.arange(len(windows)))  # perfect, but for
    q[2], q[5, 1], q[7, 3], q[9] = np.nan, np.nan, np.inf, 0
    # Infinite scores that are all numbers, the target's above those of the window.
    context, target = windows.context(np.arange(len(windows))), windows.target(slice(None))
    i, j = np.argwhere((context < 0).all(axis=1) & (target > 0))[-1]
    q[i], q[i, j] = 0, np.inf
    assert i not in (2, 5, 7, 9)
    with patch.object(Counter, "signs", autospec=True, side_effect=Counter.signs) as s:
        ranks, sizes = global_ranks(windows, np.arange(len(windows)), q)
    wanted = np.ones(len(windows))
    wanted[[2, 5, 7, i]] = 27  # not a number: last
    wanted[9] = 14  # every score is 0: a tie with all
    assert ranks.tolist() == wanted.tolist()
    assert set(sizes) == {27}
    looked_up = np.concatenate([call.args[1] for call in s.call_args_list])
    # Their windows' own chunks, not every chunk of the split.
    assert [(looked_up == w).sum() for w in (2, 5, 7, 9, i)] == [3] * 5


@pytest.mark.parametrize(("missed", "tried"), [(2, 5), (3, 3), (5, 3)])
def test_a_way_that_leaves_many_scores_open_is_not_used_again(split_of, missed, tried):
    rng = np.random.default_rng(0)
    windows = Windows(split_of(unit_rows(rng, 40, 8), [40]), 2, 1)
    index = np.arange(len(windows))
    q = windows.context(index)[:, -1]
    used: list[int] = []

    class Missing(Bfloat16):
        def compare(self, part, *others):
            used.append(part.start)
            return None if used.count(part.start) <= missed else super().compare(part, *others)

    ways = (Missing, Float32)
    with changed(block=8, MAX_SHARE=1, MISSES=3, fastest_first=lambda dim: ways):
        ranks, _ = global_ranks(windows, index, q)
    assert ranks.tolist() == global_ranks(windows, index, q)[0].tolist()
    assert [used.count(start) for start in range(0, 40, 8)] == [tried] * 5


def test_an_error_in_a_thread_comes_out(split_of):
    rng = np.random.default_rng(0)
    windows = Windows(split_of(unit_rows(rng, 20, 4), [20]), 2, 1)
    index = np.arange(len(windows))
    with (
        patch.object(counting.Counter, "compared", side_effect=MemoryError),
        pytest.raises(MemoryError),
    ):
        global_ranks(windows, index, windows.target(index))


@pytest.mark.parametrize("scale", [2.0**-20, 2.0**40])
def test_a_prediction_of_any_norm_ranks_alike(split_of, scale):
    rng = np.random.default_rng(5)
    vectors = unit(rng.choice([-1, 1], (300, 768)))
    windows = Windows(split_of(vectors, [300]), 2, 1)
    index = np.arange(len(windows))
    q = windows.context(index)[:, -1]
    scaled = np.float32(scale) * q
    assert in_every_way(windows, index, scaled) == in_every_way(windows, index, q)
