"""What a step that failed leaves behind: nothing."""

from __future__ import annotations

from contextlib import suppress
from types import SimpleNamespace

import torch

from lvmctl.core.errors import PluginError
from lvmctl.training.state import repeatable


def test_a_failed_step_leaves_neither_buffers_nor_random_numbers_changed():
    torch.manual_seed(0)
    model, objective = torch.nn.BatchNorm1d(3), torch.nn.BatchNorm1d(3)
    training = SimpleNamespace(
        backend=SimpleNamespace(device="cpu"), model=model, objective=objective
    )
    before = [value.clone() for part in (model, objective) for value in part.state_dict().values()]
    generator = torch.get_rng_state()
    rows = torch.arange(12.0).view(4, 3)
    with suppress(PluginError), repeatable(training):
        model(rows + torch.randn(4, 3))
        objective(rows)
        raise PluginError("no")
    after = [value for part in (model, objective) for value in part.state_dict().values()]
    assert all(torch.equal(one, other) for one, other in zip(before, after, strict=True))
    assert torch.equal(torch.get_rng_state(), generator)
    with repeatable(training):
        model(rows + torch.randn(4, 3))
    assert not torch.equal(model.running_mean, before[2])
    assert not torch.equal(torch.get_rng_state(), generator)
