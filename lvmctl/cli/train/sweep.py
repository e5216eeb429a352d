"""``lvmctl train`` of several experiments or seeds: a grid."""

from __future__ import annotations

import json
from contextlib import chdir
from pathlib import Path
from typing import TYPE_CHECKING

import click

from lvmctl.cli.output import notice
from lvmctl.cli.train.request import Typed, source_words
from lvmctl.cli.train.rows import Done, Row
from lvmctl.cli.train.trials import default_path, members_of
from lvmctl.core.errors import Interrupted, LvmctlError, RunError, UsageError

if TYPE_CHECKING:
    from lvmctl.training.sweep.pool import Ended

FORMAT = "lvmctl.grid/1"
FILE = "grid.json"
GLOBAL = ("no_plugins", "strict_plugins", "debug")
"""Options before the command that a member's command repeats."""


def saved_request(path: Path) -> tuple[Typed, Path]:
    """What the grid at ``path`` was asked for, and the directory it was asked in.

    Raises:
        RunError: ``grid.json`` is not one.
    """
    file = path / FILE
    try:
        saved = json.loads(file.read_text(encoding="utf-8"))
        if saved["format"] != FORMAT:
            raise RunError("was written by another version of lvmctl", where=file)
        return Typed(**saved["request"]), Path(saved["directory"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise RunError(
            f"is not the request of a grid ({type(error).__name__}: {error})",
            where=file,
            mend="type the command that began it again, with --out",
        ) from error


def resume_grid(path: Path, jobs: int | None, verbose: bool) -> Done:
    """Go on with the grid at ``path`` as it was asked for."""
    typed, directory = saved_request(path)
    path = path.resolve()
    if not directory.is_dir():
        raise RunError("the directory it was asked in is gone", where=directory)
    with chdir(directory):  # experiments and the data they name are looked for from there
        return train_grid(typed, path, jobs, verbose)


def train_grid(typed: Typed, out: Path | None, jobs: int | None, verbose: bool) -> Done:
    """Check all members, train those that are not finished, and compare."""
    from lvmctl.core.files import write_json
    from lvmctl.registry import load_registry
    from lvmctl.training.sweep.sweep import check, compared, open_grid
    from lvmctl.training.sweep.trials import state

    path = out or default_path(typed)
    jobs = workers(jobs)
    pairs = members_of(typed, path)
    found = check(load_registry(), [member for member, _ in pairs])
    with open_grid(path) as grid:
        saved = {"format": FORMAT, "request": typed.record(), "directory": Path.cwd()}
        write_json(grid.path / FILE, saved)
        rows = []
        for one, (member, own) in zip(found, pairs):
            request = member.request
            words = own.words(request.experiment, request.sources)
            rows.append(Row(one, words, state(member.path, one.plan.options.epochs)))
        done = Done(path, rows)
        notice(done.headline())
        try:
            compared(found)
        except LvmctlError as error:
            notice(f"no comparison will be made: {error}")
            comparable = False
        else:
            comparable = True
        train_rows(done, jobs, verbose)
        finished = [row.one.member for row in rows if row.state == "finished"]
        if finished and comparable:
            from lvmctl.cli.train.compared import comparison

            done.record, done.text = comparison(finished, path)
    return done


def workers(jobs: int | None) -> int:
    """How many members are trained at once: no more than there are processors."""
    from lvmctl.training.sweep.pool import cores

    if jobs is not None and jobs > cores():
        notice(f"--jobs {jobs}: this machine gives {cores()} processors, so {cores()} at a time")
    return min(jobs or 1, cores())


def train_rows(done: Done, jobs: int, verbose: bool) -> None:
    """Train what is not finished, in processes of their own.

    Raises:
        Interrupted: SIGINT or SIGTERM came; every member that ran has saved.
    """
    from lvmctl.training.sweep.pool import work

    rows = {row.name: row for row in done.rows if row.state != "finished"}
    params = click.get_current_context().find_root().params
    before = [f"--{name.replace('_', '-')}" for name in GLOBAL if params.get(name)]
    tasks = {name: [*before, "train", *command(row, verbose)] for name, row in rows.items()}

    def begins(name: str) -> None:
        rows[name].trained = True
        verb = "resumed" if rows[name].state == "begun" else "trained"
        notice(f"{done.count()} finished; {name} is {verb}")

    def ends(name: str, how: Ended) -> None:
        row = rows[name]
        row.code, row.error = how.exit_code, how.error
        row.state = {0: "finished", 130: "begun", 143: "begun"}.get(row.code, "failed")
        if row.code:
            done.failed.append(row)
            row.error = row.error or f"ended with exit code {how.code}"
        verb = {"begun": "was interrupted"}.get(row.state, row.state)
        notice(f"{done.count()} finished; {name} {verb} after {how.seconds:.0f} s")

    signum = work(tasks, jobs, begins, ends, notice)
    if signum is not None and any(row.state != "finished" for row in done.rows):
        raise Interrupted(
            signum,
            f"interrupted, {done.count()} members finished",
            where=done.path,
            mend=f"go on with lvmctl train --resume {done.path}",
        )


def command(row: Row, verbose: bool) -> list[str]:
    """A member's command after ``lvmctl train``."""
    path, sources = row.one.member.path, row.one.member.request.sources
    if row.state == "begun":
        own = [f"--resume={path}", *source_words(sources)]
    else:
        own = [*row.words, f"--out={path}"]
    return [*own, "--tied", *(["--verbose"] if verbose else [])]


def refuse_jobs(jobs: int | None) -> None:
    """A single run is one process."""
    if jobs is not None:
        raise UsageError(
            "one run is one process", where="--jobs", mend="leave it out, or ask for several runs"
        )
