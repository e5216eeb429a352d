"""How a diagnosis is printed and saved."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lvmctl.cli.output import table
from lvmctl.errors import OutputError

if TYPE_CHECKING:
    from lvmctl.diagnosis import Diagnosis


def record_of(diagnosis: Diagnosis) -> dict[str, Any]:
    """A diagnosis as plain data: the verdict, then its figures."""
    said = {
        "verdict": diagnosis.verdict,
        "sentence": diagnosis.sentence,
        "change": diagnosis.change,
        "failed": diagnosis.failed,
    }
    return said | diagnosis.figures


def text_of(diagnosis: Diagnosis, out: Path | None = None) -> str:
    """A diagnosis for a reader: verdict and sentence, tables, what would change it."""
    parts = [f"{diagnosis.verdict}: {diagnosis.sentence}"]
    for one in diagnosis.tables:
        shown = table(one.header, one.rows)
        parts.append(f"{one.title}\n{shown}" if one.title else shown)
    if diagnosis.change:
        parts.append(f"What would change it: {diagnosis.change}")
    if out is not None:
        parts.append(f"saved: {out}")
    return "\n\n".join(parts)


def refuse_output(out: Path | None) -> None:
    """Refuse a directory that is there, before long work.

    Raises:
        OutputError: it exists.
    """
    if out is not None and out.exists():
        raise OutputError("exists", where=out, mend="name another directory, or remove it")


def save(out: Path, diagnoses: Mapping[str, Diagnosis]) -> None:
    """Write each diagnosis and its plot into a new directory ``out``, all or nothing.

    Raises:
        OutputError: it exists, or cannot be written.
    """
    refuse_output(out)
    from lvmctl.data.files import new_directory
    from lvmctl.files import write_json, write_whole

    with new_directory(out) as directory:
        for name, diagnosis in diagnoses.items():
            file = name.replace("/", "_")
            write_json(directory / f"{file}.json", record_of(diagnosis))
            if diagnosis.plot is not None:
                figure = diagnosis.plot()
                write_whole(
                    directory / f"{file}.svg",
                    lambda stream, figure=figure: figure.savefig(stream, format="svg"),
                )
