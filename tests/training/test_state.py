"""What a training goes on with besides its weights."""

from __future__ import annotations

import math

import numpy as np

from lvmctl.training.loop import Training


def again(make_training, first: Training, **options: object) -> Training:
    """Another training that goes on with the run of ``first``."""
    training = make_training("again", **options)
    training.run = first.run
    training.restore()
    return training


def test_what_an_epoch_skipped_is_remembered(make_training):
    options = {"epochs": 1, "max_skips": 100}
    first = make_training(**options)
    forward = first.objective.forward

    def poisoned(*arguments):
        total, values = forward(*arguments)
        return total * math.nan, values

    first.objective.forward = poisoned
    for number in range(first.steps - 1):
        first.step(np.arange(4))
        first.index = number + 1
    first.save()
    sound = again(make_training, first, **options)
    sound.fit()
    assert sound.records[0]["train"]["skipped_steps"] == sound.skipped == first.steps - 1 > 0


def test_a_run_that_a_rule_stopped_stays_stopped(make_training):
    first = make_training(epochs=5)
    first.hooks.call = lambda name, **_: ["enough"] if name == "lvmctl_after_epoch" else []
    first.fit()
    resumed = again(make_training, first, epochs=5)
    resumed.fit()
    assert (len(resumed.records), resumed.stopped) == (1, "enough")
