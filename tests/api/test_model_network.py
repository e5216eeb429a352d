"""What a loaded model shows of its network: the vector before it is normalised, the parameters."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from training.small import DATA

import lvmctl
from lvmctl.data import Windows, open_splits


@pytest.fixture(scope="module")
def plain_run(tmp_path_factory):
    small = {"sequence": {"layers": 1, "width": 8, "heads": 2, "feedforward": 8}}
    out = tmp_path_factory.mktemp("plain") / "run"
    return lvmctl.train("plain", data=DATA, out=out, epochs=1, **small)


@pytest.fixture(scope="module")
def contexts():
    return Windows(open_splits(DATA).val, 5, 1).context(np.arange(7))


def test_a_free_prediction_is_there_before_it_is_normalised(contexts, plain_run):
    model = lvmctl.load(plain_run)
    raw, q = model.predict(contexts, normalize=False), model.predict(contexts)
    size = np.linalg.norm(raw, axis=1, keepdims=True)
    assert (np.abs(size - 1) > 1e-3).any()
    assert np.allclose(raw / size, q, atol=1e-6)


def test_a_model_without_such_a_vector_gives_its_prediction(contexts, p8_run):
    model = lvmctl.load(p8_run)
    assert np.array_equal(model.predict(contexts, normalize=False), model.predict(contexts))


def test_the_network_predicts_from_transformed_contexts(centred_run):
    model = lvmctl.load(centred_run)
    chunks = open_splits(DATA).val.vectors[:5]
    with torch.inference_mode():
        q = model.module(torch.from_numpy(model.transform(chunks))[None]).q[0]
    assert np.allclose(q, model.predict(chunks), atol=1e-6)
    assert not model.module.training
