"""What a diagnostic says: a verdict, a sentence, figures, what would change it. Torch-free."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

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
    """

    verdict: str
    sentence: str
    figures: dict[str, Any] = field(default_factory=dict)
    tables: tuple[Table, ...] = ()
    change: str = ""
    failed: bool = False
    plot: Callable[[], Figure] | None = None
