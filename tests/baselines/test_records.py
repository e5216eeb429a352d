"""The baselines core declares are their formulas."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from lvmctl.baselines.centroid import Centroid
from lvmctl.baselines.direct import Direct
from lvmctl.registry import load_registry
from lvmctl.spec import NoOptions, Shape


@pytest.fixture
def context() -> torch.Tensor:
    x = np.random.default_rng(0).standard_normal((6, 4, 9))
    return torch.from_numpy(x / np.linalg.norm(x, axis=-1, keepdims=True)).float()


def test_direct_is_the_newest_chunk(context):
    assert torch.equal(Direct(NoOptions(), Shape(9, 4))(context), context[:, 3])


def test_centroid_is_the_normalised_mean(context):
    mean = context.double().numpy().mean(axis=1)
    expected = mean / np.linalg.norm(mean, axis=-1, keepdims=True)
    found = Centroid(NoOptions(), Shape(9, 4))(context).numpy()
    assert found == pytest.approx(expected, abs=1e-6)


def test_every_declared_baseline_predicts_unit_vectors(context):
    from lvmctl.data import Windows, open_split

    windows = Windows(open_split("synth:topic?articles=10&chunks=9&dim=9"), 4, 1)
    registry = load_registry()
    for entry in registry.entries("baseline"):
        predictor = registry.resolve(entry)(entry.record.options(), Shape(9, 4))
        if entry.record.fitted:
            predictor = predictor.fit(windows)
        q = predictor(context)
        assert q.shape == (6, 9)
        assert q.norm(dim=-1).numpy() == pytest.approx(1, abs=1e-5)
