"""Confidence is the cosine that windows of a like closeness had."""

from __future__ import annotations

import shutil

import numpy as np
import pytest
from lvmctl_serve.confidence import Confidence, calibration_error, closeness, measured
from lvmctl_serve.served_model import InferItem, ServedModel

import lvmctl


def test_closeness_is_the_mean_cosine_to_the_context():
    q = np.array([[1.0, 0.0], [0.0, 1.0]])
    contexts = [np.array([[1.0, 0.0], [0.0, 1.0]]), np.array([[0.6, 0.8]])]
    assert np.allclose(closeness(q, contexts), [0.5, 0.8])


def test_between_bins_it_is_interpolated_and_beyond_them_level():
    confidence = Confidence(np.array([0.2, 0.4]), np.array([0.1, 0.5]), 100)
    assert np.allclose(confidence(np.array([0.0, 0.3, 0.9])), [0.1, 0.3, 0.5])


def test_bins_hold_windows_of_a_like_closeness():
    draw = np.random.default_rng(0)
    near = draw.permutation(np.linspace(0, 1, 240))
    confidence = Confidence.of(near, near**2)
    assert np.allclose(confidence.closeness, [1 / 8, 3 / 8, 5 / 8, 7 / 8], atol=0.01)
    assert np.allclose(confidence.cosine, confidence.closeness**2 + 1 / 192, atol=0.01)
    assert calibration_error(confidence(near), near**2) < 0.03
    assert len(Confidence.of(np.arange(5000), np.arange(5000)).cosine) == 20


def test_it_is_the_mean_of_windows_that_are_alike(served, runs):
    near, cosines = measured(served[0].model, runs[0].splits().val)
    order = np.argsort(near)
    confidence = served[0].confidence
    assert confidence.windows == len(near) == 32
    assert np.allclose(confidence.closeness, near[order].mean())  # one bin: few windows
    assert np.allclose(confidence(near), cosines.mean())


def test_it_is_of_transformed_chunks_where_the_run_has_a_transform(served, runs, store):
    model = served[1].model
    near, cosines = measured(model, runs[1].splits().val)
    split = store.split("val")
    context, target = split.vectors[:3], split.vectors[3:4]
    q = model.predict(context)
    assert cosines[0] == pytest.approx(float(model.transform(target)[0] @ q), abs=1e-5)
    assert near[0] == pytest.approx(float((model.transform(context) @ q).mean()), abs=1e-5)


def test_an_answer_carries_it(client, served, contexts, monkeypatch):
    steep = Confidence(np.array([-1.0, 1.0]), np.array([0.0, 1.0]), 100)
    monkeypatch.setattr(served[0], "confidence", steep)
    item = contexts[:1]
    q = served[0].model.predict(item)
    expected = float(served[0].confidence(closeness(q, item))[0])
    for rows in (contexts[0], np.concatenate([contexts[3], contexts[0]])):  # the last K count
        answer = client.post("/infer", json={"context_vectors": rows.tolist()}).json()
        assert answer["confidence"] == pytest.approx(expected)


def test_where_the_run_has_a_transform_closeness_is_among_transformed_chunks(
    served, contexts, monkeypatch
):
    steep = Confidence(np.array([-1.0, 1.0]), np.array([0.0, 1.0]), 100)
    monkeypatch.setattr(served[1], "confidence", steep)
    model, context = served[1].model, contexts[0][-3:]
    ((_, confidence),) = served[1].infer([InferItem(context)])
    near = float((model.transform(context) @ model.predict(context)).mean())
    assert confidence == pytest.approx((near + 1) / 2, abs=1e-5)


def test_the_calibration_error_of_what_is_right_is_zero_and_of_what_is_off_by_a_tenth_a_tenth():
    truth = np.linspace(0, 1, 50)
    assert calibration_error(truth, truth) == pytest.approx(0)
    assert calibration_error(truth - 0.1, truth) == pytest.approx(0.1)
    assert calibration_error(np.full(4, 0.5), np.array([0.0, 0.0, 1.0, 1.0]), 1) == 0


def test_how_far_it_is_off_is_said_in_a_line(served):
    line = served[0].confidence_line()
    assert line.startswith("plain: expected calibration error 0.")
    assert "test windows" in line


def test_a_run_whose_data_has_changed_has_none(runs, tmp_path):
    copy = shutil.copytree(runs[0].path, tmp_path / "copy")
    config = lvmctl.Run(copy).config
    config["splits"]["val"]["content_hash"] = "sha256:0"
    lvmctl.write_json(copy / "config.json", config)
    (copy / "hashes.json").unlink()  # it is trusted as it is
    changed = ServedModel(str(copy), None, "nearest")
    assert "changed since" in changed.missing["confidence"]
    context = np.eye(16, dtype=np.float32)[:4]
    assert [confidence for _, confidence in changed.infer([InferItem(context)])] == [None]
