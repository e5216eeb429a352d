"""The losses core declares, against explicit loops in float64."""

from __future__ import annotations

import math

import pytest
import torch

from lvmctl.batch import Batch, Prediction, Step
from lvmctl.geometry import unit
from lvmctl.losses.records import LOSSES
from lvmctl.registry import load_registry
from lvmctl.spec import NoOptions, Shape

STEP = Step(epoch=1, index=0, epochs=1, steps_per_epoch=1)
RECORDS = {record.name: record for record in LOSSES}


def output(name: str, q: torch.Tensor, target: torch.Tensor):
    registry = load_registry()
    loss = registry.resolve(registry.get("loss", name))(NoOptions(), Shape(q.shape[-1], 5))
    batch = Batch({"target": target, "last": target}).only(RECORDS[name].needs, f"loss {name}")
    return loss(Prediction(q=q), batch, STEP)


@pytest.fixture
def pair() -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(0)
    return tuple(unit(torch.randn(7, 9, generator=generator)) for _ in range(2))


def by_loop(name: str, q: torch.Tensor, target: torch.Tensor) -> float:
    total = 0.0
    for own, wanted in zip(q.double().tolist(), target.double().tolist()):
        if name == "cosine":
            total += 1 - math.fsum(a * b for a, b in zip(own, wanted))
        else:
            total += math.fsum((a - b) ** 2 for a, b in zip(own, wanted)) / len(own)
    return total / len(q)


@pytest.mark.parametrize("name", RECORDS)
def test_a_loss_is_its_formula(pair, name):
    found = output(name, *pair)
    assert found.total.item() == pytest.approx(by_loop(name, *pair), abs=1e-6)
    assert {term: value.item() for term, value in found.terms.items()} == {name: found.total.item()}
    assert found.metrics == {}


def test_mse_of_unit_vectors_is_the_scaled_cosine_loss(pair):
    mse, cosine = output("mse", *pair).total, output("cosine", *pair).total
    assert mse.item() == pytest.approx(2 * cosine.item() / 9, abs=1e-6)


@pytest.mark.parametrize("name", RECORDS)
def test_values_at_known_angles(name):
    q = torch.eye(4)[:1]
    angles = {1.0: q, 0.0: torch.eye(4)[1:2], -1.0: -q}
    for cosine, target in angles.items():
        expected = (1 - cosine) * (1 if name == "cosine" else 2 / 4)
        assert output(name, q, target).total.item() == pytest.approx(expected)


@pytest.mark.parametrize("name", RECORDS)
@pytest.mark.parametrize("batch", [1, 3])
@pytest.mark.parametrize("sign", [1.0, 0.0, -1.0])
@pytest.mark.parametrize("bf16", [False, True])
def test_loss_and_gradient_are_finite(name, batch, sign, bf16):
    raw = torch.eye(4)[:1].repeat(batch, 1).requires_grad_()
    target = torch.eye(4)[:1] * sign if sign else torch.eye(4)[1:2]
    with torch.autocast("cpu", dtype=torch.bfloat16, enabled=bf16):
        total = output(name, unit(raw), target.repeat(batch, 1)).total
    assert total.dtype == torch.float32
    total.backward()
    assert torch.isfinite(total)
    assert torch.isfinite(raw.grad).all()
    assert raw.grad.any() == (sign == 0)  # no direction is better at the poles


@pytest.mark.parametrize("name", RECORDS)
def test_a_step_downhill_turns_towards_the_target(pair, name):
    raw = pair[0].clone().requires_grad_()
    output(name, unit(raw), pair[1]).total.backward()
    before = (pair[0] * pair[1]).sum(-1)
    after = (unit(raw - raw.grad) * pair[1]).sum(-1)
    assert (after > before).all()
