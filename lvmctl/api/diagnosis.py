"""Diagnostics of data and of runs, by name."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from lvmctl.api.store import Store, named_sources
from lvmctl.config import bind
from lvmctl.core.diagnosis import Diagnosis
from lvmctl.core.errors import UsageError
from lvmctl.core.reporter import SILENT, Reporter
from lvmctl.core.runs import find_run
from lvmctl.data import open_split, open_splits
from lvmctl.data.splits.levels import at_levels
from lvmctl.registry import load_registry
from lvmctl.registry.run_diagnostics import ask
from lvmctl.registry.specs import DiagnosticSpec

if TYPE_CHECKING:
    from lvmctl.api.store import Source, Sources


def diagnose(
    name: str,
    subject: Source | None = None,
    *,
    train: Sources = (),
    val: Source | None = None,
    ood: Source | None = None,
    level: str | None = None,
    reporter: Reporter = SILENT,
    options: Mapping[str, Any] | None = None,
    **more: Any,
) -> Diagnosis:
    """Ask one diagnostic about data or a run.

    Args:
        name: of the diagnostic, see ``lvmctl plugins list --kind diagnostic``.
        subject: what it takes: a store or another source of data; or a run, its path, its name in
            ``runs/`` or a bare ``training_history.json``. None is the demonstration data, or the
            run trained last.
        train, val, ood: data of the splits apart, in the place of ``subject``, for a diagnostic
            that takes splits.
        level: of the data, see :func:`lvmctl.add_level`.
        reporter: shown notices and progress.
        options, more: of the diagnostic; strings are parsed.

    Returns:
        A verdict, a sentence, figures and what would change the verdict.

    Raises:
        UsageError: an unknown diagnostic or option, or splits for one that takes none.
        DataError, RunError: the subject cannot be used.

    Example:
        >>> diagnosis = lvmctl.diagnose("geometry", "synth:iid?articles=20&chunks=12&dim=8")
        >>> diagnosis.verdict
        'ISOTROPIC'
    """
    registry = load_registry()
    entry = registry.get("diagnostic", name)
    record = cast(DiagnosticSpec, entry.record)
    takes = record.takes
    if takes != "splits" and (train or val is not None or ood is not None):
        raise UsageError(
            f"takes a {takes}, not splits",
            where=f"diagnostic {entry.name}",
            hint="give one subject",
        )
    if takes == "run":
        if isinstance(subject, Store):
            raise UsageError("takes a run", where=f"diagnostic {name}", hint="give a run")
        path = None if subject is None else os.fspath(subject)
        bare = path is not None and (path.endswith(".json") or os.path.isfile(path))
        opened: Any = Path(str(path)) if bare else find_run(path)
    else:
        sources = at_levels(named_sources(subject, train, val, ood), level)
        opened = open_split(sources["data"]) if takes == "store" else open_splits(**sources)
        for notice in opened.notices:
            reporter.info(notice)
    values = {**(options or {}), **more}
    bound: Any = bind(record.options, [("command line", values)]).options
    return ask(registry, entry, bound, opened, reporter)
