"""What a diagnostic says: a verdict, a sentence, figures, what would change it. Torch-free."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from lvmctl.core.files import jsonable
from lvmctl.core.formatting import paragraph, table

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True)
class Table:
    """A table for a reader.

    Attributes:
        header: names of the columns.
        rows: cells; numbers stay numbers.
        title: a few words above it.
        note: what its terms mean, below it.
        detail: it is printed with ``--full`` alone.
    """

    header: tuple[str, ...]
    rows: tuple[tuple[Any, ...], ...]
    title: str = ""
    note: str = ""
    detail: bool = False

    def text(self) -> str:
        """Title, columns and note in lines that fit."""
        if any(len(row) != len(self.header) for row in self.rows):
            raise ValueError(f"a row of {self.title or 'a table'} does not fit its header")
        shown = table(self.header, self.rows)
        above, below = (paragraph(text) for text in (self.title, self.note))
        return "\n".join(part for part in (above, shown, below) if part)


Severity = Literal["critical", "serious", "minor"]


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong with a run.

    Attributes:
        name: what it is, in lower case with hyphens; findings of one name are one.
        severity: ``critical``, the predictions are of no use; ``serious``, a part of the recipe
            does nothing or harm; ``minor``, worth knowing.
        epoch: where it begins, None where that is not known.
        evidence: the line with the figures.
        remedy: what to do.
        source: where the science is.
        also: further lines of evidence.
    """

    name: str
    severity: Severity
    epoch: int | None
    evidence: str
    remedy: str
    source: str
    also: tuple[str, ...] = ()

    def record(self) -> dict[str, Any]:
        """As plain data."""
        return asdict(self) | {"also": list(self.also)}


@dataclass(frozen=True)
class Diagnosis:
    """The answer of one diagnostic.

    Attributes:
        verdict: a word in capitals: ``MATCH``, ``REVERSIBLE``, …
        sentence: the verdict in one plain sentence with its main figure.
        figures: everything measured, as plain data; intervals are ``[low, high]`` under ``ci``.
            None is called ``schema``, ``verdict``, ``sentence``, ``change`` or ``failed``: these
            stand beside the figures in the JSON.
        tables: the same for a reader.
        change: what would change the verdict, one sentence; empty where nothing is to be done.
        failed: the command ends with exit code 1.
        plot: draws the figures; None where there is nothing to draw.
        findings: what is wrong with a run; ``diagnose run`` puts them in order with all others.
    """

    verdict: str
    sentence: str
    figures: dict[str, Any] = field(default_factory=dict)
    tables: tuple[Table, ...] = ()
    change: str = ""
    failed: bool = False
    plot: Callable[[], Figure] | None = None
    findings: tuple[Finding, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Verdict, sentence, change and failed as plain data, and the figures beside them.

        Raises:
            TypeError, ValueError: figures that are not plain data or bear another part's name.
        """
        parts = {
            "verdict": self.verdict,
            "sentence": self.sentence,
            "change": self.change,
            "failed": bool(self.failed),
        }
        if taken := {"schema", *parts} & self.figures.keys():
            raise ValueError(f"figures may not be called {', '.join(sorted(taken))}")
        return jsonable(parts | self.figures)

    def table(self, full: bool = False) -> str:
        """Verdict and sentence, tables, and what would change the verdict, for a reader.

        Args:
            full: print tables of details too, which are named otherwise.
        """
        parts = [paragraph(f"{self.verdict}: {self.sentence}")]
        shown = [(part, part.text()) for part in self.tables]
        parts += [text for part, text in shown if full or not part.detail]
        if self.change:
            parts.append(paragraph(f"What would change it: {self.change}"))
        details = [part.title for part in self.tables if part.detail]
        if details and not full:
            parts.append(paragraph(f"--full shows also: {'; '.join(details)}."))
        return "\n\n".join(parts)
