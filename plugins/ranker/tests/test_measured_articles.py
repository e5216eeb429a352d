"""What is worked out of a training's articles once, and what is not."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from lvmctl_ranker import measured_articles as module
from lvmctl_ranker.measured_articles import articles_with_room
from lvmctl_ranker.model import Ranker
from lvmctl_ranker.options import RankerOptions

from lvmctl import Chunks, Pool, Shape, Windows, open_split

SOURCE = object()


@pytest.fixture
def ranker():
    """In training, all articles of which are kept, and whose standardiser has seen something."""
    torch.manual_seed(0)
    made = Ranker(RankerOptions(hidden=8, dropout=0.0), Shape(6, 3)).train()
    made.kept.fill_(10)
    for parameter in made.scorer.parameters():
        parameter.data += 0.1 * torch.randn_like(parameter)
    made.scorer.standardizer.look = lambda features: None
    return made


@pytest.fixture
def batch(article):
    """``batch(chunks, rows)``: windows of an article as a training gives them, each with a pool of
    its own in some order, and with padding."""

    def make(chunks, rows, number=0, seed=0):
        context, pool, _ = article(chunks, seed=seed)
        torch.manual_seed(1)
        padding = torch.zeros(3, dtype=torch.long)
        order = torch.stack([torch.cat([torch.randperm(chunks), padding]) for _ in rows])
        real = pool.candidates[rows].gather(1, order)
        real[:, chunks:] = False
        first = 1000 * number
        inside = torch.arange(chunks - 3)[:, None] + torch.arange(3)
        return context[rows].float(), Pool(
            pool.vectors.float()[order],
            real,
            torch.full((len(rows),), number),
            Chunks(first + inside[rows], SOURCE),
            Chunks(first + order, SOURCE),
        )

    return make


def joined(*batches):
    """Windows of several articles as one batch, with pools as large as the largest."""
    width = max(pool.vectors.shape[1] for _, pool in batches)

    def cat(tensors):
        wide = [
            torch.cat([x, x[:, :1].expand(-1, width - x.shape[1], *x.shape[2:])], dim=1)
            for x in tensors
        ]
        return torch.cat(wide)

    pools = [pool for _, pool in batches]
    real = torch.cat(
        [torch.nn.functional.pad(p.candidates, (0, width - p.candidates.shape[1])) for p in pools]
    )
    return torch.cat([context for context, _ in batches]), Pool(
        cat([pool.vectors for pool in pools]),
        real,
        torch.cat([pool.article for pool in pools]),
        Chunks(torch.cat([pool.window.rows for pool in pools]), SOURCE),
        Chunks(cat([pool.chunks.rows for pool in pools]), SOURCE),
    )


def test_scores_are_those_of_windows_measured_one_by_one(ranker, batch):
    inputs = joined(batch(12, [4, 0, 8]), batch(20, [3, 16], number=1, seed=1))
    scores = ranker.score(*inputs)
    assert len(ranker.measured.articles) == 2
    ranker.kept.zero_()
    torch.testing.assert_close(scores, ranker.score(*inputs), rtol=0, atol=2e-2)
    assert not scores[~inputs[1].candidates].any()


def test_some_articles_are_kept_and_others_not(ranker, batch):
    inputs = joined(batch(12, [4, 0]), batch(20, [3, 16], number=1, seed=1), batch(12, [1]))
    every = ranker.score(*inputs)
    ranker.measured.forget()
    ranker.kept.fill_(1)
    torch.testing.assert_close(every, ranker.score(*inputs), rtol=0, atol=2e-2)
    assert [key[1] for key in ranker.measured.articles] == [0]


def test_what_is_kept_is_what_would_be_measured_again(ranker, batch, monkeypatch):
    inputs = batch(12, [4, 0, 8])
    scores = ranker.score(*inputs)
    with monkeypatch.context() as patch:
        patch.setattr(ranker, "numbers", None)
        assert ranker.score(*inputs).equal(scores)
    ranker.measured.forget()  # as a training that goes on after a break has
    ranker.score(*batch(12, [5]))
    assert ranker.score(*inputs).equal(scores)
    scores.sum().backward()
    assert ranker.scorer.heads[0].linear.weight.grad.any()


def test_a_window_with_a_chunk_left_out_is_measured_by_itself(ranker, batch):
    context, pool = batch(12, [0, 1])
    pool.candidates[0, (pool.chunks.rows[0] == 6).nonzero()[0]] = False
    scores = ranker.score(context, pool)
    assert len(ranker.measured.articles) == 1
    ranker.kept.zero_()
    torch.testing.assert_close(scores, ranker.score(context, pool), rtol=0, atol=2e-2)


@pytest.mark.parametrize("change", [{"article": None}, {"chunks": None}])
def test_without_articles_or_rows_nothing_is_kept(ranker, batch, change):
    context, pool = batch(12, [0, 1])
    ranker.score(context, replace(pool, **change))
    assert not ranker.measured.articles


def test_a_new_training_and_other_weights_begin_anew(ranker, batch):
    windows = Windows(open_split("synth:topic?articles=12&chunks=9&dim=6"), 3, 1)
    ranker.score(*batch(12, [0]))
    ranker.load_state_dict(ranker.state_dict())
    assert not ranker.measured.articles
    ranker.score(*batch(12, [0]))
    ranker.fit(windows)
    assert not ranker.measured.articles
    assert ranker.kept == len(windows.split.lengths)


def test_a_state_of_before_keeps_none(ranker):
    state = ranker.state_dict()
    del state["kept"]
    ranker.load_state_dict(state)
    assert ranker.kept == 0


def test_room_is_for_the_first_articles(monkeypatch):
    split = open_split("synth:topic?articles=12&chunks=9&dim=6")
    windows = Windows(split, 3, 1)
    each = 7 * 6 * 10  # windows of an article, their candidates, and the numbers of one
    for room, kept in ((each - 1, 0), (5 * each, 5), (12 * each, 12)):
        monkeypatch.setattr(module, "ROOM", room)
        assert articles_with_room(windows, 10) == kept


def test_rows_give_the_article_away_and_nothing_else(batch):
    _, pool = batch(12, [2])
    (whole,) = module.wholes_of(pool)
    assert (whole.first, whole.last, whole.start) == (0, 11, 2)
    rows = pool.chunks.rows[0, whole.place].tolist()
    assert rows == [0, 1, *range(5, 12)]
    assert np.isin(whole.place, pool.candidates[0].nonzero()[:, 0]).all()
