"""The OpenAI shape of embeddings."""

from __future__ import annotations

import base64

import numpy as np
import pytest


@pytest.mark.parametrize("name", ["plain", "lsa"])
def test_texts_become_vectors_by_the_name_of_a_run_or_of_its_encoder(client, store, name):
    body = {"model": name, "input": store.texts[:2]}
    answer = client.post("/v1/embeddings", json=body).json()
    assert (answer["object"], answer["model"]) == ("list", name)
    assert [each["index"] for each in answer["data"]] == [0, 1]
    assert {each["object"] for each in answer["data"]} == {"embedding"}
    vectors = [each["embedding"] for each in answer["data"]]
    assert np.allclose(vectors, store.vectors[:2], atol=1e-5)
    words = sum(len(text.split()) for text in store.texts[:2])
    assert answer["usage"] == {"prompt_tokens": words, "total_tokens": words}


def test_a_text_alone_comes_back_as_base64(client, store):
    body = {"model": "plain", "input": store.texts[5], "encoding_format": "base64"}
    (entry,) = client.post("/v1/embeddings", json=body | {"dimensions": 16}).json()["data"]
    vector = np.frombuffer(base64.b64decode(entry["embedding"]), "<f4")
    assert np.allclose(vector, store.vectors[5], atol=1e-5)


@pytest.mark.parametrize(
    ("change", "status"),
    [({"model": "other"}, 404), ({"dimensions": 8}, 422), ({"input": [1, 2]}, 422)],
)
def test_what_cannot_be_done_is_refused(client, change, status):
    answer = client.post("/v1/embeddings", json={"model": "plain", "input": "rain"} | change)
    assert answer.status_code == status


def test_models_are_the_runs(client):
    answer = client.get("/v1/models").json()
    assert [entry["id"] for entry in answer["data"]] == ["plain", "centred"]
