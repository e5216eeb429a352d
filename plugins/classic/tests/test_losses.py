"""The losses of P2, P4 and P5.1 against slow references, and at the corners of their inputs."""

from __future__ import annotations

import math

import pytest
import torch
from lvmctl_classic.forward_preference import ForwardPreference
from lvmctl_classic.guard import Guard
from lvmctl_classic.options import ForwardPreferenceOptions, GuardOptions, RolloutOptions
from lvmctl_classic.plugin import lvmctl_losses
from lvmctl_classic.rollout import Rollout

from lvmctl import Batch, LossOutput, Prediction, Step
from lvmctl.sphere import unit

DIM = 6
STEP = Step(epoch=7, index=0, epochs=20, steps_per_epoch=3)
NEEDS = {record.name: record.needs for record in lvmctl_losses()}


def dot(a: torch.Tensor, b: torch.Tensor) -> float:
    return math.fsum(x * y for x, y in zip(a.tolist(), b.tolist()))


def random(size: int, steps: int = 5) -> tuple[Prediction, Batch]:
    generator = torch.Generator().manual_seed(size)

    def chunks(*shape: int) -> torch.Tensor:
        return unit(torch.randn(*shape, DIM, generator=generator))

    q = chunks(size)
    mask = torch.arange(steps) < torch.randint(1, steps + 1, (size, 1), generator=generator)
    batch = Batch(
        {
            "target": chunks(size),
            "last": chunks(size),
            "second_last": chunks(size),
            "future": chunks(size, steps),
            "future_mask": mask,
        }
    )
    return Prediction(q, rollout=chunks(size, steps)), batch


def loss_of(name: str, prediction: Prediction, batch: Batch, **options) -> torch.Tensor:
    """The values (B,) of a loss."""
    make, record = {
        "guard": (Guard, GuardOptions),
        "rollout": (Rollout, RolloutOptions),
        "forward-preference": (ForwardPreference, ForwardPreferenceOptions),
    }[name]
    seen = batch.only(NEEDS[name], f"loss {name}")
    output = make(record(**options))(prediction, seen, STEP)
    if isinstance(output, LossOutput):
        (output,) = output.terms.values()
    return output


@pytest.mark.parametrize("size", [1, 8])
@pytest.mark.parametrize("margin", [0.01, 0.7])
def test_guard(size, margin):
    prediction, batch = random(size)
    expected = [
        max(0.0, margin - dot(q, y) + dot(q, p))
        for q, y, p in zip(prediction.q, batch.target, batch.second_last)
    ]
    values = loss_of("guard", prediction, batch, margin=margin)
    assert values.tolist() == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize("size", [1, 8])
@pytest.mark.parametrize(("steepness", "margin"), [(5.0, 0.02), (2.0, -0.3)])
def test_forward_preference(size, steepness, margin):
    prediction, batch = random(size)
    expected = []
    for q, y, p in zip(prediction.q, batch.target, batch.last):
        short = steepness * (dot(q, p) - dot(q, y) + margin)
        expected.append(math.log1p(math.exp(short)))
    options = {"steepness": steepness, "margin": margin}
    values = loss_of("forward-preference", prediction, batch, **options)
    assert values.tolist() == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize("size", [1, 8])
@pytest.mark.parametrize("steps", [1, 3, 5])
def test_rollout_counts_the_steps_that_there_are(size, steps):
    prediction, batch = random(size)
    expected = []
    for i in range(size):
        errors = [
            sum((a - b) ** 2 for a, b in zip(p.tolist(), y.tolist())) / DIM
            for p, y, there in zip(
                prediction.rollout[i, :steps], batch.future[i, :steps], batch.future_mask[i]
            )
            if there
        ]
        expected.append(sum(errors) / len(errors))
    values = loss_of("rollout", prediction, batch, steps=steps)
    assert values.tolist() == pytest.approx(expected, abs=1e-6)


def test_rollout_asks_for_as_many_steps():
    assert Rollout(RolloutOptions()).rollout == 3


@pytest.mark.parametrize("precision", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize("case", ["identical", "opposite", "orthogonal"])
@pytest.mark.parametrize("size", [1, 3])
@pytest.mark.parametrize("name", NEEDS)
def test_losses_are_finite_with_gradient_everywhere(name, size, case, precision):
    eye = torch.eye(DIM, dtype=precision)
    q = eye[:1].repeat(size, 1)
    y = {"identical": q, "opposite": -q, "orthogonal": eye[1:2].repeat(size, 1)}[case]
    p = {"identical": q, "opposite": q, "orthogonal": eye[2:3].repeat(size, 1)}[case]
    raw = q.clone().requires_grad_()
    batch = Batch(
        {
            "target": y,
            "last": p,
            "second_last": p,
            "future": torch.stack([y, p, y], dim=1),
            "future_mask": torch.ones(size, 3, dtype=torch.bool),
        }
    )
    rollout = torch.stack([unit(raw)] * 3, dim=1)
    values = loss_of(name, Prediction(unit(raw), rollout=rollout), batch)
    assert values.isfinite().all()
    values.mean().backward()
    assert raw.grad.isfinite().all()
