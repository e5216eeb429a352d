"""Who gets in, and how much a request may ask for."""

from __future__ import annotations

import shutil
import threading
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait

import numpy as np
import pytest
import torch
from fastapi.testclient import TestClient
from lvmctl_serve.app import make_app
from lvmctl_serve.served_model import ServedModel
from lvmctl_serve.service import Limits, Service

import lvmctl


def serving(served, token=None, **limits):
    """A client of a server with limits of its own."""
    app = make_app(Service(served, Limits(**limits)), token)
    return TestClient(app, raise_server_exceptions=False)


@pytest.mark.parametrize("said", [True, False])
def test_a_body_that_is_too_large_is_answered_413(served, said):
    body = b'{"texts": ["' + b"a" * 2000 + b'"]}'
    parts = (body[low : low + 100] for low in range(0, len(body), 100))
    headers = {"Content-Type": "application/json"}
    with serving(served, body=1000) as client:
        answer = client.post("/encode", content=body if said else parts, headers=headers)
    assert answer.status_code == 413
    assert "1000 bytes" in answer.json()["detail"]


def test_too_many_texts_or_vectors_are_answered_422(served, contexts):
    vectors = contexts[0].tolist()
    with serving(served, batch=3) as client:
        answers = [
            client.post("/encode", json={"texts": ["a"] * 4}),
            client.post("/infer", json={"context_vectors": vectors}),
            client.post("/rank", json={"context": ["a"], "candidates": ["b"] * 4}),
        ]
    assert [answer.status_code for answer in answers] == [422] * 3
    assert all("4" in answer.json()["detail"] for answer in answers)


def test_a_full_queue_is_answered_429_and_the_others_are_answered(served, contexts, monkeypatch):
    begun, go, infer = threading.Event(), threading.Event(), served[0].infer

    def waiting(items):
        begun.set()
        return go.wait(60) and infer(items)

    monkeypatch.setattr(served[0], "infer", waiting)
    body = {"context_vectors": contexts[0].tolist()}
    with serving(served, queue=2) as client, ThreadPoolExecutor(4) as threads:
        asked = [threads.submit(client.post, "/infer", json=body)]
        assert begun.wait(60)  # the first is computed, so that two may wait
        asked += [threads.submit(client.post, "/infer", json=body) for _ in range(3)]
        wait(asked, timeout=60, return_when=FIRST_COMPLETED)  # the one that is refused
        go.set()
        answers = [each.result() for each in asked]
    assert sorted(answer.status_code for answer in answers) == [200, 200, 200, 429]
    (refused,) = [answer for answer in answers if answer.status_code == 429]
    assert refused.headers["Retry-After"] == "1"
    assert "2 requests are waiting" in refused.json()["detail"]


def test_a_token_is_asked_for_everywhere_but_at_health(served):
    with serving(served, token="secret") as client:
        for path in ("/info", "/metrics", "/openapi.json"):
            answer = client.get(path)
            assert answer.status_code == 401
            assert answer.headers["WWW-Authenticate"] == "Bearer"
        for wrong in ("Bearer other", "secret", "Basic secret"):
            assert client.get("/info", headers={"Authorization": wrong}).status_code == 401
        assert client.get("/info", headers={"Authorization": "Bearer secret"}).status_code == 200
        assert client.get("/health").status_code == 200


def test_requests_are_counted(served):
    with serving(served) as client:
        assert client.get("/metrics").json()["slo_metrics"]["p50_ms"] == 0
        client.post("/encode", json={"texts": ["rain"]})
        client.post("/encode", json={"texts": []})
        client.get("/nowhere/1")
        lines = client.get("/metrics/prometheus").text.splitlines()
        metrics = client.get("/metrics").json()
    assert 'lvmctl_requests_total{path="/encode",status="200"} 1.0' in lines
    assert 'lvmctl_requests_total{path="/encode",status="422"} 1.0' in lines
    assert 'lvmctl_requests_total{path="other",status="404"} 1.0' in lines
    assert 'lvmctl_batch_size_count{kind="encode"} 1.0' in lines
    assert metrics["slo_metrics"]["p50_ms"] > 0
    assert metrics["compliance"] == {"status": "compliant", "violations": []}


def test_a_fault_is_500_without_its_reason_and_makes_health_degraded(served, monkeypatch, capsys):
    def fail(items):
        raise RuntimeError("/home/somebody/file is broken")

    monkeypatch.setattr(served[0], "infer", fail)
    with serving(served) as client:
        answer = client.post("/infer", json={"context_vectors": np.eye(16).tolist()})
        health = client.get("/health").json()
    assert (answer.status_code, "somebody" in answer.text) == (500, False)
    assert "/home/somebody/file is broken" in capsys.readouterr().err
    assert (health["status"], health["slo_compliant"]) == ("degraded", False)
    assert "error_rate_pct" in health["slo_violations"][0]


def test_what_the_model_cannot_read_is_422_without_a_path(served, monkeypatch):
    def refuse(items):
        raise lvmctl.DataError("nothing is left", where="/home/somebody", hint="leave it out")

    monkeypatch.setattr(served[0], "infer", refuse)
    with serving(served) as client:
        answer = client.post("/infer", json={"context_vectors": np.eye(16).tolist()})
    assert answer.status_code == 422
    assert answer.json() == {"detail": "nothing is left; leave it out"}


def test_without_its_store_a_run_ranks_vectors_and_says_what_it_cannot(runs, contexts, tmp_path):
    copy = shutil.copytree(runs[0].path, tmp_path / "copy")
    config = lvmctl.Run(copy).config
    config["data"]["data"] = str(tmp_path / "gone")
    lvmctl.write_json(copy / "config.json", config)
    (copy / "hashes.json").unlink()  # it is trusted as it is
    alone = ServedModel(str(copy), None, "nearest")
    assert alone.missing.keys() == {"store", "encoder", "decoder", "confidence"}
    vectors = contexts[0].tolist()
    with serving([alone]) as client:
        known = client.post("/infer", json={"context_vectors": vectors})
        assert known.json()["confidence"] is None
        ranked = {"context_vectors": vectors, "candidate_vectors": vectors}
        assert client.post("/rank", json=ranked).status_code == 200
        for path, body in (
            ("/rank", {"context_vectors": vectors}),
            ("/encode", {"texts": ["rain"]}),
            ("/decode", {"vectors": vectors}),
            ("/chat", {"messages": ["rain"]}),
        ):
            answer = client.post(path, json=body)
            assert answer.status_code == 503
            assert str(tmp_path) not in answer.text


def test_a_published_model_is_served_without_what_it_does_not_say(tmp_path):
    from nn.published_networks import P7

    torch.save({"epoch": 3, "model_state_dict": P7(12).state_dict()}, tmp_path / "best_model.pt")
    config = {"model_type": "transformer", "context_length": 7, "train_npz": "a.npz"}
    lvmctl.write_json(tmp_path / "config.json", config)
    published = ServedModel(str(tmp_path), None, "nearest")
    assert "published model" in published.missing["confidence"]
    with serving([published]) as client:
        info = client.get("/info").json()
        assert (info["context_length"], info["vector_dim"], info["encoder"]) == (7, 12, None)
        answer = client.post("/infer", json={"context_vectors": np.eye(12)[:7].tolist()}).json()
    vector = published.model.predict(np.eye(12, dtype=np.float32)[:7])
    assert np.allclose(answer["predicted_vector"], vector, atol=1e-6)
    assert answer["confidence"] is None


def test_a_store_of_another_space_and_two_runs_of_a_name_are_refused(runs, served):
    other = lvmctl.open_store("synth:ar1?articles=20&chunks=12&dim=8")
    with pytest.raises(lvmctl.DataError, match="dimension 8"):
        ServedModel(str(runs[0].path), other, "nearest")
    with pytest.raises(lvmctl.UsageError, match="same name"):
        Service([served[0], served[0]])
