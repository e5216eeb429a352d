"""The heads of P2, P3 and P5 against what they are made of."""

from __future__ import annotations

import pytest
import torch
from lvmctl_classic.options import RampOptions, ResidualOptions, WindowDropoutOptions
from lvmctl_classic.ramp import Ramp
from lvmctl_classic.residual import Residual
from lvmctl_classic.window_dropout import WindowDropout

from lvmctl import Shape, Step
from lvmctl.sphere import unit

TINY = {"width": 16, "layers": 1, "heads": 2, "feedforward": 16, "dropout": 0.0}
MODELS = [
    (Residual, ResidualOptions),
    (WindowDropout, WindowDropoutOptions),
    (Ramp, RampOptions),
]


def at(epoch: int, index: int = 0, steps: int = 4) -> Step:
    return Step(epoch=epoch, index=index, epochs=34, steps_per_epoch=steps)


def contexts(size: int, k: int = 5, dim: int = 7) -> torch.Tensor:
    return unit(torch.randn(size, k, dim, generator=torch.Generator().manual_seed(3)))


@pytest.fixture(autouse=True)
def seeded():
    torch.manual_seed(0)


@pytest.mark.parametrize("encoder", ["transformer", "lstm", "gru"])
@pytest.mark.parametrize("k", [1, 5])
@pytest.mark.parametrize(("make", "options"), MODELS)
def test_shapes_and_gradient(make, options, k, encoder):
    model = make(options(encoder=encoder, **TINY), Shape(7, k))
    model.at(at(7)) if hasattr(model, "at") else None
    prediction = model(contexts(3, k))
    assert prediction.q.shape == prediction.raw.shape == (3, 7)
    torch.testing.assert_close(prediction.q.norm(dim=-1), torch.ones(3))
    torch.testing.assert_close(unit(prediction.raw), prediction.q)
    (prediction.q * contexts(3, 1)[:, 0]).sum().backward()
    assert all(value.grad is not None for value in model.parameters())


def test_the_residual_steps_from_the_newest_chunk():
    model, context = Residual(ResidualOptions(**TINY), Shape(7, 5)), contexts(4)
    assert model.kappa.item() == 0.5
    step = model.head(model.encoder(context))
    for kappa in (0.0, 0.5, -2.0):
        with torch.no_grad():
            model.kappa.fill_(kappa)
        torch.testing.assert_close(model(context).raw, context[:, -1] + kappa * step)
    with torch.no_grad():
        model.kappa.zero_()
    torch.testing.assert_close(model(context).q, context[:, -1])


def test_the_windows_lose_chunks_from_epoch_six_and_in_training_only():
    model, context = WindowDropout(WindowDropoutOptions(**TINY), Shape(7, 5)), contexts(400)
    whole = model(context).q
    for epoch in (1, 5):
        model.at(at(epoch))
        torch.testing.assert_close(model(context).q, whole)
    model.at(at(6))
    assert model.probability == 0.05
    changed = (model(context).q - whole).abs().amax(dim=-1) > 1e-4
    # A window loses a chunk with probability 1 - .95⁵ = .226.
    assert changed.float().mean().item() == pytest.approx(0.226, abs=0.07)
    torch.testing.assert_close(model.eval()(context).q, whole)


def test_a_dropped_chunk_is_zero():
    options = WindowDropoutOptions(window_dropout="1", **TINY)
    model, context = WindowDropout(options, Shape(7, 5)), contexts(2)
    model.at(at(1))
    nothing = model.eval()(torch.zeros_like(context)).q
    torch.testing.assert_close(model.train()(context).q, nothing)


@pytest.mark.parametrize(
    ("ramp", "step", "scale"),
    [
        (".03", at(1), 0.03),
        ("0,3~.1", at(1), 0.0),
        ("0,3~.1", at(2, 2), 0.05),
        ("0,3~.1", at(4), 0.1),
        ("0,3~.1", at(30), 0.1),
    ],
)
def test_the_ramp_is_one_more_coordinate(ramp, step, scale):
    model, context = Ramp(RampOptions(ramp=ramp, **TINY), Shape(7, 5)), contexts(3)
    model.at(step)
    assert model.scale.item() == pytest.approx(scale)
    feature = torch.tensor([0, 0.25, 0.5, 0.75, 1]) * scale
    extended = torch.cat([context, feature[None, :, None].expand(3, 5, 1)], dim=-1)
    torch.testing.assert_close(model(context).raw, model.head(model.encoder(extended)))


def test_the_ramp_is_saved_with_the_weights():
    model = Ramp(RampOptions(**TINY), Shape(7, 5))
    model.at(at(1))
    other = Ramp(RampOptions(**TINY), Shape(7, 5))
    other.load_state_dict(model.state_dict())
    assert other.scale.item() == pytest.approx(0.03)
    torch.testing.assert_close(other(contexts(2)).q, model(contexts(2)).q)
