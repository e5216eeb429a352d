"""From runs to a page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lvmctl.core.errors import LvmctlError, OutputError, RunError, UsageError
from lvmctl.core.files import refuse_irregular, utf8, write_whole
from lvmctl.core.inputs import real
from lvmctl.core.paths import typed
from lvmctl.core.reporter import Reporter
from lvmctl.core.run_directory import RunDirectory
from lvmctl.core.runs import RunLike, find_run, refuse_repeats
from lvmctl.report import (
    ablations,
    coherence,
    examples,
    extras,
    margins,
    offsets,
    plugins,
    provenance,
    ranks,
    rollout,
    training,
    verdict,
    weights,
)
from lvmctl.report.inputs import Inputs, partial_of, read, readable, stale
from lvmctl.report.page import page
from lvmctl.report.section import Missing, Section

NAME, PARTIAL = "report.html", "report_partial.html"
"""The page of a run in its directory, and that of a look at part of its data."""

PARTS = (
    verdict,
    training,
    offsets,
    margins,
    ranks,
    examples,
    weights,
    extras,
    ablations,
    rollout,
    coherence,
    provenance,
)
"""What is on the page, in order. Each has ``section(run)``."""


@dataclass(frozen=True)
class Report:
    """A written page.

    Attributes:
        out: where it is.
        sections: slugs of its sections, by run.
    """

    out: Path
    sections: dict[str, list[str]]

    def to_dict(self) -> dict[str, Any]:
        """As plain data."""
        return {"out": str(self.out), "runs": list(self.sections), "sections": self.sections}


def make_report(
    names: Sequence[RunLike],
    out: Path | None,
    force: bool,
    reporter: Reporter,
    partial: bool = False,
) -> Report:
    """Write the page of some runs, after evaluating those that have to be.

    Args:
        names: of the runs; the latest when there is none.
        out: the page; None is ``report.html`` in the run, if it is one.
        force: replace a file of another origin.
        partial: show the last partial evaluation (``5cat_partial.json``), not the run's own result;
            the page is then ``report_partial.html`` by default.

    Raises:
        UsageError: a run is named twice, or ``out`` is missing.
        RunError: a run, or one of its files, cannot be used.
        OutputError: the page exists or cannot be written.
    """
    runs = [RunDirectory.open(find_run(name)) for name in names or [None]]
    refuse_repeats([run.path for run in runs])
    usual = runs[0].path / (PARTIAL if partial else NAME) if len(runs) == 1 else None
    out = out or usual
    if out is None:
        raise UsageError("a page of several runs needs a place", hint="give --out FILE")
    replaceable = force or (usual is not None and real(out) == real(usual))

    def refuse(page: Path) -> None:
        refuse_page(page, replaceable)

    refuse(out)
    pages = [
        composed(run, f"run{number}", reporter, partial) for number, run in enumerate(runs, start=1)
    ]
    text = page(pages)
    write_whole(out, utf8(text), refuse)
    slugs = {
        str(inputs.run.path): [part.slug for part in parts if isinstance(part, Section)]
        for inputs, parts in pages
    }
    return Report(out, slugs)


def refuse_page(out: Path, replaceable: bool) -> None:
    """Refuse a place where the page may not go; asked before anything is computed, too."""
    hint = "give --out a file in a directory that exists"
    if not out.parent.is_dir():
        raise OutputError("its directory does not exist", where=out, hint=hint)
    refuse_irregular(out)
    if out.exists() and not replaceable:
        raise OutputError("already exists", where=out, hint="choose another --out, or add --force")


def composed(
    run: RunDirectory, key: str, reporter: Reporter, partial: bool
) -> tuple[Inputs, list[Section | Missing]]:
    """What the page says of a run, which is evaluated first if it has to be."""
    source = partial_of(run) if partial else run.fivecat
    if not partial and (why := stale(run)):
        evaluate(run, why, reporter)
    inputs, parts = read(run, key, source), []
    for part in PARTS:
        with readable(run.history if part is training else source, run):
            parts.append(part.section(inputs))
    parts[-1:-1] = plugins.sections(inputs, reporter)  # before where it all comes from
    with readable(source, run):
        page([(inputs, parts)])  # an error in its heading is this run's
    return inputs, parts


def evaluate(run: RunDirectory, why: str, reporter: Reporter) -> None:
    """Do what ``lvmctl eval 5cat RUN`` does and keep the result."""
    # Imports torch, which a page of what is there does without.
    from lvmctl.evaluation.eval_data import EvalRequest
    from lvmctl.evaluation.fivecat.run import run_fivecat
    from lvmctl.registry import load_registry

    reporter.info(f"{run.path}: {why}; evaluating as `lvmctl eval 5cat {typed(run.path)}` does")
    try:
        result = run_fivecat(load_registry(), str(run.path), EvalRequest(), reporter).to_dict()
    except OutputError:
        raise
    except LvmctlError as error:
        raise RunError(
            f"{why}, and evaluating failed ({error})",
            where=run.path,
            hint=f"repair that and run lvmctl eval 5cat {typed(run.path)}",
        ) from error
    run.write(run.fivecat, result)
