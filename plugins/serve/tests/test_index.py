"""``lvmctl serve --index``: chunks that a library proposes, with what it misses."""

from __future__ import annotations

import sys

import numpy as np
import pytest
from click.testing import CliRunner
from fastapi.testclient import TestClient
from lvmctl_serve.app import make_app
from lvmctl_serve.command import serve
from lvmctl_serve.index import LIBRARIES, Library
from lvmctl_serve.served_model import RankItem, ServedModel
from lvmctl_serve.service import Service

import lvmctl

PACKAGES = {"usearch": "usearch", "faiss": "faiss"}


def exact_library(dim: int, missed: int = 0) -> Library:
    """A library that finds all but the ``missed`` nearest, and says so of those."""
    added: list[np.ndarray] = []

    def search(q, top):
        order = np.argsort(-(q @ np.concatenate(added).T), axis=1)[:, :top]
        order[:, :missed] = -1
        return order

    return Library(lambda numbers, rows: added.append(rows), search)


@pytest.fixture(params=LIBRARIES)
def library(request):
    pytest.importorskip(PACKAGES[request.param], reason=f"the extra {request.param}")
    return request.param


def test_the_store_is_ranked_about_as_exactly_and_the_recall_is_said(
    library, runs, contexts, store
):
    """With and without a transform. Many chunks are copies of each other, some of which an index
    may miss; the cosine of those that it finds is exact."""
    for run in runs:
        exact = ServedModel(str(run.path), None, "nearest")
        served = ServedModel(str(run.path), None, "nearest", library)
        assert served.index.recall > 0.9
        items = [RankItem(rows, None, 30) for rows in contexts]
        every = exact.rank([RankItem(rows, None, len(store)) for rows in contexts])
        for (numbers, scores), (order, cosines) in zip(served.rank(items), every):
            assert len(set(numbers.tolist())) == 30
            assert np.allclose(scores, cosines[np.argsort(order)][numbers], atol=1e-5)
            assert (scores >= cosines[29] - 1e-5).mean() > 0.8
            assert (np.diff(scores) <= 0).all()
        with TestClient(make_app(Service([served]))) as client:
            info = client.get("/info").json()
            assert (info["index"], info["index_recall"]) == (library, served.index.recall)
            body = {"context_vectors": contexts[2].tolist(), "top": 5}
            answer = client.post("/rank", json=body).json()
            assert answer["candidates"] == len(store)
            assert store.texts[answer["results"][0]["index"]] == answer["results"][0]["text"]


def test_what_is_not_found_lowers_the_recall_and_is_not_answered(runs, contexts, monkeypatch):
    monkeypatch.setitem(LIBRARIES, "usearch", lambda dim: exact_library(dim, missed=3))
    served = ServedModel(str(runs[0].path), None, "nearest", "usearch")
    assert served.index.recall == pytest.approx(0.7)
    assert "0.700 of the 10 nearest" in served.index.line()
    ((numbers, scores),) = served.rank([RankItem(contexts[0], None, 5)])
    assert len(numbers) == len(scores) == 2
    assert numbers.min() >= 0


def test_exact_is_the_default(client, served):
    assert served[0].index is None
    info = client.get("/info").json()
    assert (info["index"], info["index_recall"]) == ("exact", None)


def test_a_model_with_a_score_of_its_own_is_ranked_exactly(store, tmp_path):
    pytest.importorskip("lvmctl_ranker", reason="P9 has one")
    run = lvmctl.train("p9", data=store, out=tmp_path / "p9", context=3, epochs=1, min_article=6)
    served = ServedModel(str(run.path), None, "nearest", "usearch")
    assert served.index is None
    assert "more than the cosine" in served.missing["index"]


def test_a_library_that_is_not_there_is_refused(runs, monkeypatch):
    monkeypatch.setitem(sys.modules, "usearch.index", None)
    done = CliRunner().invoke(serve, [str(runs[0].path), "--port", "0", "--index", "usearch"])
    assert done.exit_code
    assert isinstance(done.exception, lvmctl.UsageError)
    assert "usearch is not installed" in str(done.exception)
    assert "lvmctl-serve[usearch]" in str(done.exception)
