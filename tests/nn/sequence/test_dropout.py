"""Dropout's statistics: how much is zeroed, and that the mean is kept."""

from __future__ import annotations

import math

import pytest
import torch

from lvmctl.nn.sequence.dropout import dropout


@pytest.fixture(autouse=True)
def seed() -> None:
    torch.manual_seed(0)


@pytest.mark.parametrize("p", [0.05, 0.1, 0.5, 0.9])
@pytest.mark.parametrize("shape", [(501, 403), (7, 5, 3001)])
def test_rate_scale_and_mean(p, shape):
    x = torch.ones(shape)
    y = dropout(x, p, training=True)
    n = x.numel()
    dropped = (y == 0).float().mean().item()
    assert dropped == pytest.approx(p, abs=5 * math.sqrt(p * (1 - p) / n) + 2**-16)
    nonzero = y[y != 0]
    assert nonzero.unique().numel() == 1
    assert nonzero[0].item() == pytest.approx(1 / (1 - p), rel=1e-3)
    error = 5 * math.sqrt(p / (1 - p) / n)
    assert y.mean().item() == pytest.approx(1, abs=error)


def test_kept_elements_are_scaled_each_by_itself():
    x = torch.randn(40, 30)
    y = dropout(x, 0.25, training=True)
    nonzero = y != 0
    assert torch.allclose(y[nonzero], x[nonzero] / 0.75)


def test_the_rate_is_rounded_to_one_part_in_65536_and_the_mean_kept():
    p = 3.3 / 65536
    y = dropout(torch.ones(100, 100, 100), p, training=True)
    assert y.max().item() == pytest.approx(1 / (1 - 3 / 65536), rel=1e-7)
    assert y.eq(0).sum().item() == pytest.approx(46, abs=35)  # 10⁶ · 3/65536, 5 deviations


@pytest.mark.parametrize("lag", [1, 4, 64, 12_499, 12_500, 12_501, 25_000])
def test_elements_are_dropped_independently(lag):
    # One random number takes part in those of sixteen rows of 12,500.
    dropped = dropout(torch.ones(200_000), 0.3, training=True).eq(0).float() - 0.3
    correlation = (dropped[lag:] * dropped[:-lag]).mean().item() / 0.21
    assert abs(correlation) < 5 / math.sqrt(200_000)


def test_three_elements_are_dropped_independently():
    centred = dropout(torch.ones(200_000), 0.3, training=True).eq(0).float() - 0.3
    rows = centred.view(16, 12_500)
    share_both = rows[0, 1:-1] * rows[1, 1:-1] * rows[1, :-2]  # a_i + b_i, a_i + b_i+1, a_i-1 + b_i
    deviation = math.sqrt(0.21**3 / share_both.numel())
    assert abs(share_both.mean().item()) < 5 * deviation


@pytest.mark.parametrize("size", [1, 2, 3, 4, 5, 7, 1023])
def test_odd_sizes_and_every_place_can_be_dropped(size):
    total = torch.zeros(size)
    for _ in range(200):
        y = dropout(torch.ones(size), 0.5, training=True)
        assert y.shape == (size,)
        total += y.ne(0)
    assert ((total > 50) & (total < 150)).all()


def test_bfloat16_stays_bfloat16():
    y = dropout(torch.ones(300, 301, dtype=torch.bfloat16), 0.1, training=True)
    assert y.dtype == torch.bfloat16
    assert y.float().mean().item() == pytest.approx(1, abs=0.01)
    assert y.eq(0).float().mean().item() == pytest.approx(0.1, abs=0.006)


def test_the_seed_decides():
    x = torch.ones(1000)
    torch.manual_seed(3)
    first, second = dropout(x, 0.4, True), dropout(x, 0.4, True)
    assert not torch.equal(first, second)
    torch.manual_seed(3)
    assert torch.equal(dropout(x, 0.4, True), first)


def test_nothing_is_dropped_without_need():
    x = torch.randn(10)
    state = torch.get_rng_state()
    assert dropout(x, 0.5, training=False) is x
    assert dropout(x, 0.0, training=True) is x
    assert torch.equal(torch.get_rng_state(), state)


def test_a_transposed_tensor_and_its_gradient():
    x = torch.randn(31, 17).t().requires_grad_()
    y = dropout(x, 0.3, training=True)
    (gradient,) = torch.autograd.grad(y.sum(), x)
    assert torch.equal(gradient == 0, y == 0)
    assert torch.allclose(gradient * x, y)
