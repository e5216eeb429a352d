"""How diagnostics are asked one after another, and a diagnosis is printed and saved."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lvmctl.cli.output import notice
from lvmctl.core.errors import LvmctlError, OutputError, out_of_memory
from lvmctl.core.files import write_json, write_whole

if TYPE_CHECKING:
    from lvmctl.core.diagnosis import Diagnosis
    from lvmctl.registry import Entry


@dataclass(frozen=True)
class Answer:
    """The answer of a diagnostic, ready to be printed and saved.

    Attributes:
        record: plain data, the same for ``--json`` and ``--out``.
        text: for a reader.
        drawing: its plot as SVG; None where there is none.
        fault: why the plot could not be drawn.
    """

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
    """Prepare the answer of ``entry``.

    Args:
        full: its text has the tables of details.
        draw: its plot too, without which the answer stands.

    Raises:
        PluginError: it is not what a diagnosis is made of; the plugin is named.
    """
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


def diagnose_all(
    entries: Iterable[Entry],
    ask: Callable[[Entry], int],
    report_failure: Callable[[Entry, LvmctlError], None],
) -> int:
    """Ask each in turn; one that fails, or needs more memory than there is, stops no other.

    Args:
        ask: asks one and prints its diagnosis; returns its exit code.
        report_failure: called for each that could not be asked or printed.

    Returns:
        The exit code: 1 where a diagnosis failed, else the first that is not 0, else 0.
    """
    codes = []
    for entry in entries:
        try:
            codes.append(ask(entry))
        except Exception as error:
            failure = error
            if out_of_memory(error):
                hint = "use less data, or a machine with more"
                failure = OutputError("not enough memory", hint=hint)
            if not isinstance(failure, LvmctlError):  # lvmctl's own fault
                raise
            report_failure(entry, failure)
            codes.append(failure.exit_code)
    return 1 if 1 in codes else next((code for code in codes if code), 0)
