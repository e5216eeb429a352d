"""What every plugin must keep."""

from __future__ import annotations

from lvmctl.testing import parametrize_with_checks


@parametrize_with_checks("tensorboard")
def test_tensorboard(check):
    check()


@parametrize_with_checks("wandb")
def test_wandb(check):
    check()
