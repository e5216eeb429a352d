"""The trials of a sweep as commands, for whatever starts processes on other machines."""

from __future__ import annotations

import shlex
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from lvmctl.cli.main import GLOBAL
from lvmctl.cli.output import notice
from lvmctl.cli.train.request import CommandLine
from lvmctl.cli.train.sweep import as_asked, opened
from lvmctl.core.errors import RunError
from lvmctl.core.inputs import real

if TYPE_CHECKING:
    from lvmctl.training.sweep.trials import Trial


def sweep_commands(typed: CommandLine, out: Path | None, resume: Path | None) -> dict[str, Any]:
    """Check all trials of the sweep that is typed or resumed and write the request into its
    directory, but train nothing.

    Returns ``grid``, that directory, and ``commands``: one for each trial that is not finished and
    that nobody trains now.
    """
    from lvmctl.training.sweep.trials import FINISHED, state

    place = out if resume is None else real(resume)
    asked = nullcontext(typed) if resume is None else as_asked(resume)
    with asked as typed, opened(typed, place) as sweep:
        commands, path = [], sweep.path.absolute()
        for trial in sweep.trials:
            try:
                trial.state = state(trial.path, trial.plan.options.epochs, wait=0.0)
            except RunError as error:
                notice(f"{trial.name} is left out: {error}")
                continue
            if trial.state != FINISHED:
                commands.append(shlex.join(command_of(typed, trial)))
        notice(f"sweep: {sweep.count()} finished; {path}")
        notice(
            f"run the commands in {Path.cwd()}, wherever that is seen; "
            f"lvmctl train --resume {shlex.quote(str(path))} compares what they left"
        )
    return {"grid": str(path), "commands": commands}


def command_of(typed: CommandLine, trial: Trial) -> list[str]:
    """The words of the command that trains a trial, or goes on with it."""
    from lvmctl.training.request import absolutes

    root = click.get_current_context().find_root().params
    flags = [flag for flag in sorted(GLOBAL) if root.get(flag[2:].replace("-", "_"))]
    words, path = ["lvmctl", *flags, "train"], str(trial.path.absolute())
    if trial.state != "waiting":
        return [*words, "--resume", path]
    layers = dict(trial.request.layers)
    named = {"--plugin": typed.recipe, "--experiment": trial.request.experiment}
    named |= {f"--{name}": value for name, value in layers["command line"].items()}
    for name, value in absolutes(dict(typed.sources)).items():
        named |= {} if name == "train" else {f"--{name}": value}
    named |= {"--level": typed.level, "--device": None if typed.device == "auto" else typed.device}
    repeated = {"--set": typed.assignments, "--loss": typed.losses}
    repeated |= {"--train": absolutes(dict(typed.sources))["train"]}
    for option, value in named.items():
        words += [] if value is None else [option, str(value)]
    for option, values in repeated.items():
        words += [word for value in values for word in (option, str(value))]
    return [*words, "--out", path]
