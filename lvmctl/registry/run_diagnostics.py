"""Diagnostics by name, and those of plugins that take part in the diagnosis of every run."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from lvmctl.core.diagnosis import Diagnosis
from lvmctl.core.errors import LvmctlError
from lvmctl.core.reporter import Reporter
from lvmctl.registry import Entry, Registry
from lvmctl.registry.build import build
from lvmctl.registry.faults import attribute_errors


def ask(
    registry: Registry, entry: Entry, options: Any, subject: Any, reporter: Reporter
) -> Diagnosis:
    """Ask one diagnostic about its subject."""
    diagnostic = build(registry, entry, options=options)
    with attribute_errors(entry):
        diagnosis = diagnostic(subject, reporter)
        if not isinstance(diagnosis, Diagnosis):
            raise TypeError(f"a diagnostic returns a Diagnosis, not {type(diagnosis).__name__}")
    return diagnosis


def ask_plugins(
    registry: Registry, run: Path, reporter: Reporter
) -> tuple[list[tuple[Entry, Diagnosis]], dict[str, str]]:
    """What the diagnostics of plugins that take a run say of one, with their defaults.

    Returns:
        Each that answers with its answer, and why others do not, by qualified name.
    """
    answers, unanswered = [], {}
    for entry in registry.entries("diagnostic"):
        if entry.record.takes == "run" and entry.plugin.name != "core":
            try:
                answers.append((entry, ask(registry, entry, entry.record.options(), run, reporter)))
            except LvmctlError as error:
                unanswered[entry.qualified] = str(error)
    return answers, unanswered
