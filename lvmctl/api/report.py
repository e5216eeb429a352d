"""The page of some runs; torch is loaded only where one has to be evaluated first."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from lvmctl.core.reporter import SILENT, Reporter
from lvmctl.report.job import Report, make_report


def report(
    runs: Sequence[str | os.PathLike[str]] = (),
    out: str | os.PathLike[str] | None = None,
    *,
    force: bool = False,
    partial: bool = False,
    reporter: Reporter = SILENT,
) -> Report:
    """Write one page with plots about some runs, after evaluating those that have to be.

    Args:
        runs: runs, their paths or names; none is the run trained last.
        out: the page; None is ``report.html`` in the run, if it is one.
        force: replace a file of another origin.
        partial: show the last evaluation on other data or on part of it, not the run's own result.
        reporter: shown notices and progress.

    Returns:
        Where the page is (``out``) and what is on it.

    Raises:
        UsageError: a run is named twice, or ``out`` is missing.
        RunError: a run, or one of its files, cannot be used.
        OutputError: the page exists or cannot be written.
    """
    path = None if out is None else Path(out)
    return make_report([os.fspath(run) for run in runs], path, force, reporter, partial)
