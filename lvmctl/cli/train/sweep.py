"""``lvmctl train`` of several experiments or seeds: a sweep, trained, compared and shown."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import chdir, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from lvmctl.cli.output import notice
from lvmctl.cli.train.request import CommandLine, default_path, trials_of
from lvmctl.core.errors import Interrupted, LvmctlError, RunError
from lvmctl.core.formatting import count, table
from lvmctl.core.inputs import real
from lvmctl.core.json_input import read_json, readable, require
from lvmctl.core.paths import typed
from lvmctl.core.runs import SWEEP_FILE
from lvmctl.core.tree import leaves
from lvmctl.core.trust import refuse_untrusted

if TYPE_CHECKING:
    from lvmctl.training.sweep.pool import Ended
    from lvmctl.training.sweep.trials import Trial

FORMAT = "lvmctl.grid/1"

SCHEMA = {
    "format": str,
    "directory": str,
    "request": {
        "recipe": (str, None),
        "experiments": [str],
        "flags": {...: str},
        "assignments": [str],
        "losses": [str],
        "sources": {...: (str, None, [str])},
        "device": str,
        "level": (str, None),
    },
}
"""What ``grid.json`` holds (see :mod:`lvmctl.core.json_input`)."""

STATES = {0: "finished", **dict.fromkeys((129, 130, 143), "begun")}
"""How a trial stands, by exit code; a signal let it save."""


@dataclass
class Sweep:
    """A sweep and how far it came: its trials, those that failed now in the order in which they
    ended, and the comparison as plain data and as text, if there is one."""

    path: Path
    trials: list[Trial]
    failed: list[Trial] = field(default_factory=list)
    record: dict[str, Any] | None = None
    text: str = ""

    def count(self) -> str:
        """How many trials are finished, of how many."""
        return f"{sum(trial.state == 'finished' for trial in self.trials)} of {len(self.trials)}"

    def headline(self) -> str:
        """One line: how many are finished, how many go on, and where."""
        begun = sum(trial.state == "begun" for trial in self.trials)
        resumed = f", {begun} to be resumed" if begun else ""
        return f"sweep: {self.count()} finished{resumed}; {self.path}"

    def begins(self, trial: Trial) -> None:
        """A trial is started, or continued."""
        trial.trained = True
        verb = "resumed" if trial.state == "begun" else "trained"
        notice(f"{self.count()} finished; {trial.name} is {verb}")

    def ends(self, trial: Trial, ended: Ended) -> None:
        """A trial's process has ended."""
        trial.code, trial.error = ended.exit_code, ended.error
        trial.state = STATES.get(trial.code, "failed")
        if trial.code:
            self.failed.append(trial)
            trial.error = trial.error or f"ended with exit code {ended.code}"
        verb = {"begun": "was interrupted"}.get(trial.state, trial.state)
        notice(f"{self.count()} finished; {trial.name} {verb} after {ended.seconds:.0f} s")

    def as_json(self) -> dict[str, Any]:
        members = [trial.record() for trial in self.trials]
        return {"grid": str(self.path), "members": members, "comparison": self.record}

    def as_text(self) -> str:
        records = [trial.record() for trial in self.trials]
        cells = [
            (run["name"], run["state"], str(run["epochs"]), run["error"] or run["stopped"] or "")
            for run in records
        ]
        states = table(["trial", "state", "epochs", ""], cells)
        parts = [states, *([self.text] if self.text else []), f"sweep: {self.path}"]
        return "\n\n".join(parts)

    def error(self) -> LvmctlError | None:
        """What the command ends with when trials failed: the code is the first one's."""
        from lvmctl.training.sweep.trials import SweepError

        if not self.failed:
            return None
        names = ", ".join(f"{trial.name} (exit code {trial.code})" for trial in self.failed)
        return SweepError(
            self.failed[0].code,
            f"{len(self.failed)} of {count(len(self.trials), 'trial')} did not finish: {names}",
            where=self.path,
            hint=f"correct it and try these again with lvmctl train --resume {typed(self.path)}",
        )


def saved_request(path: Path) -> tuple[CommandLine, Path]:
    """What the sweep at ``path`` was asked for, and the directory it was started in."""
    file, hint = path / SWEEP_FILE, "type the command that began it again, with --out"
    with readable(file, "is not the request of a sweep", hint):
        saved = read_json(file)
        if saved["format"] != FORMAT:
            raise RunError("was written by another version of lvmctl", where=file)
        require(saved, SCHEMA, file, RunError, hint)
        for _, value in leaves(saved["request"]):
            for text in value if isinstance(value, list) else [value]:
                refuse_untrusted(str(text).removeprefix("model="), file)
        return CommandLine(**saved["request"]), Path(saved["directory"])


@contextmanager
def as_asked(path: Path) -> Iterator[CommandLine]:
    """What the sweep at ``path`` was asked for, in the directory it was started in."""
    typed, directory = saved_request(path)
    if not directory.is_dir():
        raise RunError("the directory it was started in is gone", where=directory)
    with chdir(directory):  # experiments and the data they name are looked for from there
        yield typed


def resume_sweep(path: Path, jobs: int | None, verbose: bool) -> Sweep:
    """Go on with the sweep at ``path`` as it was asked for."""
    path = real(path)
    with as_asked(path) as typed:
        return train_sweep(typed, path, jobs, verbose)


@contextmanager
def opened(typed: CommandLine, out: Path | None) -> Iterator[Sweep]:
    """A sweep whose trials are all checked, in its directory, which holds the request and is
    locked meanwhile."""
    from lvmctl.core.files import write_json
    from lvmctl.registry import load_registry
    from lvmctl.training.sweep.trials import check, open_sweep

    path = out or default_path(typed)
    sweep = Sweep(path, trials_of(typed, path))
    check(load_registry(), sweep.trials)
    with open_sweep(path):
        saved = {"format": FORMAT, "request": typed.record(), "directory": Path.cwd()}
        write_json(path / SWEEP_FILE, saved)
        yield sweep


def train_sweep(typed: CommandLine, out: Path | None, jobs: int | None, verbose: bool) -> Sweep:
    """Check all trials, train those that are not finished, and compare."""
    from lvmctl.training.sweep.trials import check_comparable, state

    jobs = limited(jobs)
    with opened(typed, out) as sweep:
        for trial in sweep.trials:
            trial.state = state(trial.path, trial.plan.options.epochs)
        notice(sweep.headline())
        try:
            check_comparable(sweep.trials)
        except LvmctlError as error:
            notice(f"no comparison will be made: {error}")
            comparable = False
        else:
            comparable = True
        train_trials(sweep, jobs, verbose)
        finished = [trial for trial in sweep.trials if trial.state == "finished"]
        if finished and comparable:
            from lvmctl.cli.train.compared import comparison

            sweep.record, sweep.text = comparison(finished, sweep.path)
    return sweep


def limited(jobs: int | None) -> int:
    """How many trials are trained at once: no more than there are processors."""
    from lvmctl.training.sweep.pool import cores

    if jobs is not None and jobs > cores():
        notice(f"--jobs {jobs}: this machine gives {cores()} processors, so {cores()} at a time")
    return min(jobs or 1, cores())


def train_trials(sweep: Sweep, jobs: int, verbose: bool) -> None:
    """Train what is not finished, in processes of their own; a signal raises an Interrupted when
    every trial that ran has saved."""
    from lvmctl.cli.train.trial import COMMAND, task_of
    from lvmctl.training.sweep.pool import WorkerPool

    debug = bool(click.get_current_context().find_root().params.get("debug"))
    trials = {trial.name: trial for trial in sweep.trials if trial.state != "finished"}
    tasks = {name: task_of(trial, verbose, debug) for name, trial in trials.items()}
    pool = WorkerPool(
        COMMAND,
        jobs,
        lambda name: sweep.begins(trials[name]),
        lambda name, ended: sweep.ends(trials[name], ended),
        notice,
    )
    signum = pool.run(tasks)
    if signum is not None and any(trial.state != "finished" for trial in sweep.trials):
        raise Interrupted(
            signum,
            f"interrupted, {sweep.count()} trials finished",
            where=sweep.path,
            hint=f"go on with lvmctl train --resume {typed(sweep.path)}",
        )
