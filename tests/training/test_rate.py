"""The learning rate over a training."""

from __future__ import annotations

import pytest

from lvmctl import Step
from lvmctl.config import TrainingOptions
from lvmctl.training.rate import learning_rate


def test_it_is_constant_by_default():
    options = TrainingOptions(lr=0.3)
    assert {learning_rate(options, Step(e, i, 4, 10)) for e in (1, 4) for i in (0, 9)} == {0.3}


@pytest.mark.parametrize(("epoch", "index", "share"), [(1, 0, 1), (3, 0, 0.6), (4, 5, 0.3)])
def test_it_falls_linearly_to_its_end(epoch, index, share):
    options = TrainingOptions(lr=2.0, lr_end=0.2)
    assert learning_rate(options, Step(epoch, index, 4, 10)) == pytest.approx(2 * share)


def test_every_step_has_its_own(make_training, monkeypatch):
    training, rates = make_training(epochs=2, lr=0.01, lr_end=0.5), []
    step = training.optimizer.step
    monkeypatch.setattr(
        training.optimizer,
        "step",
        lambda: (rates.append(training.optimizer.param_groups[0]["lr"]), step()),
    )
    training.fit()
    count = 2 * training.steps
    assert rates == pytest.approx([0.01 * (1 - 0.5 * i / count) for i in range(count)])
