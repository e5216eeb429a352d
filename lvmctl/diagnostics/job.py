"""From the name of a diagnostic to its diagnosis."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lvmctl.config import bind
from lvmctl.core.diagnosis import Diagnosis
from lvmctl.core.errors import LvmctlError, OutputError, out_of_memory
from lvmctl.core.reporter import Reporter
from lvmctl.core.runs import find_run
from lvmctl.data import open_split, open_splits
from lvmctl.data.splits.levels import at_levels
from lvmctl.registry import Entry, Registry
from lvmctl.registry.run_diagnostics import ask


@dataclass(frozen=True)
class DiagnosisRequest:
    """What a diagnostic is asked about.

    Attributes:
        store: a source; None is the default data.
        train, val, ood: stores apart, in the place of ``store``.
        run: path or name of a run, or a bare ``training_history.json``; None is the latest run.
        level: of the stores; None is what they are by name.
    """

    store: str | None = None
    train: Sequence[str] = ()
    val: str | None = None
    ood: str | None = None
    run: str | None = None
    level: str | None = None


def subject_of(entry: Entry, request: DiagnosisRequest, reporter: Reporter) -> Any:
    """What the diagnostic takes: a split, splits or a path.

    Raises:
        LvmctlError: it cannot be opened.
    """
    takes, run = entry.record.takes, request.run
    if takes == "run":
        bare = run is not None and (run.endswith(".json") or Path(run).is_file())
        return Path(run) if bare else find_run(run)
    named = {"data": request.store, "train": request.train, "val": request.val, "ood": request.ood}
    sources = at_levels(named, request.level)
    subject = open_split(sources["data"]) if takes == "store" else open_splits(**sources)
    for notice in subject.notices:
        reporter.info(notice)
    return subject


def diagnose(
    registry: Registry,
    entry: Entry,
    values: dict[str, str],
    request: DiagnosisRequest,
    reporter: Reporter,
) -> Diagnosis:
    """Ask one diagnostic.

    Args:
        values: its options as they were typed.

    Raises:
        LvmctlError: an option or the subject cannot be used, or the diagnostic cannot answer.
        PluginError: its code failed; it is named.
    """
    options = bind(entry.record.options, [("command line", values)]).options
    return ask(registry, entry, options, subject_of(entry, request, reporter), reporter)


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
