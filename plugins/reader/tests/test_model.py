"""P10's score, in pools shared and own."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import replace

import pytest
import torch
from lvmctl_ranker.model import Ranker
from lvmctl_reader.model import Reader
from lvmctl_reader.options import ReaderOptions

from lvmctl import Shape


@pytest.fixture
def reader():
    """``reader(k, dim)``: not fitted, all its weights moved."""

    def make(k: int = 3, dim: int = 6, **options) -> Reader:
        torch.manual_seed(0)
        made = Reader(ReaderOptions(hidden=8, **options), Shape(dim, k)).eval()
        with torch.no_grad():
            for parameter in made.scorer.parameters():
                parameter += 0.1 * torch.randn_like(parameter)
        return made

    return make


@torch.inference_mode()
def test_pools_of_their_own_are_scored_like_one_for_all(reader, texts, pool_of_texts):
    context, pool = pool_of_texts(texts)
    size, model = len(context), reader()
    shared = model.score(context, pool)
    order = torch.stack([torch.randperm(len(texts)) for _ in range(size)])
    moved = replace(
        pool,
        vectors=pool.vectors[order],
        candidates=pool.candidates.gather(1, order),
        chunks=pool.chunks[order],
    )
    each = model.score(context, moved).gather(1, order.argsort(dim=1))
    real = pool.candidates
    torch.testing.assert_close(each[real], shared[real], rtol=1e-3, atol=1e-3)


@torch.inference_mode()
def test_texts_that_are_no_candidates_change_nothing(reader, texts, pool_of_texts):
    model, (context, pool) = reader(), pool_of_texts(texts)
    pool.candidates[:, [2, 8]] = False
    before = model.score(
        context[:1], replace(pool, candidates=pool.candidates[:1], window=pool.window[:1])
    )
    other = [*texts]
    other[8] = "Something else altogether, about the whale."
    _, changed = pool_of_texts(other)
    changed = replace(changed, candidates=pool.candidates[:1], window=changed.window[:1])
    after = model.score(context[:1], changed)
    real = pool.candidates[0]
    torch.testing.assert_close(after[0, real], before[0, real], rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize(("k", "dim"), [(1, 6), (2, 5), (8, 3)])
@torch.inference_mode()
def test_any_window_and_any_space(reader, texts, pool_of_texts, k, dim):
    context, pool = pool_of_texts(texts, k, dim)
    scores = reader(k, dim).score(context, pool)
    assert scores[pool.candidates].isfinite().all()


@torch.inference_mode()
def test_texts_without_a_word(reader, pool_of_texts):
    context, pool = pool_of_texts(["", " ", "...", "\n", "—"])
    assert reader().score(context, pool)[pool.candidates].isfinite().all()


@torch.inference_mode()
def test_without_groups_it_reads_less(reader, texts, pool_of_texts):
    context, pool = pool_of_texts(texts)
    fewer = reader(without=("style", "rank"))
    assert fewer.scorer.heads[0].linear.in_features < reader().scorer.heads[0].linear.in_features
    assert fewer.score(context, pool)[pool.candidates].isfinite().all()


@torch.inference_mode()
def test_windows_and_candidates_of_two_sources(reader, texts, pool_of_texts):
    """As texts that are typed are."""
    context, pool = pool_of_texts(texts)
    model, (_, again) = reader(), pool_of_texts(texts)
    before = model.score(context, pool)
    # The window is left out of the pool, so that nothing stands there twice.
    mixed = replace(pool, window=again.window)
    after = model.score(context, mixed)
    torch.testing.assert_close(
        after[pool.candidates], before[pool.candidates], rtol=1e-4, atol=1e-4
    )


def test_p9s_part_is_p9(reader):
    assert isinstance(reader(), Ranker)


def batch_of(pool, context, rows):
    """The pool as a training gives it: each context's own chunks, in some order, with others that
    are none."""
    torch.manual_seed(1)
    n = len(pool.vectors)
    order = torch.stack([torch.cat([torch.randperm(n), torch.zeros(3).long()]) for _ in rows])
    real = pool.candidates[rows].gather(1, order)
    real[:, n:] = False
    return context[rows], replace(
        pool,
        vectors=pool.vectors[order],
        candidates=real,
        article=torch.zeros(len(rows), dtype=torch.long),
        window=pool.window[rows],
        chunks=pool.chunks[order],
    )


def test_a_training_measures_an_article_once(reader, texts, pool_of_texts, monkeypatch):
    context, pool = pool_of_texts(texts)
    model = reader(dropout=0.0).train()
    model.scorer.standardizer.look = lambda features: None
    inputs = batch_of(pool, context, torch.tensor([4, 0, 2]))
    plain = model.score(*inputs)
    assert not model.measured.articles
    model.kept.fill_(1)
    scores = model.score(*inputs)
    assert len(model.measured.articles) == 1
    monkeypatch.setattr(model, "numbers", None)  # whose result is kept
    assert model.score(*inputs).equal(scores)
    torch.testing.assert_close(scores, plain, rtol=1e-2, atol=1e-2)


def test_a_copy_keeps_nothing(reader, texts, pool_of_texts):
    model, (context, pool) = reader(), pool_of_texts(texts)
    scores = model.score(context, pool)
    twin = deepcopy(model)
    assert model.memory.readings
    assert not twin.memory.readings
    torch.testing.assert_close(twin.score(context, pool), scores)
    again = reader()
    again.load_state_dict(model.state_dict())
    torch.testing.assert_close(again.score(context, pool), scores)
