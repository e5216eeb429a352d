"""``/rank``: texts or vectors, among candidates, an article or the store."""

from __future__ import annotations

import numpy as np
import pytest
from fastapi.testclient import TestClient
from lvmctl_serve.app import make_app
from lvmctl_serve.served_model import RankItem, ServedModel
from lvmctl_serve.service import Service

import lvmctl

WORLD = "synth:ar1?articles=20&chunks=12&dim=8"
BEFORE = ["Flour is weighed.", "The dough is kneaded.", "The dough rises."]
AFTER = ["Wax is cut.", "A loaf is baked.", "She is rowed."]


def test_texts_are_ranked_as_the_model_ranks_them(client, model):
    answer = client.post("/rank", json={"context": BEFORE, "candidates": AFTER, "top": 2}).json()
    expected = model.rank_texts(BEFORE, AFTER, 2)
    assert [result["index"] for result in answer["results"]] == expected.indices.tolist()
    assert np.allclose([each["score"] for each in answer["results"]], expected.scores, atol=1e-5)
    assert [each["text"] for each in answer["results"]] == [AFTER[i] for i in expected.indices]
    assert (answer["candidates"], answer["model"]) == (3, "plain")


def test_vectors_are_ranked_under_their_names(client, model, contexts, store):
    candidates = store.vectors[30:37]
    ids = [f"c{number}" for number in range(7)]
    body = {"context_vectors": contexts[0].tolist(), "candidate_vectors": candidates.tolist()}
    answer = client.post("/rank", json=body | {"ids": ids, "top": 7}).json()
    expected = model.rank(contexts[0], candidates, 7)
    assert [each["id"] for each in answer["results"]] == [ids[i] for i in expected.indices]
    assert {each["text"] for each in answer["results"]} == {None}


def test_texts_stand_beside_vectors_that_were_encoded_already(client, contexts, store):
    body = {"context_vectors": contexts[0].tolist(), "candidates": AFTER}
    body["candidate_vectors"] = store.vectors[:3].tolist()
    results = client.post("/rank", json=body).json()["results"]
    assert sorted(each["text"] for each in results) == sorted(AFTER)


@pytest.mark.parametrize("number", [0, 1])
def test_without_candidates_the_store_is_ranked(client, served, contexts, store, number):
    """With and without a transform."""
    name, model = served[number].name, served[number].model
    body = {"context_vectors": contexts[2].tolist(), "top": 5, "model": name}
    answer = client.post("/rank", json=body).json()
    every = model.rank(contexts[2], np.asarray(store.vectors), None)
    scores = [each["score"] for each in answer["results"]]
    assert np.allclose(scores, every.scores[:5], atol=1e-5)
    assert answer["candidates"] == len(store)
    for each in answer["results"]:
        article, place = each["id"].split(":")
        assert store.article(article, int(place))["chunks"][0]["text"] == each["text"]
        assert store.texts[each["index"]] == each["text"]


def test_a_model_with_a_score_of_its_own_ranks_the_store_by_it(store, contexts, tmp_path):
    pytest.importorskip("lvmctl_ranker", reason="P9 has one")
    options = {"context": 3, "epochs": 1, "min_article": 6, "hidden": 4}
    run = lvmctl.train("p9", data=store, out=tmp_path / "p9", **options)
    served = ServedModel(str(run.path), None, "nearest")
    (indices, scores), *_ = served.rank([RankItem(contexts[0][-3:], None, 4)])
    expected = served.model.rank(contexts[0], np.asarray(store.vectors), 4)
    assert indices.tolist() == expected.indices.tolist()
    assert np.allclose(scores, expected.scores, atol=1e-5)
    elsewhere = ServedModel(str(run.path), lvmctl.open_store(WORLD), "nearest")
    assert elsewhere.dim == 8
    assert "another encoder" in elsewhere.missing["encoder"]
    assert len(elsewhere.rank([RankItem(np.eye(8, dtype=np.float32)[:3], None, 5)])[0][0]) == 5


def test_an_article_is_ranked_alone(client, contexts, store):
    entry = store.articles[7]
    body = {"context_vectors": contexts[0].tolist(), "article": str(entry["id"]), "top": 100}
    answer = client.post("/rank", json=body).json()
    assert answer["candidates"] == 12
    assert sorted(each["index"] for each in answer["results"]) == list(range(84, 96))
    assert {each["id"].split(":")[0] for each in answer["results"]} == {str(entry["id"])}
    assert all(each["text"] == store.texts[each["index"]] for each in answer["results"])


def test_requests_of_all_kinds_are_computed_together(served, contexts, store):
    model, vectors = served[0].model, np.asarray(store.vectors)
    items = [
        RankItem(contexts[0], vectors[:9], 3),
        RankItem(contexts[1], None, 2),
        RankItem(contexts[2][:1], vectors[5:14], 9),
        RankItem(contexts[3], vectors[:4], 10),
    ]
    for item, (indices, scores) in zip(items, served[0].rank(items)):
        pool = vectors if item.candidates is None else item.candidates
        expected = model.rank(item.context, pool, item.top)
        assert np.allclose(scores, expected.scores, atol=1e-5)
        if item.candidates is not None:
            assert indices.tolist() == expected.indices.tolist()


@pytest.mark.parametrize(
    ("body", "status", "words"),
    [
        ({}, 422, "context or context_vectors"),
        ({"context": ["a"], "candidates": []}, 422, "candidates"),
        ({"context": ["a"], "candidates": ["b"], "ids": ["x", "y"]}, 422, "ids: 2 for 1"),
        ({"context": ["a"], "ids": ["x"]}, 422, "no candidates"),
        ({"context": ["a"], "candidates": ["b"], "article": "3"}, 422, "article"),
        ({"context": ["a"], "article": "none"}, 404, "no such article"),
        ({"context": ["a"], "top": 0}, 422, "top"),
        ({"context": ["a"], "candidate_vectors": [[1.0] * 15]}, 422, "16 numbers"),
        ({"context": [" "]}, 422, "context.0"),
    ],
)
def test_what_cannot_be_ranked_is_refused_in_a_line(client, body, status, words):
    answer = client.post("/rank", json=body)
    assert answer.status_code == status
    assert words in answer.json()["detail"]
    assert "\n" not in answer.json()["detail"]


@pytest.mark.parametrize(
    ("reads", "words"),
    [("text", "give context and candidates as texts"), ("sentence", "is not passed on here")],
)
def test_what_a_model_reads_has_to_be_sent(client, served, contexts, monkeypatch, reads, words):
    monkeypatch.setattr(served[0].model, "reads", (reads,))
    sent = {"context_vectors": contexts[0].tolist()}
    for body in (sent, sent | {"candidates": AFTER}, {"context": BEFORE}):
        answer = client.post("/rank", json=body | {"model": served[0].name})
        assert answer.status_code == 422
        assert f"reads {reads}" in answer.text
        assert words in answer.text


def test_a_model_that_reads_texts_ranks_those_that_are_sent(store, tmp_path):
    pytest.importorskip("lvmctl_reader", reason="P10 reads texts")
    options = {"context": 3, "epochs": 1, "min_article": 6, "hidden": 4}
    run = lvmctl.train("p10", data=store, out=tmp_path / "p10", **options)
    served = ServedModel(str(run.path), None, "nearest")
    assert served.model.reads == ("text",)
    with TestClient(make_app(Service([served]))) as client:
        for before in (BEFORE, BEFORE[:1], [*AFTER, *BEFORE]):
            answer = client.post("/rank", json={"context": before, "candidates": AFTER}).json()
            expected = served.model.rank_texts(before, AFTER)
            order = [result["index"] for result in answer["results"]]
            assert order == expected.indices.tolist()
            scores = [result["score"] for result in answer["results"]]
            assert np.allclose(scores, expected.scores, atol=1e-5)
