"""``lvmctl train`` of several experiments or seeds: a grid."""

from __future__ import annotations

import json
from contextlib import chdir
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from lvmctl.cli.output import notice, table
from lvmctl.cli.train_members import default_path, members_of
from lvmctl.cli.train_request import Typed, source_words
from lvmctl.errors import Interrupted, LvmctlError, RunError, UsageError

if TYPE_CHECKING:
    from lvmctl.training.crew import Ended
    from lvmctl.training.grid import Checked

FORMAT = "lvmctl.grid/1"
FILE = "grid.json"
GLOBAL = ("no_plugins", "strict_plugins", "debug")
"""Options before the command that a member's command repeats."""


@dataclass
class Row:
    """One member as it is shown.

    Attributes:
        one: what is trained.
        words: its command after ``lvmctl train`` where it is not there yet.
        state: ``waiting``, ``begun`` (interrupted), ``finished`` or ``failed``.
        trained: whether this command trained it.
        code, error: how it failed.
    """

    one: Checked
    words: list[str]
    state: str = "waiting"
    trained: bool = False
    code: int = 0
    error: str | None = None

    @property
    def name(self) -> str:
        return self.one.member.name

    def record(self) -> dict[str, Any]:
        member = self.one.member
        return {
            "name": self.name,
            "experiment": member.request.experiment,
            "recipe": self.one.plan.recipe,
            "seed": self.one.plan.options.seed,
            "run": str(member.path),
            "state": self.state,
            "trained": self.trained,
            "exit_code": self.code,
            "error": self.error,
        }


@dataclass
class Done:
    """A grid that came to its end.

    Attributes:
        path: its directory.
        rows: the members.
        record, text: the comparison, None and nothing where there is none.
    """

    path: Path
    rows: list[Row]
    record: dict[str, Any] | None = None
    text: str = ""
    failed: list[Row] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        members = [row.record() for row in self.rows]
        return {"grid": str(self.path), "members": members, "comparison": self.record}

    def as_text(self) -> str:
        cells = [(row.name, row.state, row.error or "") for row in self.rows]
        states = table(["member", "state", ""], cells)
        parts = [states, *([self.text] if self.text else []), f"grid: {self.path}"]
        return "\n\n".join(parts)

    def error(self) -> LvmctlError | None:
        """What the command ends with when members failed: the code is the first one's."""
        from lvmctl.training.grid import GridError

        if not self.failed:
            return None
        names = ", ".join(f"{row.name} (exit code {row.code})" for row in self.failed)
        return GridError(
            self.failed[0].code,
            f"{len(self.failed)} of {len(self.rows)} members failed: {names}",
            where=self.path,
            mend=f"mend it and try these again with lvmctl train --resume {self.path}",
        )


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
    from lvmctl.files import write_json
    from lvmctl.registry import load_registry
    from lvmctl.training.grid import FINISHED, check, compared, open_grid, state

    path = out or default_path(typed)
    jobs = workers(jobs)
    pairs = members_of(typed, path)
    found = check(load_registry(), [member for member, _ in pairs])
    with open_grid(path) as grid:
        saved = {"format": FORMAT, "request": typed.record(), "directory": Path.cwd()}
        write_json(grid.path / FILE, saved)
        rows = []
        for one, (member, own) in zip(found, pairs):
            row = Row(one, own.words(member.request.experiment, member.request.sources))
            row.state, _ = state(one)
            rows.append(row)
        done = Done(path, rows)
        notice(headline(done))
        try:
            compared(found)
        except LvmctlError as error:
            notice(f"no comparison will be made: {error}")
            comparable = False
        else:
            comparable = True
        train_rows(done, jobs, verbose)
        finished = [row.one.member for row in rows if row.state == FINISHED]
        if finished and comparable:
            from lvmctl.cli.train_compared import comparison

            done.record, done.text = comparison(finished, path)
    return done


def headline(done: Done) -> str:
    """One line: where, how many, and how many are finished."""
    finished = sum(row.state == "finished" for row in done.rows)
    begun = sum(row.state == "begun" for row in done.rows)
    parts = [f"grid of {len(done.rows)}: {finished} finished"]
    parts += [f"{begun} to be resumed"] if begun else []
    return f"{', '.join(parts)}; {done.path}"


def workers(jobs: int | None) -> int:
    """How many members are trained at once: no more than there are processors."""
    from lvmctl.training.crew import cores

    if jobs is not None and jobs > cores():
        notice(f"--jobs {jobs}: this machine gives {cores()} processors, so {cores()} at a time")
    return min(jobs or 1, cores())


def train_rows(done: Done, jobs: int, verbose: bool) -> None:
    """Train what is not finished, in processes of their own.

    Raises:
        Interrupted: SIGINT or SIGTERM came; every member that ran has saved.
    """
    from lvmctl.training.crew import work

    total = len(done.rows)
    rows = {row.name: row for row in done.rows if row.state != "finished"}
    params = click.get_current_context().find_root().params
    before = [f"--{name.replace('_', '-')}" for name in GLOBAL if params.get(name)]
    tasks = {name: [*before, "train", *words(row, verbose)] for name, row in rows.items()}

    def count() -> str:
        return f"{sum(row.state == 'finished' for row in done.rows)} of {total}"

    def begins(name: str) -> None:
        rows[name].trained = True
        verb = "resumed" if rows[name].state == "begun" else "trained"
        notice(f"{count()} finished; {name} is {verb}")

    def ends(name: str, how: Ended) -> None:
        row = rows[name]
        row.code, row.error = how.exit_code, how.error
        row.state = {0: "finished", 130: "begun", 143: "begun"}.get(row.code, "failed")
        if row.code:
            done.failed.append(row)
            row.error = row.error or f"ended with exit code {how.code}"
        verb = {"begun": "was interrupted"}.get(row.state, row.state)
        notice(f"{count()} finished; {name} {verb} after {how.seconds:.0f} s")

    signum = work(tasks, jobs, begins, ends, notice)
    if signum is not None and any(row.state != "finished" for row in done.rows):
        raise Interrupted(
            signum,
            f"interrupted, {count()} members finished",
            where=done.path,
            mend=f"go on with lvmctl train --resume {done.path}",
        )


def words(row: Row, verbose: bool) -> list[str]:
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
