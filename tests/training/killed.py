"""Trainings that die on purpose; run in a process of their own."""

from __future__ import annotations

import itertools
import os
import resource
import signal
import sys
from pathlib import Path

from training.small import DATA, TINY


def command(run: Path, epochs: int, resume: bool) -> list[str]:
    """The command line of a small P8 training, from the beginning or from where it was."""
    if resume:
        return ["train", "--resume", str(run)]
    options = TINY | {"checkpoint_every": 2}
    settings = [word for key, value in options.items() for word in ("--set", f"{key}={value}")]
    command = ["--plugin", "p8", "--data", DATA, "--epochs", str(epochs), "--out", str(run)]
    return ["train", *command, *settings]


def train(run: Path, epochs: int, resume: bool) -> None:
    """Train and exit with the command's code."""
    from lvmctl.cli.main import run as main

    sys.exit(main(command(run, epochs, resume)))


def train_until_killed(run: Path, epochs: int, resume: bool, moments: int) -> None:
    """Train, but SIGKILL this process at its ``moments``-th moment.

    Moments are steps, and everything that makes a file appear on disk: a kill falls between steps,
    in the middle of a checkpoint, or between a checkpoint and the file that points to it.
    """
    from lvmctl.core import directories, files
    from lvmctl.training.loop import Training

    count = itertools.count(1)

    def dying(function):
        def call(*arguments, **named):
            if next(count) == moments:
                os.kill(os.getpid(), signal.SIGKILL)
            return function(*arguments, **named)

        return call

    Training.step = dying(Training.step)
    os.fsync = dying(os.fsync)
    os.replace = dying(os.replace)
    for module in (files, directories):
        module.rename_new = dying(module.rename_new)
    train(run, epochs, resume)


def train_until_signalled(run: Path, epochs: int, number: int, phase: str) -> None:
    """Train, but send this process the signal ``number`` in the middle of a phase."""
    from lvmctl.data.batches import BatchBuilder
    from lvmctl.training.loop import Training

    batch, save = BatchBuilder.batch, Training.save
    seen = itertools.count(1)

    def signalling_batch(self, index, *key):
        training = len(key) == 2
        if training == (phase == "step") and next(seen) == 5:
            os.kill(os.getpid(), number)
        return batch(self, index, *key)

    def signalling_save(self):
        if phase == "save" and next(seen) == 3:
            os.kill(os.getpid(), number)
        save(self)

    BatchBuilder.batch, Training.save = signalling_batch, signalling_save
    train(run, epochs, resume=False)


def train_on_a_full_disk(run: Path, epochs: int, limit: int) -> None:
    """Train where no file may grow beyond ``limit`` bytes."""
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
    train(run, epochs, resume=False)


def interrupted_twice() -> None:
    """The second SIGINT ends the process; reaching the end would be exit code 0."""
    from lvmctl.training.interrupts import Interrupts

    with Interrupts() as interrupts:
        os.kill(os.getpid(), signal.SIGINT)
        assert interrupts.received == signal.SIGINT
        os.kill(os.getpid(), signal.SIGINT)
