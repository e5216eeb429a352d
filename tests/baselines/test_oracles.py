"""Oracles are the best of their class, each by its own measure."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import torch

from lvmctl.baselines.oracles import ConeMarginOracle, ConeOracle, Oracle, SpanOracle
from lvmctl.registry.record import NoOptions
from lvmctl.registry.specs import Shape
from lvmctl.sphere import cosine, largest_margin, mixture, unit


@pytest.fixture(scope="module")
def case() -> tuple[torch.Tensor, torch.Tensor]:
    """Contexts (200, 4, 12) on one side of the sphere, and targets anywhere."""
    rng = np.random.default_rng(0)
    context = torch.from_numpy(rng.standard_normal((200, 4, 12)) + 0.5).float()
    return unit(context), unit(torch.from_numpy(rng.standard_normal((200, 12))).float())


def predict(kind: type, case) -> torch.Tensor:
    return kind(NoOptions(), Shape(12, 4))(*case)


def test_wider_classes_come_closer(case):
    cosines = [cosine(predict(kind, case), case[1]) for kind in (ConeOracle, SpanOracle, Oracle)]
    mixed = mixture(torch.rand(200, 4, generator=torch.Generator().manual_seed(0)), case[0])
    single = torch.einsum("bkd,bd->bk", *case).max(dim=1).values
    for lower in (cosine(mixed, case[1]), single):
        assert (lower <= cosines[0] + 1e-6).all()
    for lower, upper in itertools.pairwise(cosines):
        assert (lower <= upper + 1e-6).all()
        assert (lower < upper - 1e-3).any()
    assert cosines[2].numpy() == pytest.approx(1, abs=1e-6)


def test_the_span_oracle_is_the_least_squares_point(case):
    q = predict(SpanOracle, case)
    for b in range(5):
        columns, y = case[0][b].double().T.numpy(), case[1][b].double().numpy()
        nearest = columns @ np.linalg.lstsq(columns, y, rcond=None)[0]
        assert q[b].numpy() == pytest.approx(nearest / np.linalg.norm(nearest), abs=1e-6)


def test_the_margin_oracle_gives_up_cosine_for_margin(case):
    context, y = case
    last = context[:, -1]
    best, nearest = predict(ConeMarginOracle, case), predict(ConeOracle, case)
    margin = cosine(best, y) - cosine(best, last)
    ceiling = largest_margin("cone", context, y, last)
    assert margin.numpy() == pytest.approx(ceiling.numpy(), abs=1e-5)
    assert (margin >= cosine(nearest, y) - cosine(nearest, last) - 1e-6).all()
    assert (cosine(best, y) <= cosine(nearest, y) + 1e-6).all()
    assert cosine(best, y).mean() < cosine(nearest, y).mean() - 0.05
