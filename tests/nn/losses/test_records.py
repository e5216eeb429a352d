"""The losses core declares, against explicit loops in float64, and finite wherever q can be."""

from __future__ import annotations

import math

import pytest
import torch

from lvmctl import Batch, Prediction
from lvmctl.nn.loss_value import loss_output
from lvmctl.nn.losses.records import LOSSES
from lvmctl.registry import load_registry
from lvmctl.registry.build import build
from lvmctl.registry.specs import Shape
from lvmctl.sphere import unit

DIM = 7
RECORDS = {record.name: record for record in LOSSES}
TERMS = {"cosine": "cosine", "mse": "mse", "previous-repel": "margin"}


@pytest.fixture
def output(step, declared):
    """``output(name, q, batch)``: the values of a loss of the registry, shown what it declared."""
    registry = load_registry()

    def run(name: str, q: torch.Tensor, batch: Batch):
        options, shape = RECORDS[name].options(), Shape(q.shape[-1], 5)
        loss = build(registry, registry.get("loss", name), options=options, shape=shape)
        output = loss(Prediction(q=q), declared(name, batch), step)
        output = loss_output(output, name, len(q))
        assert output.metrics == {}
        assert output.terms.keys() == {TERMS[name]}
        return output.terms[TERMS[name]]

    return run


def dot(a: list[float], b: list[float]) -> float:
    return math.fsum(x * y for x, y in zip(a, b))


def by_loop(name: str, q: torch.Tensor, batch: Batch) -> list[float]:
    fields, rows = (q, batch.target, batch.last), []
    for row, target, last in zip(*(field.double().tolist() for field in fields)):
        if name == "cosine":
            loss = 1 - dot(row, target)
        elif name == "mse":
            loss = math.fsum((a - b) ** 2 for a, b in zip(row, target)) / len(row)
        else:
            loss = max(0.0, 0.07 - dot(row, target) + dot(row, last))
        rows.append(loss)
    return rows


@pytest.mark.parametrize("name", RECORDS)
def test_a_loss_is_its_formula_for_each_window(random_batch, predictions, output, name):
    batch, q = random_batch(9), predictions(9)
    values = output(name, q, batch).tolist()
    assert values == pytest.approx(by_loop(name, q, batch), abs=1e-6)


def test_mse_of_unit_vectors_is_the_scaled_cosine_loss(random_batch, predictions, output):
    batch, q = random_batch(5), predictions(5)
    mse, cosine = (output(name, q, batch) for name in ("mse", "cosine"))
    assert mse.tolist() == pytest.approx((2 * cosine / DIM).tolist(), abs=1e-6)


@pytest.mark.parametrize("name", ["mse", "cosine"])
def test_values_at_known_angles(output, name):
    q = torch.eye(4)[:1]
    for cosine, target in {1.0: q, 0.0: torch.eye(4)[1:2], -1.0: -q}.items():
        batch = Batch({"target": target})
        expected = (1 - cosine) * (1 if name == "cosine" else 2 / 4)
        assert output(name, q, batch).item() == pytest.approx(expected)


@pytest.mark.parametrize("name", RECORDS)
@pytest.mark.parametrize("size", [1, 3])
@pytest.mark.parametrize("sign", [1.0, 0.0, -1.0])
@pytest.mark.parametrize("bf16", [False, True])
def test_loss_and_gradient_are_finite(output, name, size, sign, bf16):
    axis, other = torch.eye(DIM)[:1], torch.eye(DIM)[1:2]
    raw = axis.repeat(size, 1).requires_grad_()
    target = (axis * sign if sign else other).repeat(size, 1)
    batch = Batch({"target": target, "last": axis.repeat(size, 1)})
    with torch.autocast("cpu", dtype=torch.bfloat16, enabled=bf16):
        total = output(name, unit(raw), batch).mean()
    assert total.dtype == torch.float32
    total.backward()
    assert torch.isfinite(total)
    assert torch.isfinite(raw.grad).all()
    assert raw.grad.any() == (sign == 0)  # no direction is better at the poles


@pytest.mark.parametrize("name", RECORDS)
def test_a_step_downhill_turns_towards_the_target(random_batch, predictions, output, name):
    batch, start = random_batch(7), predictions(7)
    raw = start.clone().requires_grad_()
    output(name, unit(raw), batch).mean().backward()
    moved = raw.grad.abs().sum(-1) > 0
    assert moved.any()
    towards = batch.target - (batch.last if name == "previous-repel" else 0)
    after = unit(raw.detach() - raw.grad)
    assert ((after * towards).sum(-1) > (start * towards).sum(-1))[moved].all()
