"""The learning rate over a training."""

from __future__ import annotations

import torch

from lvmctl.config import TrainingOptions
from lvmctl.core.batch import Step


def learning_rate(options: TrainingOptions, now: Step) -> float:
    """``lr`` at the first step, from which it falls linearly to ``lr``·``lr_end`` at the end.

    The end is that of ``epochs``, so a run that is continued for longer is another one than a
    longer run unless ``lr_end`` is 1.
    """
    done = (now.epoch - 1 + now.index / now.steps_per_epoch) / now.epochs
    return options.lr * (1 + (options.lr_end - 1) * done)


def set_rate(optimizer: torch.optim.Optimizer, options: TrainingOptions, now: Step) -> None:
    """Give an optimiser the learning rate of a step."""
    for group in optimizer.param_groups:
        group["lr"] = learning_rate(options, now)
