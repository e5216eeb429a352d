"""The halves of a block with gradients by hand, against autograd in float64 with the same masks."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from lvmctl.nn.sequence import bf16
from lvmctl.nn.sequence.dropout import keep, lowest, scale
from lvmctl.nn.sequence.transformer import Block

Measured = dict[str, Tensor]


def block(p: float) -> Block:
    torch.manual_seed(0)
    made = Block(64, 4, 128, p).train()
    for norm in (made.norm_attention, made.norm_feedforward):  # not ones and zeros
        torch.nn.init.uniform_(norm.weight, 0.5, 2)
        torch.nn.init.uniform_(norm.bias)
    return made


def measured(made: Block, last_only: bool, autocast: bool, dtype: torch.dtype) -> Measured:
    """The output and the gradients of everything, from one mask and one gradient above."""
    torch.manual_seed(1)
    x = torch.randn(300, 5, 64).to(dtype).requires_grad_()
    above = torch.randn(300, 1 if last_only else 5, 64).to(dtype)
    with torch.autocast("cpu", dtype=torch.bfloat16, enabled=autocast):
        y = made(x, last_only)
    made.zero_grad()
    y.backward(above)
    return {"y": y.detach(), "x": x.grad} | {n: p.grad for n, p in made.named_parameters()}


@pytest.mark.parametrize("last_only", [False, True])
@pytest.mark.parametrize("p", [0.0, 0.3])
def test_output_and_gradients_are_those_of_float64_as_near_as_under_autocast(
    p, last_only, monkeypatch
):
    by_hand = measured(block(p), last_only, True, torch.float32)
    exact = measured(block(p).double(), last_only, False, torch.float64)
    monkeypatch.setattr(bf16, "applies", lambda x: False)
    autocast = measured(block(p), last_only, True, torch.float32)
    for name, value in exact.items():
        assert by_hand[name].dtype == torch.float32
        error, usual = (float((m[name] - value).norm() / value.norm()) for m in (by_hand, autocast))
        assert error < 1.2 * usual + 0.01, name


def without_autocast() -> torch.autocast:
    return torch.autocast("cpu", enabled=False)


@pytest.mark.parametrize("context", [torch.no_grad, without_autocast])
def test_evaluation_and_float32_go_the_usual_way(context: Callable, monkeypatch):
    made, x = block(0.0), torch.randn(3, 5, 64)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        assert bf16.applies(x)
        monkeypatch.delattr(bf16, "FeedForward")
        with context():
            assert not bf16.applies(x)
            made(x)


def test_both_halves_give_the_same_gradients_again():
    # Diagnoses ask for gradients of several losses of one forward pass.
    made, x = block(0.3), torch.randn(3, 5, 64, requires_grad=True)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        y = made(x)
    first = torch.autograd.grad(y.sum(), [x, *made.parameters()], retain_graph=True)
    again = torch.autograd.grad(y.sum(), [x, *made.parameters()])
    assert all(torch.equal(a, b) for a, b in zip(first, again))


def test_what_is_not_finite_stays_so():
    made, x = block(0.0), torch.randn(3, 5, 64)
    made.expand.weight.data[0] = torch.nan
    with torch.autocast("cpu", dtype=torch.bfloat16):
        assert not made(x).isfinite().any()


def test_zero_leaves_the_bits_of_what_is_kept():
    x = torch.tensor([1.5, -2.0, 0.0, torch.inf, -torch.nan, 3e38, -torch.nan]).bfloat16()
    before = x.clone().view(torch.int16)
    least = lowest(0.25)
    drawn = torch.tensor([least, least + 1, 32767, least, least, least - 1, -32768])
    bf16.zero(x, drawn.to(torch.int16), 0.25)
    assert torch.equal(x.view(torch.int16)[:5], before[:5])
    assert x[5:].tolist() == [0.0, 0.0]


def test_masks_are_those_of_dropout():
    x = torch.ones(1000)
    torch.manual_seed(3)
    kept = keep(x, 0.4)
    assert set(kept.tolist()) == {0, 1}
    assert kept.float().mean() * scale(0.4) == pytest.approx(1, abs=0.15)
    assert keep(x, 0.0) is None
    assert keep(x, 1e-6) is None  # less than half of 1/65536
