"""A check of losses: what they return for a window is that window's."""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch import Tensor

from lvmctl.testing.check import CheckFailed, Subject, check
from lvmctl.testing.inputs.batches import random_prediction
from lvmctl.testing.inputs.loss_trial import Trial, parts_of, sound

SIZE = 6


@check
def weight_zero_silences_a_window(subject: Subject) -> str | None:
    """A window to which sample gates give the weight 0 has no part in the gradient, also where they
    give it to all: its values are its own, and a scalar term has no windows."""
    trial = sound(subject)
    none, others = (gradients(trial, seed, range(SIZE)) for seed in (0, 1))
    for name, gradient in none.items():
        # What a loss asks of its own parameters alone is no window's.
        heard = gradient if name in trial.read else gradient - others[name]
        if heard.any():  # NaN counts
            raise CheckFailed(
                f"with all weights 0 the windows have a part in the gradient of {name}: a scalar "
                "term is for what has no windows, return (B,) values"
            )
    for row in range(SIZE):
        for name, gradient in gradients(trial, 0, [row]).items():
            if name not in trial.read or not gradient.dim() or not gradient[row].any():
                continue
            if coupled(trial, row, name):
                return "a window's gradient depends on others' predictions; all weights 0 was tried"
            raise CheckFailed(f"a window of weight 0 has a gradient of {name}")
    return None


def gradients(trial: Trial, seed: int, silent: Iterable[int]) -> dict[str, Tensor]:
    """Gradients where the windows ``silent`` have weight 0 and all others 1."""
    prediction, batch = trial.example(seed, SIZE)
    weight = torch.ones(SIZE)
    weight[list(silent)] = 0
    return trial.gradients(prediction, batch, weight=weight)[1]


def coupled(trial: Trial, row: int, name: str) -> bool:
    """Whether the gradient of a window depends on what is predicted for the others."""
    prediction, batch = trial.example(0, SIZE)
    other = random_prediction(batch, seed=1)
    own = parts_of(prediction)
    for field, value in parts_of(other).items():
        value[row] = own[field][row]
    found = [trial.gradients(each, batch)[1][name][row] for each in (prediction, other)]
    return not torch.allclose(*found, rtol=1e-4, atol=1e-8)
