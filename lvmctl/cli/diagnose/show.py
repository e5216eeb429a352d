"""How a diagnosis is printed and saved."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lvmctl.cli.output import notice
from lvmctl.core.errors import LvmctlError, OutputError
from lvmctl.core.files import write_json, write_whole

if TYPE_CHECKING:
    from lvmctl.core.diagnosis import Diagnosis
    from lvmctl.registry import Entry


@dataclass(frozen=True)
class Answer:
    """The answer of a diagnostic, ready to be printed and saved: plain data, text, its plot as SVG
    if there is one, and why it could not be drawn."""

    record: dict[str, Any]
    text: str
    drawing: bytes | None = None
    fault: LvmctlError | None = None

    @property
    def code(self) -> int:
        """The exit code."""
        if self.record["failed"]:
            return 1
        return 0 if self.fault is None else self.fault.exit_code


def answer_of(entry: Entry, diagnosis: Diagnosis, full: bool, draw: bool) -> Answer:
    """The answer of ``entry``: ``full``, its text has the tables of details; ``draw``, with its
    plot, without which it stands. What is no diagnosis is a PluginError."""
    from lvmctl.registry.faults import attribute_errors

    with attribute_errors(entry):
        record = {"schema": f"lvmctl.diagnose.{entry.name}/1", **diagnosis.to_dict()}
        text = diagnosis.table(full)
    if not draw or diagnosis.plot is None:
        return Answer(record, text)
    try:
        import lvmctl.report  # noqa: F401  # says what to install where matplotlib is missing

        with attribute_errors(entry):
            drawing = BytesIO()
            diagnosis.plot().savefig(drawing, format="svg")
        return Answer(record, text, drawing.getvalue())
    except LvmctlError as error:
        return Answer(record, text, fault=error)


def line(error: LvmctlError) -> str:
    """An error as one line; a plugin's may have several."""
    return " ".join(str(error).split())


def refuse_output(out: Path | None) -> None:
    """Refuse a directory that is there or cannot be made, before long work."""
    if out is None:
        return
    if os.path.lexists(out):
        raise OutputError("exists", where=out, hint="name another directory, or remove it")
    above = next(path for path in Path(os.path.abspath(out)).parents if os.path.lexists(path))
    if not above.is_dir():
        raise OutputError("not a directory", where=above, hint="choose another place")
    if not os.access(above, os.W_OK | os.X_OK):
        raise OutputError("no permission to write there", where=above, hint="choose another place")


def save(out: Path, answers: Mapping[str, Answer]) -> None:
    """Write each answer and its plot into a new directory ``out``, all or nothing, and say so."""
    from lvmctl.core.directories import new_directory

    with new_directory(out, refuse_output) as directory:
        for name, answer in answers.items():
            file = name.replace("/", "_")
            write_json(directory / f"{file}.json", answer.record)
            if (drawing := answer.drawing) is not None:
                write_whole(directory / f"{file}.svg", drawing)
    notice(f"saved: {out}")
