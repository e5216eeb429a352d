"""A loaded model: what it reads, what it predicts, and how it ranks."""

from __future__ import annotations

import math
import warnings

import numpy as np
import pytest
import torch
from training.small import DATA

import lvmctl
from lvmctl.core.errors import DataError, RunError, UsageError
from lvmctl.data import Windows, open_splits
from lvmctl.evaluation.predictors import own_score
from lvmctl.evaluation.retrieval.ranks import in_article_ranks_by_score

DIM = 16


@pytest.fixture(scope="module")
def model(p8_run):
    return lvmctl.load(p8_run)


@pytest.fixture(scope="module")
def ranker(ranker_run):
    return lvmctl.load(ranker_run)


@pytest.fixture(scope="module")
def windows():
    return Windows(open_splits(DATA).val, 5, 1)


@pytest.fixture(scope="module")
def contexts(windows):
    return windows.context(np.arange(7))


def random_units(*shape: int, seed: int = 0) -> np.ndarray:
    rows = np.random.default_rng(seed).standard_normal((*shape, DIM))
    return (rows / np.linalg.norm(rows, axis=-1, keepdims=True)).astype(np.float32)


# ---------------------------------------------------------------------- predict


def test_it_predicts_what_evaluation_measures(model, windows):
    index = np.arange(len(windows))
    expected = model._trained.predictor()(windows)
    assert np.array_equal(model.predict(windows.context(index)), expected)


def test_one_context_is_a_batch_of_one(model, contexts):
    single = model.predict(contexts[0])
    assert single.shape == (DIM,)
    assert np.allclose(single, model.predict(contexts)[0], atol=1e-6)
    assert math.isclose(float(np.linalg.norm(single)), 1, abs_tol=1e-6)


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_arrays_come_back_as_they_went_in(model, contexts, dtype):
    q = model.predict(contexts.astype(dtype))
    assert q.dtype == dtype
    assert np.allclose(q, model.predict(contexts), atol=2e-3)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32, torch.float64])
def test_tensors_come_back_as_they_went_in(model, contexts, dtype):
    tensor = torch.from_numpy(contexts).to(dtype).requires_grad_()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # bfloat16 has two digits: its vectors are no unit vectors
        q = model.predict(tensor)
    assert isinstance(q, torch.Tensor)
    assert (q.dtype, q.device, q.requires_grad) == (dtype, tensor.device, False)
    assert np.allclose(q.double().numpy(), model.predict(contexts), atol=2e-2)


def test_whole_numbers_are_vectors_too(model):
    quantised = np.random.default_rng(0).integers(-127, 127, (5, DIM), dtype=np.int8)
    with pytest.warns(UserWarning, match="are normalised"):
        q = model.predict(quantised)
    assert q.dtype == np.float32
    with pytest.warns(UserWarning, match="are normalised"):
        assert np.allclose(q, model.predict(quantised.tolist()), atol=1e-6)


def test_the_length_of_a_vector_says_nothing(model, contexts):
    scale = np.float64([1e-9, 1e-3, 1, 1e3, 1e15])[:, None]
    with pytest.warns(UserWarning, match="context: vectors of norm 1e-09 to 1e"):
        q = model.predict(contexts[0] * scale)
    assert np.allclose(q, model.predict(contexts[0]), atol=1e-6)


def test_a_short_context_is_filled_up_with_its_oldest_chunk(model, contexts):
    short = contexts[0][3:]
    full = np.concatenate([np.repeat(short[:1], 3, axis=0), short])
    assert np.array_equal(model.predict(short), model.predict(full))


def test_of_a_long_context_the_last_chunks_count(model, contexts):
    long = np.concatenate([random_units(4), contexts[0]])
    assert np.array_equal(model.predict(long), model.predict(contexts[0]))


def test_contexts_of_a_sequence_may_differ_in_length(model, contexts):
    windows = [contexts[0], contexts[1][2:], np.concatenate([random_units(2), contexts[2]])]
    again = model.predict(windows)
    assert again.shape == (3, DIM)
    for each, q in zip(windows, again):
        assert np.allclose(model.predict(each), q, atol=1e-6)
    tensors = model.predict([torch.from_numpy(each) for each in windows])
    assert torch.equal(tensors, torch.from_numpy(again))


def test_chunks_of_a_sequence_are_one_context(model, contexts):
    expected = model.predict(contexts[0])
    assert np.array_equal(model.predict(list(contexts[0])), expected)
    tensor = model.predict(list(torch.from_numpy(contexts[0])))
    assert np.array_equal(tensor.numpy(), expected)


def test_no_context_has_no_prediction(model):
    assert model.predict(np.empty((0, 5, DIM))).shape == (0, DIM)
    assert model.predict([]).shape == (0, DIM)


def test_more_contexts_than_a_batch_holds(model, contexts, monkeypatch):
    expected = model.predict(contexts)
    monkeypatch.setattr("lvmctl.api.model.BATCH", 3)
    assert np.allclose(model.predict(contexts), expected, atol=1e-6)


@pytest.mark.parametrize(
    ("context", "message"),
    [
        (np.ones((5, DIM + 1)), "vectors of 17 numbers, not 16"),
        (np.ones(DIM), r"context: has shape \(16,\); give \(n, D\) or \(B, n, D\)"),
        (np.ones((2, 2, 5, DIM)), "has shape"),
        (np.empty((0, DIM)), "context: has no chunk"),
        ([np.eye(2, DIM), np.empty((0, DIM))], "context 1: has no chunk"),
        (np.where(np.eye(5, DIM) > 0, np.nan, 1.0), r"NaN or infinity at \[0\]"),
        (np.where(np.eye(5, DIM) > 0, np.inf, 1.0), r"NaN or infinity at \[0\]"),
        (np.eye(5, DIM)[None] * [[[1], [1], [0], [1], [1]]], r"a vector of 0 at \[0, 2\]"),
        (np.full((5, DIM), "a"), "holds <U1, not numbers"),
        (np.ones((5, DIM), complex), "holds complex128"),
        (np.ones((5, DIM), object), "holds object"),
        (np.ones((5, DIM), bool), "holds bool"),
        ([[1.0] * DIM, [1.0]], "its rows differ in length"),
        ([torch.ones(DIM), torch.ones(3)], "its rows differ in length"),
    ],
)
def test_what_is_no_context_is_refused(model, context, message):
    with pytest.raises(DataError, match=message):
        model.predict(context)


# ---------------------------------------------------------------------- rank


def test_candidates_are_ranked_by_cosine(model, contexts):
    pool = random_units(30)
    ranking = model.rank(contexts[0], pool, top=4)
    cosines = pool @ model.predict(contexts[0])
    assert ranking.indices.tolist() == np.argsort(-cosines)[:4].tolist()
    assert np.allclose(ranking.scores, np.sort(cosines)[::-1][:4], atol=1e-6)
    assert (ranking.indices.dtype, ranking.scores.dtype) == (np.int64, np.float32)


def test_many_contexts_share_candidates_or_have_their_own(model, contexts, monkeypatch):
    shared, separate = random_units(30), random_units(len(contexts), 9, seed=1)
    first, second = model.rank(contexts, shared, top=3), model.rank(contexts, separate, top=None)
    assert (first.indices.shape, second.indices.shape) == ((7, 3), (7, 9))
    for row, context in enumerate(contexts):
        assert model.rank(context, shared, top=3).indices.tolist() == first.indices[row].tolist()
        alone = model.rank(context, separate[row], None)
        assert alone.indices.tolist() == second.indices[row].tolist()
    monkeypatch.setattr("lvmctl.api.model.SCORES", 60)
    assert np.array_equal(model.rank(contexts, shared, top=3).indices, first.indices)
    assert np.array_equal(model.rank(contexts, separate, top=None).indices, second.indices)


def test_ranking_is_of_the_kind_of_the_context(model, contexts):
    ranking = model.rank(torch.from_numpy(contexts).double(), random_units(5), top=2)
    assert (ranking.indices.dtype, ranking.scores.dtype) == (torch.int64, torch.float64)


def test_equal_candidates_keep_their_order(model, contexts):
    pool = np.repeat(random_units(2), 4, axis=0)
    order = model.rank(contexts[0], pool, top=None).indices.tolist()
    assert order in ([0, 1, 2, 3, 4, 5, 6, 7], [4, 5, 6, 7, 0, 1, 2, 3])


def test_fewer_candidates_than_asked_for(model, ranker, contexts):
    for each in (model, ranker):
        assert each.rank(contexts[0], random_units(3)).indices.shape == (3,)
        assert each.rank(contexts[0], np.empty((0, DIM))).indices.shape == (0,)
        assert each.rank(contexts[:0], random_units(3), top=2).scores.shape == (0, 2)


def test_candidates_of_another_length_are_normalised_with_a_warning(model, contexts):
    pool = random_units(6)
    with pytest.warns(UserWarning, match="candidates: vectors of norm 3 to 3 are normalised"):
        ranking = model.rank(contexts[0], 3 * pool)
    assert ranking.indices.tolist() == model.rank(contexts[0], pool).indices.tolist()


@pytest.mark.parametrize(
    ("pool", "top", "error", "message"),
    [
        (np.ones((4, 3)), 10, DataError, "candidates: has vectors of 3 numbers"),
        (np.full((4, DIM), np.nan), 10, DataError, "candidates: holds NaN"),
        (random_units(2, 4), 10, DataError, "there are 2 lists for 7 contexts"),
        (random_units(4), 0, UsageError, "top is 0"),
    ],
)
def test_what_cannot_be_ranked_is_refused(model, contexts, pool, top, error, message):
    with pytest.raises(error, match=message):
        model.rank(contexts, pool, top)


def test_one_context_has_one_list(model, contexts):
    with pytest.raises(DataError, match=r"candidates: has shape \(1, 4, 16\); give \(n, D\)$"):
        model.rank(contexts[0], random_units(1, 4))


def test_a_ranker_ranks_by_its_own_score(ranker):
    """As evaluation does: the target of a window has the same rank here and there."""
    windows = Windows(open_splits(DATA).val, 3, 1)
    index = np.flatnonzero(windows.article == windows.article[0])
    ranks, _ = in_article_ranks_by_score(
        windows,
        index,
        own_score(ranker._trained.plan.model.entry, ranker._trained.model),
        ("filtered",),
    )["filtered"]
    start, length = windows.split.starts[0], windows.split.lengths[0]
    article = windows.split.unit_rows(start, start + length)
    assert (ranker.has_score, len(index)) == (True, 13)
    for number, expected in zip(index, ranks):
        inside = range(windows.position[number], windows.position[number] + 3)
        others = np.delete(article, inside, axis=0)
        target = windows.position[number]  # what was before the window stays in front
        ranking = ranker.rank(windows.context([number])[0], others, top=None)
        assert ranking.indices.tolist().index(target) + 1 == expected


def test_a_score_that_is_no_number_is_the_last(model, contexts, monkeypatch):
    scores = torch.tensor([[0.1, math.nan, 0.3, -math.inf]])
    monkeypatch.setattr(model, "has_score", True)
    monkeypatch.setattr("lvmctl.api.model.own_score", lambda *_: lambda context, pool: scores)
    ranking = model.rank(contexts[0], random_units(4), top=None)
    assert ranking.indices.tolist() == [2, 0, 1, 3]


# ---------------------------------------------------------------------- transforms and errors


def test_a_run_on_centred_chunks_reads_centred_chunks(centred_run, windows):
    model = lvmctl.load(centred_run)
    transform = model._trained.transform
    context, pool = windows.context(np.arange(3)), random_units(6)
    moved = transform(context.reshape(-1, DIM)).reshape(context.shape)
    q = model._trained.predict(torch.from_numpy(moved)).q.numpy()
    assert np.allclose(model.predict(context), q, atol=1e-6)
    assert np.allclose(model.transform(pool), transform(pool), atol=1e-6)
    expected = np.argsort(-(q @ transform(pool).T), axis=1)
    assert model.rank(context, pool, top=None).indices.tolist() == expected.tolist()


def test_a_vector_of_which_nothing_is_left_is_named(centred_run):
    model = lvmctl.load(centred_run)
    model._trained.transform.mean[:] = random_units(1)[0]
    pool = [random_units(1, seed=4)[0], random_units(1)[0]]
    with pytest.raises(DataError, match=r"candidates: nothing is left of the vector at \[1\]"):
        model.rank(random_units(5, seed=3), pool)


def test_vectors_stay_as_they_are_without_a_transform(model):
    assert np.array_equal(model.transform(random_units(4)), random_units(4))


def test_a_run_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(RunError, match="no such run"):
        lvmctl.load(tmp_path / "nothing")


def test_it_says_what_it_is(model, p8_run):
    assert (model.recipe, model.dim, model.context_length, model.horizon) == ("p8", DIM, 5, 1)
    assert (model.path, model.has_score) == (p8_run, False)
    assert str(p8_run) in repr(model)
