"""When scores tie, and that candidates which are equal always do, whoever ranks them."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from lvmctl import Pool
from lvmctl.core.chunks import TEXT, Chunks
from lvmctl.data import Windows
from lvmctl.data.chunk_source import TextList
from lvmctl.evaluation.predictors import baselines, own_score
from lvmctl.evaluation.retrieval.global_ranks import global_ranks, global_ranks_by_score
from lvmctl.evaluation.retrieval.ranks import in_article_ranks, in_article_ranks_by_score
from lvmctl.evaluation.retrieval.ties import (
    TIE,
    first_equal,
    one_score_for_equals,
    ranks_by_score,
    row_keys,
    sign,
)
from lvmctl.registry import load_registry
from lvmctl.registry.build import build
from lvmctl.registry.specs import Shape
from lvmctl.testing.samples import readable

SIGNS = [(0.0, 0), (TIE * 0.99, 0), (-TIE * 0.99, 0), (TIE * 1.01, 1), (-TIE * 1.01, -1)]


@pytest.mark.parametrize(("gap", "wanted"), SIGNS)
@pytest.mark.parametrize("size", [1.0, 1e6, 1e-9])
def test_gaps_count_in_units_of_the_scores(gap, wanted, size):
    assert sign(np.array([gap * size]), size).item() == wanted
    assert np.isnan(sign(np.array([np.nan]))).all()


def rank(scores: list[float], target: int = 0, left_out: tuple[int, ...] = (), **options) -> float:
    candidates = torch.ones(1, len(scores), dtype=torch.bool)
    candidates[0, list(left_out)] = False
    made = torch.tensor([scores], dtype=torch.float32)
    return ranks_by_score(made, candidates, torch.tensor([target]), **options).item()


@given(
    st.lists(st.sampled_from([-np.inf, -1e9, -2, 0, 1, 3e-7, 5, np.inf, np.nan]), min_size=1),
    st.data(),
)
def test_ranks_are_one_and_the_better_and_half_of_the_ties(scores, data):
    target = data.draw(st.integers(0, len(scores) - 1))
    some = st.sets(st.integers(0, len(scores) - 1)) if len(scores) > 1 else st.just(set())
    left_out = data.draw(some) - {target}
    mine, counted = scores[target], [x for i, x in enumerate(scores) if i not in left_out]
    near = TIE * max(x for x in [*counted, abs(mine), 0] if np.isfinite(x))
    rest = [x for i, x in enumerate(scores) if i not in left_out | {target}]
    better = sum(score > mine and score != mine and not abs(score - mine) <= near for score in rest)
    ties = sum(score == mine or abs(score - mine) <= near for score in rest)
    wanted = len(counted) if np.isnan(mine) else 1 + better + ties / 2
    assert rank(scores, target, tuple(left_out)) == wanted


def test_cosines_are_of_size_1_and_other_scores_of_their_own():
    assert rank([0.0, 4e-7, -8e-7, 2e-6], cosines=True) == 3
    assert rank([0.0, 4e-7, -8e-7, 2e-6]) == 3  # small scores say as much as large ones
    assert rank([0.0, 4e-7, -8e-7, 2.0]) == 3
    assert rank([0.0, 4e-7, -8e-7, 0.1]) == 3
    assert rank([1e-5, 1.1e-5, 2e-5, 0.9e-5]) == 3
    assert rank([1e3, 1e3 + 5e-4, 1e3 + 5e-3]) == 2.5


def test_what_is_no_candidate_does_not_make_scores_large():
    assert rank([1.0, 1.0005, 2e4], left_out=(2,)) == 2
    assert rank([1.0, 1.0005, -2e4]) == 2


def pool_of(vectors: torch.Tensor, contexts: int, texts: list[str] | None = None) -> Pool:
    pool = Pool(vectors, torch.ones(contexts, vectors.shape[-2], dtype=torch.bool))
    if texts is None:
        return pool
    rows = torch.arange(len(texts))
    chunks = Chunks(rows, TextList(texts), (TEXT,))
    return Pool(vectors, pool.candidates, None, chunks[rows[None]], chunks)


@settings(max_examples=60)
@given(st.integers(1, 40), st.integers(1, 9), st.integers(1, 5), st.booleans(), st.integers(0, 99))
def test_equal_chunks_are_found_and_no_others(count, different, dim, own, seed):
    rng = np.random.default_rng(seed)
    rows = rng.standard_normal((different, dim)).astype(np.float32)
    rows[:, : dim // 2] = 0  # most coordinates may be equal
    choice = rng.integers(0, different, (2 if own else 1, count))
    vectors = torch.from_numpy(rows[choice])
    first = first_equal(vectors if own else vectors[0], None)
    wanted = [[row.tolist().index(x) for x in row.tolist()] for row in choice]
    if wanted == [[*range(count)]] * len(wanted):
        assert first is None
    else:
        assert first.tolist() == wanted


def test_zeros_of_either_sign_are_equal():
    a, b = row_keys(torch.tensor([[0.0, 1.0], [-0.0, 1.0]]))
    assert a == b


def test_chunks_of_one_key_are_compared(monkeypatch):
    monkeypatch.setattr(
        "lvmctl.evaluation.retrieval.ties.row_keys",
        lambda rows: torch.zeros(len(rows), dtype=torch.int64),
    )
    vectors = torch.tensor([[1.0, 0.0], [0.0, 1.0], [1.0, 0.0]])
    assert first_equal(vectors, None).tolist() == [[0, 1, 0]]
    assert first_equal(vectors[:2], None) is None


def test_equal_candidates_have_the_best_of_their_scores():
    vectors = torch.tensor([[1.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 0.0]])
    scores = torch.tensor([[1.0, 5.0, 3.0, 2.0], [4.0, 5.0, 6.0, 2.0]])
    pool = pool_of(vectors, 2)
    pool.candidates[1, 2] = False  # its score has no meaning
    alike = one_score_for_equals(scores, pool)
    assert alike[0].tolist() == [3, 5, 3, 3]
    assert alike[1, [0, 1, 3]].tolist() == [4, 5, 4]
    own = Pool(vectors.repeat(2, 1, 1), pool.candidates)
    assert one_score_for_equals(scores, own)[:, [0, 1, 3]].equal(alike[:, [0, 1, 3]])


def test_chunks_with_one_vector_and_other_texts_are_equal_only_for_who_does_not_read():
    vectors, scores = torch.ones(4, 2), torch.tensor([[1.0, 2.0, 3.0, 4.0]])
    pool = pool_of(vectors, 1, ["a", "b", "a", "b"])
    assert one_score_for_equals(scores, pool).tolist() == [[4, 4, 4, 4]]
    assert one_score_for_equals(scores, pool, (TEXT,)).tolist() == [[3, 4, 3, 4]]
    assert one_score_for_equals(scores, pool, ("sentence",)).equal(scores)


K, DIM = 3, 12


def article(seed: int, copies: int, others: int) -> np.ndarray:
    """A window, a target that stands there ``copies`` times, and ``others``, unit rows."""
    rng = np.random.default_rng(seed)
    rows = rng.standard_normal((K + 1 + others, DIM))
    rows = np.concatenate([rows[: K + 1], np.repeat(rows[K : K + 1], copies - 1, 0), rows[K + 1 :]])
    rows[K + 1 :] = rows[K + 1 :][rng.permutation(copies - 1 + others)]
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


@pytest.fixture(scope="module")
def models() -> list[tuple[str, torch.nn.Module, Callable | None]]:
    """Every model that is installed, with the score that it ranks by."""
    registry, made = load_registry(), []
    torch.manual_seed(0)
    for entry in registry.entries("model"):
        options = entry.record.options()
        model = build(registry, entry, options=options, shape=Shape(DIM, K, 1)).eval()
        made.append((entry.qualified, model, own_score(entry, model)))
    return made


@settings(max_examples=4)
@given(st.integers(0, 99), st.integers(2, 9), st.integers(0, 30))
def test_copies_of_the_target_tie_with_it_whoever_predicts(split_of, models, seed, copies, others):
    made = [article(seed, copies, others), article(seed + 100, 1, 30)]
    split = split_of(np.concatenate(made).astype(np.float32), [len(each) for each in made])
    windows, index = readable(Windows(split, K, 1)), np.arange(1)
    predictors, left_out = baselines(load_registry(), Shape(DIM, K, 1), windows)
    assert not left_out
    scores = [(each.name, each.score, each(windows, index)) for each in predictors]
    context = torch.from_numpy(windows.context(index))
    with torch.no_grad():
        scores += [(name, score, model(context).q.numpy()) for name, model, score in models]
    assert sum(score is not None for _, score, _ in scores) >= 3
    for name, score, q in scores:
        for ranks, sizes in ranked(windows, index, score, q):
            above = ranks[0] - 1 - (copies - 1) / 2  # of the others
            assert above in range(sizes[0] - copies + 1), name


def ranked(windows: Windows, index: np.ndarray, score: Callable | None, q: np.ndarray) -> list:
    """Ranks and pool sizes in every pool."""
    if score is None:
        by_pool = in_article_ranks(windows, index, q)
        return [*by_pool.values(), global_ranks(windows, index, q)]
    by_pool = in_article_ranks_by_score(windows, index, score)
    return [*by_pool.values(), global_ranks_by_score(windows, index, score)]
