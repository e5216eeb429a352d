"""The published service's requests, as its clients send them."""

from __future__ import annotations

import base64
import json

import numpy as np
import pytest
from fastapi.testclient import TestClient
from lvmctl_serve.app import make_app
from lvmctl_serve.chunking import chunks_of
from lvmctl_serve.service import Service

INFER = {"predicted_vector", "confidence", "latency_ms", "model_type", "device"}
CHAT = {
    "response",
    "confidence",
    "latency_breakdown",
    "total_latency_ms",
    "chunks_used",
    "chunking_applied",
    "input_chunks",
    "ctx_fill_mode",
}
HEALTH = {
    "status",
    "model_type",
    "model_loaded",
    "device",
    "encoder_url",
    "decoder_url",
    "pipeline",
    "max_decode_steps",
    "slo_compliant",
    "slo_violations",
}
INFO = {
    "model_type",
    "model_path",
    "device",
    "context_length",
    "vector_dim",
    "hidden_dim",
    "parameters",
    "parameters_trainable",
    "memory_mb",
    "max_decode_steps",
}
METRICS = {
    "slo_metrics",
    "slo_targets",
    "compliance",
    "cache",
    "circuit_breaker",
    "version_ids",
}
BEFORE = ["Flour is weighed.", "The dough is kneaded.", "The dough rises."]


def as_base64(row):
    return base64.b64encode(np.asarray(row, "<f4").tobytes()).decode()


def test_infer_is_what_the_model_predicts(client, model, contexts):
    body = {"context_vectors": contexts[0].tolist(), "temperature": 1.0, "normalize": True}
    answer = client.post("/infer", json=body).json()
    assert answer.keys() == INFER
    assert np.allclose(answer["predicted_vector"], model.predict(contexts[0]), atol=1e-6)
    assert (answer["model_type"], answer["device"]) == ("plain", "cpu")
    assert -1 <= answer["confidence"] <= 1


def test_base64_says_the_same_as_lists(client, contexts):
    rows = contexts[1]
    forms = [rows.tolist(), [as_base64(row) for row in rows], as_base64(rows)]
    answers = [client.post("/infer", json={"context_vectors": form}).json() for form in forms]
    vectors = [answer["predicted_vector"] for answer in answers]
    assert np.allclose(vectors, vectors[0], atol=1e-6)
    body = {"context_vectors": forms[1], "encoding_format": "base64"}
    sent = client.post("/infer", json=body).json()["predicted_vector"]
    assert np.allclose(np.frombuffer(base64.b64decode(sent), "<f4"), vectors[0], atol=1e-6)


def test_the_length_of_a_vector_says_nothing_and_a_context_may_be_short_or_long(
    client, model, contexts
):
    long = np.concatenate([contexts[1], contexts[0]])
    for rows in (7 * contexts[0], long, contexts[0][-2:]):
        answer = client.post("/infer", json={"context_vectors": rows.tolist()}).json()
        unit = rows / np.linalg.norm(rows, axis=1, keepdims=True)
        assert np.allclose(answer["predicted_vector"], model.predict(unit), atol=1e-6)


def test_a_prediction_before_it_is_normalised(client, model, contexts):
    body = {"context_vectors": contexts[0].tolist(), "normalize": False}
    vector = client.post("/infer", json=body).json()["predicted_vector"]
    assert np.allclose(vector, model.predict(contexts[0], normalize=False), atol=1e-5)
    assert abs(np.linalg.norm(vector) - 1) > 1e-3


def test_a_temperature_above_1_adds_noise(client, contexts):
    def vector(temperature):
        body = {"context_vectors": contexts[0].tolist(), "temperature": temperature}
        return np.array(client.post("/infer", json=body).json()["predicted_vector"])

    assert np.array_equal(vector(0.0), vector(1.0))
    assert not np.allclose(vector(2.0), vector(2.0), atol=1e-3)
    assert np.linalg.norm(vector(2.0)) == pytest.approx(1, abs=1e-5)


def test_the_noise_is_a_tenth_of_what_the_temperature_is_above_1(client, model, contexts):
    raw = model.predict(contexts[0], normalize=False)
    body = {"context_vectors": contexts[0].tolist(), "temperature": 1.5, "normalize": False}
    noisy = [client.post("/infer", json=body).json()["predicted_vector"] for _ in range(20)]
    assert np.std(np.array(noisy) - raw) == pytest.approx(0.05, rel=0.3)


def test_chat_says_the_chunk_nearest_to_the_prediction(client, served, store):
    answer = client.post("/chat", json={"messages": BEFORE, "decode_steps": 1}).json()
    assert answer.keys() == CHAT
    q = served[0].model.predict(served[0].encode([BEFORE])[0])
    assert answer["response"] == store.texts[int(store.nearest(q[None], 1).indices[0, 0])]
    assert {"encoding_ms", "lvm_inference_ms", "decoding_ms"} <= answer["latency_breakdown"].keys()
    assert (answer["chunks_used"], answer["input_chunks"]) == (3, 3)
    assert (answer["chunking_applied"], answer["ctx_fill_mode"]) == (False, "repeat_pad")


@pytest.mark.parametrize(
    ("body", "chunks", "cut"),
    [
        ({"messages": ["One. Two! Three? Four. Five."]}, 4, True),
        ({"messages": ["One. Two! Three?"]}, 1, False),
        ({"messages": ["One. Two! Three?"], "chunk_mode": "fixed"}, 3, True),
        ({"messages": ["One. Two. Three. Four. Five."], "chunk_mode": "sentence"}, 5, True),
        ({"messages": ["One. Two. Three. Four. Five."], "chunk_mode": "off"}, 1, False),
        ({"messages": ["One. Two. Three. Four. Five."], "auto_chunk": False}, 1, False),
        ({"messages": ["One. Two.", "Three."]}, 2, False),
        ({"paragraph": "One. Two. Three. Four. Five. Six."}, 4, True),
    ],
)
def test_chat_cuts_as_the_published_service(client, body, chunks, cut):
    answer = client.post("/chat", json=body).json()
    assert (answer["input_chunks"], answer["chunking_applied"]) == (chunks, cut)
    assert answer["chunks_used"] == min(chunks, 4)
    assert answer["ctx_fill_mode"] == ("seq" if chunks >= 4 else "repeat_pad")


def test_of_many_messages_the_last_count(served, store, monkeypatch):
    read, encode = [], served[0].encode
    monkeypatch.setattr(served[0], "encode", lambda items: read.extend(items) or encode(items))
    client = TestClient(make_app(Service(served)))
    answer = client.post("/chat", json={"messages": store.texts[:6]}).json()
    assert (answer["chunks_used"], answer["input_chunks"]) == (4, 6)
    assert read == [store.texts[2:6]]


def test_a_paragraph_becomes_groups_of_sentences_the_longer_first():
    text = "One.  Two! Three? Four. Five. Six."
    assert chunks_of(None, text, "off", 4) == (["One. Two!", "Three? Four.", "Five.", "Six."], True)
    assert chunks_of(None, "One. Two", "off", 4) == (["One.", "Two"], True)


@pytest.mark.parametrize("body", [{}, {"messages": ["A."], "paragraph": "B."}])
def test_chat_wants_messages_or_a_paragraph(client, body):
    answer = client.post("/chat", json=body)
    assert (answer.status_code, answer.json().keys()) == (422, {"detail"})
    assert "messages or paragraph" in answer.json()["detail"]


def test_what_is_encoded_is_decoded(client, store):
    texts = store.texts[:3]
    encoded = client.post("/encode", json={"texts": texts}).json()
    assert encoded["shape"] == [3, 16]
    assert np.allclose(encoded["embeddings"], store.vectors[:3], atol=1e-5)
    body = {
        "vectors": encoded["embeddings"],
        "subscriber": "ielab",
        "steps": 5,
        "original_texts": texts,
    }
    decoded = client.post("/decode", json=body).json()
    assert decoded["results"] == texts
    assert (decoded["subscriber"], decoded["steps"]) == ("ielab", 5)
    assert decoded["decoder"] == "nearest"
    assert np.allclose(decoded["cosines"], 1, atol=1e-5)


def test_health_info_and_metrics_have_what_was_published(client, model):
    health, info, metrics = (
        client.get(f"/{name}").json() for name in ("health", "info", "metrics")
    )
    assert health.keys() == HEALTH
    assert health["status"] == "healthy"
    assert health["encoder_url"].endswith("/encode")
    assert info.keys() >= INFO
    assert (info["context_length"], info["vector_dim"], info["hidden_dim"]) == (4, 16, 16)
    assert info["parameters"] == sum(p.numel() for p in model.module.parameters())
    assert metrics.keys() == METRICS
    assert metrics["slo_metrics"].keys() >= {"p50_ms", "p95_ms", "error_rate_pct"}


def test_each_run_answers_by_its_name(client, served, contexts):
    centred = served[1].model
    body = {"context_vectors": contexts[0].tolist(), "model": "centred"}
    vector = client.post("/infer", json=body).json()["predicted_vector"]
    assert np.allclose(vector, centred.predict(contexts[0]), atol=1e-6)
    assert client.get("/info", params={"model": "centred"}).json()["context_length"] == 3
    unknown = client.post("/infer", json=body | {"model": "other"})
    assert unknown.status_code == 404
    assert "plain, centred" in unknown.json()["detail"]


def test_no_answer_names_a_place_of_this_machine(client, store):
    answers = [client.get(path) for path in ("/health", "/info", "/metrics", "/openapi.json")]
    answers.append(client.post("/rank", json={"context": BEFORE}))
    for answer in answers:
        assert answer.status_code == 200
        assert str(store.path.parent) not in json.dumps(answer.json())
