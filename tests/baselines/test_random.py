"""Random directions: uniform, reproducible, and blind to the window."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from lvmctl.baselines.options import RandomOptions
from lvmctl.baselines.random import Random
from lvmctl.registry.specs import Shape
from lvmctl.sphere import centroid, cosine


def make(seed: int = 0) -> Random:
    return Random(RandomOptions(seed=seed), Shape(6, 3))


@pytest.fixture(scope="module")
def context() -> torch.Tensor:
    """Windows that all look the same way."""
    rng = np.random.default_rng(0)
    x = rng.standard_normal((4000, 3, 6)) * 0.3 + np.eye(6)[0]
    return torch.from_numpy(x / np.linalg.norm(x, axis=-1, keepdims=True)).float()


def test_a_window_keeps_its_direction_in_any_batch(context):
    q = make()(context)
    assert torch.equal(make()(context[[7, 3]]), q[[7, 3]])
    assert torch.equal(make()(context[5:6].clone()), q[5:6])
    assert len(torch.unique(q, dim=0)) == len(q)


def test_seeds_and_windows_differ(context):
    few = context[:50]
    assert (make(1)(few) - make(0)(few)).norm(dim=-1).min() > 1e-2
    for place in range(3):
        other = few.clone()
        other[:, place] = few[:, place].roll(1, dims=0)
        assert (make()(few) - make()(other)).norm(dim=-1).min() > 1e-2


def test_directions_are_uniform_and_blind_to_the_window(context):
    q = make()(context).double()
    error = 4 / np.sqrt(len(q))
    assert q.norm(dim=-1).numpy() == pytest.approx(1, abs=1e-6)
    assert q.mean(dim=0).abs().max() < error / np.sqrt(6)
    moment = q.T @ q / len(q)
    assert (moment - torch.eye(6) / 6).abs().max() < error / 3
    assert cosine(q, centroid(context).double()).mean().abs() < error / np.sqrt(6)
