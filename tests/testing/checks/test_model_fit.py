"""A model that learns before it is trained: each broken rule fails its check."""

from __future__ import annotations

import numpy as np
import torch
from judged import failures
from sound_models import Free, assert_fails, each, outcomes


class Taught(Free):
    """Sound: predictions are drawn to the mean of the training targets."""

    def __init__(self, options, shape):
        super().__init__(options, shape)
        self.register_buffer("mean", torch.zeros(shape.dim))

    def fit(self, windows):
        self.mean.copy_(torch.from_numpy(windows.target(np.arange(len(windows))).mean(axis=0)))

    def raw(self, context):
        return super().raw(context) + self.mean


FITTED = {"fitted": True}


def test_a_sound_one_passes():
    assert failures(outcomes(Taught, **FITTED)) == {}


class Untold(Taught):
    """What it learns is no part of its state."""

    def __init__(self, options, shape):
        super().__init__(options, shape)
        self.register_buffer("mean", torch.zeros(shape.dim), persistent=False)


class Drawn(Taught):
    """It draws what it learns from."""

    def fit(self, windows):
        self.mean.copy_(
            torch.from_numpy(windows.target(torch.randint(len(windows), (3,)).numpy()).mean(0))
        )


class Greedy(Taught):
    """It learns nothing finite where one window is all there is."""

    def fit(self, windows):
        super().fit(windows)
        self.mean /= len(windows) > 1


class Untidy(Taught):
    def fit(self, windows):
        super().fit(windows)
        windows.split.vectors[0] *= 2


BROKEN = [
    (Free, FITTED, {"has_fit_if_declared": "declared fitted and has no `fit`"}),
    (Taught, {}, {"has_fit_if_declared": "nobody calls: declare fitted=True"}),
    (Untold, FITTED, {"what_is_fitted_is_state": "after loading", "state_round_trips": "after"}),
    (Drawn, FITTED, {"same_fit_twice": "after a second fit"}),
    (Greedy, FITTED, {"fits_little_data": "q is not finite after a fit on one window"}),
    (Untidy, FITTED, {"fit_leaves_its_input": "fit changes the vectors"}),
]


@each(BROKEN)
def test_a_broken_one_fails(model, record, expected):
    assert_fails(model, record, expected)
