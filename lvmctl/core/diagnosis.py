"""What a diagnostic says: a verdict, a sentence, figures, what would change it. Torch-free."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from lvmctl.core.files import jsonable
from lvmctl.core.formatting import table

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True)
class Table:
    """Figures for a reader.

    Attributes:
        header: names of the columns.
        rows: cells; numbers stay numbers.
        title: one line above it.
    """

    header: tuple[str, ...]
    rows: tuple[tuple[Any, ...], ...]
    title: str = ""


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
            TypeError, ValueError: figures that are no plain data, or that bear another part's name.
        """
        found = {
            "verdict": self.verdict,
            "sentence": self.sentence,
            "change": self.change,
            "failed": bool(self.failed),
        }
        if taken := {"schema", *found} & self.figures.keys():
            raise ValueError(f"figures may not be called {', '.join(sorted(taken))}")
        record = jsonable(found | self.figures)
        json.dumps(record, ensure_ascii=False).encode()  # half a character cannot be written
        return record

    def table(self) -> str:
        """Verdict and sentence, tables, and what would change the verdict, for a reader.

        Raises:
            ValueError: a row that does not fit its table's header.
        """
        parts = [f"{self.verdict}: {self.sentence}"]
        for one in self.tables:
            if any(len(row) != len(one.header) for row in one.rows):
                raise ValueError(f"a row of {one.title or 'a table'} does not fit its header")
            shown = table(one.header, one.rows)
            parts.append(f"{one.title}\n{shown}" if one.title else shown)
        if self.change:
            parts.append(f"What would change it: {self.change}")
        return "\n\n".join(parts)
