"""How a grid is shown: its members, how each of them is, and their comparison."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lvmctl.core.errors import LvmctlError
from lvmctl.core.formatting import table
from lvmctl.core.run_directory import RunDirectory

if TYPE_CHECKING:
    from lvmctl.training.sweep.sweep import Checked


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

    @property
    def epochs(self) -> int:
        """Epochs trained so far."""
        from lvmctl.training.sweep.trials import history

        return len(history(RunDirectory(self.one.member.path)))

    @property
    def stopped(self) -> str | None:
        """Why a rule or a plugin ended it."""
        from lvmctl.training.sweep.trials import stopped

        return stopped(RunDirectory(self.one.member.path))

    def record(self) -> dict[str, Any]:
        """As ``--json`` prints it."""
        member = self.one.member
        return {
            "name": self.name,
            "experiment": member.request.experiment,
            "recipe": self.one.plan.recipe,
            "seed": self.one.plan.options.seed,
            "run": str(member.path),
            "state": self.state,
            "trained": self.trained,
            "epochs": self.epochs,
            "stopped": self.stopped,
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

    def count(self) -> str:
        """How many members are finished, of how many."""
        return f"{sum(row.state == 'finished' for row in self.rows)} of {len(self.rows)}"

    def headline(self) -> str:
        """One line: how many are finished, how many go on, and where."""
        begun = sum(row.state == "begun" for row in self.rows)
        resumed = f", {begun} to be resumed" if begun else ""
        return f"grid: {self.count()} finished{resumed}; {self.path}"

    def as_json(self) -> dict[str, Any]:
        members = [row.record() for row in self.rows]
        return {"grid": str(self.path), "members": members, "comparison": self.record}

    def as_text(self) -> str:
        cells = [
            (row.name, row.state, str(row.epochs), row.error or row.stopped or "")
            for row in self.rows
        ]
        states = table(["member", "state", "epochs", ""], cells)
        parts = [states, *([self.text] if self.text else []), f"grid: {self.path}"]
        return "\n\n".join(parts)

    def error(self) -> LvmctlError | None:
        """What the command ends with when members failed: the code is the first one's."""
        from lvmctl.training.sweep.sweep import GridError

        if not self.failed:
            return None
        names = ", ".join(f"{row.name} (exit code {row.code})" for row in self.failed)
        return GridError(
            self.failed[0].code,
            f"{len(self.failed)} of {len(self.rows)} members did not finish: {names}",
            where=self.path,
            mend=f"mend it and try these again with lvmctl train --resume {self.path}",
        )
