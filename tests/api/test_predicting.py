"""What comes next: ranks are those of an evaluation, contexts and candidates what was asked."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from api.conftest import trained
from api.test_rank_texts import articles
from recorder import Recorder
from training.small import DATA, TINY

import lvmctl
from lvmctl import predict
from lvmctl.core.errors import DataError, UsageError

VAL = f"{DATA}@val"


@pytest.fixture(scope="module")
def texts_run(tmp_path_factory) -> tuple[Path, Path]:
    """A store of texts, and a run that was trained on it."""
    base = tmp_path_factory.mktemp("predicting")
    options = {"dim": 8, "min_texts": 1, "max_share": 1.0}
    store = lvmctl.embed(articles(30, 12), out=base / "store", **options)
    return store.path, trained(base / "run", "p8", TINY | {"epochs": 1}, str(store.path))


def test_texts_without_a_known_word_are_counted(texts_run):
    _, run = texts_run
    recorder = Recorder()
    list(predict(run, ["zzz"], ["qqq", "xxx"], reporter=recorder))
    said = " ".join(recorder.messages)
    assert "1 of 1 text has no word that lsa knows" in said
    assert "2 of 2 texts have no word that lsa knows" in said


def test_an_empty_file_is_refused_before_a_store_that_changed(texts_run, tmp_path):
    store, run = texts_run
    empty, text = tmp_path / "empty.txt", tmp_path / "text.txt"
    empty.write_text("\n")
    text.write_text("words")
    for files, what in (((text, empty), "no candidate"), ((empty, text), "no text")):
        with pytest.raises(DataError, match=f"empty.txt: there is {what}"):
            list(predict(run, *files, store=store.parent / "gone"))


@pytest.fixture(params=["p8_run", "ranker_run", "centred_run"])
def run(request) -> Path:
    """A run that ranks by cosine, one by a score of its own, one among transformed chunks."""
    return request.getfixturevalue(request.param)


@pytest.mark.parametrize("pool", ["article", "global"])
def test_ranks_are_those_of_an_evaluation(run, pool):
    said = list(predict(run, store=VAL, pool=pool, top=3))
    evaluated = lvmctl.evaluate(run, VAL, pools=["filtered"]).to_dict()
    tree = evaluated["predictors"][lvmctl.load(run).recipe.rpartition("/")[2]]
    metrics = tree["in_article"]["filtered"] if pool == "article" else tree["global"]["filtered"]
    ranks = np.array([one.next["rank"] for one in said])
    for k in (1, 5, 10):
        assert (ranks <= k).mean() == pytest.approx(metrics[f"r@{k}"], abs=1e-6)


@pytest.mark.parametrize("pool", ["article", "global"])
def test_the_best_are_those_of_rank(run, pool):
    model, store = lvmctl.load(run), lvmctl.open_store(VAL)
    k = model.context_length
    (one,) = predict(model, store=store, article=1, at=9, pool=pool, top=4)
    first, length = int(store.lengths[0]), int(store.lengths[1])
    low, high = (first, first + length) if pool == "article" else (0, len(store))
    window = np.arange(first + 9 - k, first + 9)
    others = np.setdiff1d(np.arange(low, high), window)
    vectors = np.asarray(store.vectors)
    ranking = model.rank(vectors[window], vectors[others], top=None)
    ids = [str(entry["id"]) for entry in store.articles]
    ends = np.cumsum(store.lengths)
    names = []
    for number in others[ranking.indices[:4]]:
        article = int(np.searchsorted(ends, number, side="right"))
        names.append(f"{ids[article]}:{number - (ends[article] - store.lengths[article])}")
    assert [each.id for each in one.candidates] == names
    assert np.allclose([each.score for each in one.candidates], ranking.scores[:4], atol=1e-4)
    assert one.size == len(others)
    assert one.next["id"] == one.id == f"{ids[1]}:9"
    place = int(np.flatnonzero(others[ranking.indices] == first + 9)[0])
    assert one.next["rank"] == place + 1
    assert [each.next for each in one.candidates] == [n == one.id for n in names]


def test_windows_begin_where_a_whole_context_does(p8_run):
    store = lvmctl.open_store(VAL)
    said = list(predict(p8_run, store=VAL, article=0))
    ids = [f"{store.articles[0]['id']}:{place}" for place in range(5, int(store.lengths[0]))]
    assert [one.id for one in said] == ids
    assert {(one.chunks, one.padded) for one in said} == {(5, 0)}


@pytest.mark.parametrize("at", [1, 3, 5])
def test_a_context_shorter_than_k_repeats_its_oldest_chunk(p8_run, at):
    model, store = lvmctl.load(p8_run), lvmctl.open_store(VAL)
    (one,) = predict(model, store=store, article=0, at=at, top=20)
    assert (one.chunks, one.padded, one.size) == (at, 5 - at, int(store.lengths[0]) - at)
    vectors = np.asarray(store.vectors)
    context = np.concatenate([vectors[:1]] * (5 - at) + [vectors[:at]])
    rest = vectors[at : store.lengths[0]]
    scores = model.rank(context, rest, top=None).scores
    assert np.allclose([each.score for each in one.candidates], scores, atol=1e-5)


def test_what_follows_an_article_is_not_known(p8_run):
    store = lvmctl.open_store(VAL)
    (one,) = predict(p8_run, store=VAL, article=0, at=int(store.lengths[0]), top=2)
    assert one.next is None
    assert not any(each.next for each in one.candidates)
    with pytest.raises(UsageError, match="choose a chunk from 1 to 16"):
        predict(p8_run, store=VAL, article=0, at=17)
    with pytest.raises(UsageError, match="nothing stands 1 before chunk 0"):
        predict(p8_run, store=VAL, article=0, at=0)


def test_texts_are_cut_and_encoded_as_the_store_was(texts_run, tmp_path):
    path, run = texts_run
    store, model = lvmctl.open_store(path), lvmctl.load(run)
    file = tmp_path / "before.txt"
    file.write_text("\n\n".join(store.texts[:7]))
    said = tmp_path / "candidates.jsonl"
    lines = [store.texts[9], {"text": store.texts[7], "id": "true", "next": True}, store.texts[8]]
    said.write_text("".join(json.dumps(line) + "\n\n" for line in lines))
    (one,) = predict(run, file, said, top=5)
    ranking = model.rank_texts(store.texts[:7], [store.texts[n] for n in (9, 7, 8)])
    names = ["0", "true", "2"]
    assert [each.id for each in one.candidates] == [names[n] for n in ranking.indices]
    assert np.allclose([each.score for each in one.candidates], ranking.scores)
    assert one.context == store.texts[2:7]
    assert (one.chunks, one.padded) == (5, 0)
    place = [names[n] for n in ranking.indices].index("true") + 1
    assert one.next == {"id": "true", "text": store.texts[7], "rank": place}
    (same,) = predict(run, "\n\n".join(store.texts[:7]), [store.texts[n] for n in (9, 7, 8)])
    assert [each.score for each in same.candidates] == [each.score for each in one.candidates]


def test_a_store_that_was_cut_by_sentence_has_texts_cut_so(texts_run, tmp_path):
    texts = [". ".join(chunks) + "." for chunks in articles(20, 12)]
    options = {"dim": 8, "min_texts": 1, "max_share": 1.0}
    words = [text.replace(". ", ". A") for text in texts]
    store = lvmctl.embed(words, out=tmp_path / "s", chunk="sentence", **options)
    run = trained(tmp_path / "run", "p8", TINY | {"epochs": 1}, str(store.path))
    (one,) = predict(run, f"{store.texts[0]} {store.texts[1]}", store.texts[2:4])
    assert one.context == store.texts[:2]


def test_a_text_is_ranked_among_the_chunks_of_a_store_or_of_an_article(texts_run):
    path, run = texts_run
    store = lvmctl.open_store(path)
    (one,) = predict(run, store.texts[:5], top=3)
    assert (one.size, one.next) == (len(store), None)
    (of_article,) = predict(run, store.texts[:5], article=2, top=99)
    assert of_article.size == store.lengths[2] == len(of_article.candidates)
    texts = {each.text for each in of_article.candidates}
    first = int(store.lengths[:2].sum())
    assert texts == set(store.texts[first : first + of_article.size])


@pytest.mark.parametrize("decoder", ["nearest"])
def test_a_prediction_in_words(texts_run, decoder):
    path, run = texts_run
    store, model = lvmctl.open_store(path), lvmctl.load(run)
    (one,) = predict(run, store.texts[:5], decode=decoder)
    q = model.predict(np.asarray(store.vectors[:5]))
    cosines = np.asarray(store.vectors) @ q
    assert one.decoded["text"] == store.texts[int(cosines.argmax())]
    assert one.decoded["cosine"] == pytest.approx(cosines.max(), abs=1e-5)
    assert one.candidates == []
    (both,) = predict(run, article=0, at=6, decode=decoder, top=2)
    assert len(both.candidates) == 2
    assert both.decoded is not None


@pytest.mark.parametrize("count", [1, 3, 600])
def test_vectors_are_ranked_too(p8_run, count):
    model, store = lvmctl.load(p8_run), lvmctl.open_store(VAL)
    rows = np.asarray(store.vectors)
    contexts = np.stack([np.roll(rows, n, axis=0)[:5] for n in range(count)])
    said = list(predict(model, contexts, rows[:7], top=2))
    ranking = model.rank(contexts, rows[:7], top=2)
    assert [one.id for one in said] == [str(n) for n in range(count)]
    assert [[int(e.id) for e in one.candidates] for one in said] == ranking.indices.tolist()


def test_a_model_that_serves_any_space_is_asked_about_another(ranker_run):
    other = "synth:topic?articles=24&chunks=16&dim=9&seed=3"
    store, model = lvmctl.open_store(other), lvmctl.load(ranker_run)
    heard = Recorder()
    (one,) = predict(ranker_run, store=other, article=1, at=6, top=3, reporter=heard)
    assert ["trained in another space of vectors" in each for each in heard.messages] == [True]
    rows = np.asarray(store.vectors)[16:32]
    ranking = model.rank(rows[3:6], rows, top=3, without=[3, 4, 5])
    name = store.articles[1]["id"]
    assert [each.id for each in one.candidates] == [f"{name}:{n}" for n in ranking.indices]


@pytest.mark.parametrize(
    ("more", "error", "what"),
    [
        ({"at": 3}, UsageError, "name the article"),
        ({"context": "a", "article": 0, "at": 3}, UsageError, "a context is none"),
        ({"context": "a", "pool": "article"}, UsageError, "no article is named"),
        ({"pool": "all"}, UsageError, "there is no pool 'all'"),
        ({"article": 0, "top": 0}, UsageError, "top is 0"),
        ({"article": "nobody"}, UsageError, "there is no article 'nobody'"),
        ({"store": "synth:iid?dim=9"}, DataError, "has dimension 9, the run was trained on 16"),
        ({"context": np.ones(16)}, DataError, "has shape"),
        ({"context": np.ones((2, 9))}, DataError, "vectors of 9 numbers"),
        ({"context": np.ones((2, 16)), "decode": "nearest"}, DataError, "has no texts"),
    ],
)
def test_what_is_refused(p8_run, more, error, what):
    with pytest.raises(error, match=what):
        list(predict(p8_run, **more))


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("", "there is no candidate"),
        ("{", "c.jsonl:1: is not JSON"),
        ('"a"\n3\n', "c.jsonl:2: is not text"),
        ('"a"\n" "\n', "is empty"),
        ('{"text": "a", "id": 1}\n{"text": "b", "id": "1"}', "names a candidate twice"),
        ('{"text": "a", "next": true}\n{"text": "b", "next": true}', "the second that came next"),
    ],
)
def test_candidates_that_are_refused(texts_run, tmp_path, text, what):
    file = tmp_path / "c.jsonl"
    file.write_text(text)
    with pytest.raises(DataError, match=what):
        predict(texts_run[1], "badorkolan", file)


def test_files_that_are_not_there(texts_run, tmp_path):
    for context in (tmp_path / "no.txt", tmp_path / "no.jsonl", tmp_path):
        with pytest.raises(DataError, match="cannot be read"):
            predict(texts_run[1], context, ["a"])
    empty = tmp_path / "empty.txt"
    empty.write_text(" \n")
    with pytest.raises(DataError, match="there is no text"):
        predict(texts_run[1], empty, ["a"])


def test_another_space_is_refused(texts_run, tmp_path):
    options = {"dim": 8, "min_texts": 1, "max_share": 1.0}
    texts = [chunks[::-1] for chunks in articles(9, 12)]
    other = lvmctl.embed(texts, out=tmp_path / "o", **options)
    with pytest.raises(DataError, match="another space than what the run was trained on"):
        predict(texts_run[1], store=other)
