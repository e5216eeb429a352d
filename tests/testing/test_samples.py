"""Random batches are what their fields say, and predictions are as near as asked."""

from __future__ import annotations

import re
from dataclasses import fields

import pytest
import torch
from hypothesis import example, given
from hypothesis import strategies as st

from lvmctl import Prediction
from lvmctl.core.batch import FIELDS
from lvmctl.testing.samples import constant_prediction, random_batch, random_prediction

UNIT = ("context", "target", "negatives", "future")
COUNTS = {"negatives": "M", "rollout": "R"}

sizes = {
    "size": st.integers(1, 9),
    "dim": st.integers(2, 9),
    "k": st.integers(1, 6),
    "horizon": st.integers(1, 3),
    "negatives": st.integers(0, 5),
    "rollout": st.integers(0, 4),
    "seed": st.integers(0, 999),
}


@given(**sizes)
def test_every_field_has_the_shape_that_is_documented(size, dim, k, **more):
    batch = random_batch(size, dim, k, **more)
    letters = {"B": size, "K": k, "D": dim} | {COUNTS[n]: more[n] for n in COUNTS}
    for name, description in FIELDS.items():
        if name == "second_last" and k == 1:
            assert name not in batch
            continue
        shape = re.match(r"\((.*?)\)", description).group(1).replace(" ", "").strip(",").split(",")
        assert getattr(batch, name).shape == tuple(letters[letter] for letter in shape), name


@given(**sizes)
def test_the_fields_fit_together(size, dim, k, **more):
    batch = random_batch(size, dim, k, **more)
    for name in UNIT:
        norms = getattr(batch, name).norm(dim=-1)
        torch.testing.assert_close(norms, torch.ones_like(norms))
    assert batch.last.equal(batch.context[:, -1])
    assert k == 1 or batch.second_last.equal(batch.context[:, -2])
    assert not batch.in_batch_mask.diagonal().any()
    if more["rollout"]:
        assert batch.future[:, 0].equal(batch.target)
        assert batch.future_mask[:, 0].all()
    window = torch.cat([batch.context, batch.target[:, None]], dim=1)
    real = place_in(window, batch.negatives)[batch.negative_mask]
    assert (real == -1).all()


def place_in(window: torch.Tensor, chunks: torch.Tensor) -> torch.Tensor:
    """Where in its ``window`` (B, N, D) each of ``chunks`` (B, P, D) is, (B, P); -1 is nowhere."""
    same = (window[:, None] == chunks[:, :, None]).all(dim=-1)
    return torch.where(same.any(dim=-1), same.int().argmax(dim=-1), -1)


def test_masks_hide_something_and_show_something():
    batch = random_batch(size=12, rollout=4)
    for name in ("negative_mask", "future_mask", "in_batch_mask"):
        mask = getattr(batch, name).float()
        assert 0 < mask.mean() < 1


def test_chunks_of_an_article_are_alike():
    cosines = [
        (batch.target * batch.last).sum(-1).mean()
        for batch in (random_batch(8, 64, seed=seed) for seed in range(20))
    ]
    assert torch.stack(cosines).mean() == pytest.approx(0.5, abs=0.05)


def test_the_same_seed_gives_the_same_batch():
    first, same, other = (random_batch(seed=seed) for seed in (3, 3, 4))
    for name in FIELDS:
        assert getattr(first, name).equal(getattr(same, name))
    assert not first.context.equal(other.context)


@example(closeness=0.0, seed=952, dim=2)  # nearly along the target before it is turned aside
@given(closeness=st.floats(-1, 1), seed=st.integers(0, 999), dim=st.integers(2, 9))
def test_a_prediction_is_as_near_to_the_target_as_asked(closeness, seed, dim):
    batch = random_batch(5, dim, seed=seed)
    prediction = random_prediction(batch, closeness, seed)
    for q, y in ((prediction.q, batch.target), (prediction.rollout, batch.future)):
        torch.testing.assert_close(q.norm(dim=-1), torch.ones(y.shape[:-1]))
        near = torch.full(y.shape[:-1], closeness)
        torch.testing.assert_close((q * y).sum(-1), near, atol=1e-5, rtol=0)


def test_the_target_itself_is_met_exactly():
    batch = random_batch()
    assert random_prediction(batch, 1.0).q.equal(batch.target)
    assert random_prediction(batch, -1.0).q.equal(-batch.target)


@pytest.mark.parametrize("make", [random_prediction, lambda b: constant_prediction(b.last, b)])
def test_every_field_of_a_prediction_is_filled(make):
    batch = random_batch(rollout=3)
    prediction = make(batch)
    names = [field.name for field in fields(Prediction) if field.name != "extras"]
    shapes = {name: tuple(getattr(prediction, name).shape) for name in names}
    assert shapes == {
        "q": (8, 16),
        "raw": (8, 16),
        "weights": (8, 5),
        "rollout": (8, 3, 16),
        "scores": (8, 5),
    }
    candidates = torch.cat([batch.target[:, None], batch.negatives], dim=1)
    torch.testing.assert_close(prediction.scores, (candidates * prediction.q[:, None]).sum(-1))
    assert make(batch.only(("target", "future", "context", "last"), "x")).scores is None
    torch.testing.assert_close(torch.nn.functional.normalize(prediction.raw, dim=-1), prediction.q)
    assert not torch.allclose(prediction.raw, prediction.q)
    torch.testing.assert_close(prediction.weights.sum(-1), torch.ones(8))
    assert prediction.rollout[:, 0].equal(prediction.q)
    assert make(random_batch(rollout=0)).rollout is None


def test_a_constant_prediction_stays():
    batch = random_batch(rollout=3)
    prediction = constant_prediction(batch.last, batch)
    assert prediction.rollout.equal(batch.last[:, None].expand(-1, 3, -1))
