"""A model whose prediction reads sentences is given those of the right chunks wherever it predicts,
beside the files of the store."""

from __future__ import annotations

import json

import numpy as np
import pytest
from recorder import Recorder
from training.make import train
from training.small import TINY

import lvmctl
from lvmctl.core.errors import DataError, UsageError
from lvmctl.data import Windows, open_split
from lvmctl.evaluation.eval_data import EvalRequest
from lvmctl.evaluation.fivecat.ablations import shuffled_orders
from lvmctl.evaluation.fivecat.run import run_fivecat
from lvmctl.evaluation.trained import load_run
from lvmctl.registry import load_registry

pytestmark = pytest.mark.usefixtures("few_calls")

OPTIONS = TINY | {"epochs": 2, "context": 3, "lr": 0.05, "min_article": 6}


@pytest.fixture
def run(reading, store, tmp_path):
    out = tmp_path / "ends"
    train(out, "ends", store, **OPTIONS)
    return out


def last_sentences(store) -> np.ndarray:
    """(N, D) float64 of unit norm: the last sentence of each chunk, from the files."""
    level = store / "levels" / "sentence"
    articles = json.loads((level / "store.json").read_text())["articles"]
    ends = np.cumsum([count for article in articles for count in article["pieces"]])
    rows = np.load(level / "vectors.npy")[ends - 1].astype(float)
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def predicted(store, share: float, rows: np.ndarray) -> np.ndarray:
    """What the model predicts after windows whose chunks have ``rows`` (W, K)."""
    chunks = np.load(store / "vectors.npy").astype(float)
    chunks /= np.linalg.norm(chunks, axis=1, keepdims=True)
    q = last_sentences(store)[rows[:, -1]] + share * chunks[rows[:, -1]]
    return q / np.linalg.norm(q, axis=1, keepdims=True)


def test_it_is_trained_measured_and_judged(run, store):
    trained = load_run(load_registry(), run)
    share = trained.model.share.item()
    assert share != 0
    windows = Windows(open_split(str(store), "val"), 3, 1)
    index = np.arange(len(windows))
    wanted = predicted(store, share, windows.inside(index))
    assert trained.predictor()(windows) == pytest.approx(wanted, abs=1e-5)
    cosine = (wanted * windows.target(index)).sum(axis=1)
    best = max(
        (record["val"] for record in trained.run.read(trained.run.history)),
        key=lambda val: val["mrr@10"],
    )
    assert best["cos_next"] == pytest.approx(cosine.mean(), abs=1e-5)
    result = run_fivecat(load_registry(), str(run), EvalRequest(), Recorder()).to_dict()
    tree = result["predictors"]["ends"]
    assert tree["cos_next"] == pytest.approx(cosine.mean(), abs=1e-5)
    orders = shuffled_orders(windows, 0)
    shown = np.take_along_axis(windows.inside(index), orders, axis=1)
    shuffled = (predicted(store, share, shown) * windows.target(index)).sum(axis=1)
    change = (shuffled - cosine).mean()
    assert tree["ablations"]["shuffled"] == pytest.approx(change, abs=1e-5)
    assert tree["reads"] == ["sentence"]
    assert "rollout" not in tree
    (rollout,) = [gate for gate in result["verdict"]["gates"] if "rollout" in str(gate)]
    assert "ABSENT" in str(rollout)
    assert "reads more than vectors" in str(rollout)
    compared = lvmctl.compare([run]).to_dict()
    assert compared["predictors"]["ends"]["cos_next"] == pytest.approx(cosine.mean(), abs=1e-5)


def test_it_answers_from_the_store_and_in_python(run, store):
    model, opened = lvmctl.load(run), lvmctl.open_store(store)
    assert (model.q_reads, model.reads, model.has_score) == (True, ("sentence",), False)
    share = model.module.share.item()
    rows = np.array([[0, 1, 2], [5, 6, 7]])
    q = model.predict(opened.vectors[rows], read=opened.at(rows))
    assert q == pytest.approx(predicted(store, share, rows), abs=1e-5)
    one = model.predict(opened.vectors[:2], read=opened.at(np.arange(2)))
    assert one == pytest.approx(predicted(store, share, np.array([[0, 0, 1]]))[0], abs=1e-5)
    for pool in ("article", "global"):
        (said,) = lvmctl.predict(model, store=opened, article=0, at=5, pool=pool, top=3)
        every = opened.vectors[:10] if pool == "article" else opened.vectors
        cosines = predicted(store, share, np.array([[2, 3, 4]]))[0] @ np.array(every).T
        cosines[2:5] = -np.inf
        assert said.candidates[0].score == pytest.approx(cosines.max(), abs=1e-5)
        assert said.candidates[0].id.split(":")[1] == str(cosines.argmax() % 10)


def test_what_has_nothing_to_read_is_refused(run, store, tmp_path):
    model, vectors = lvmctl.load(run), lvmctl.open_store(store).vectors
    with pytest.raises(UsageError, match="reads sentence"):
        model.predict(vectors[:3])
    with pytest.raises(DataError, match="no level"):
        model.predict(vectors[:3], read=["a", "b", "c"])
    np.save(tmp_path / "c.npy", vectors[:3])
    with pytest.raises(UsageError, match="reads sentence"):
        lvmctl.predict_file(run, tmp_path / "c.npy", tmp_path / "q.npy")
    world = f"synth:iid?articles=30&chunks=10&dim={model.dim}"
    with pytest.raises(DataError, match="no level"):
        lvmctl.evaluate(run, data=world)
    with pytest.raises(UsageError, match="nothing to read"):
        lvmctl.train("ends", data=str(store), loss="classic/rollout", options=OPTIONS)
    exported = lvmctl.Run(run).export(tmp_path / "shared")
    assert not (exported / "model.onnx").exists()
