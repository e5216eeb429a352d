"""What plugins' diagnostics of runs draw: a section each."""

from __future__ import annotations

from collections.abc import Iterator

from lvmctl.core.reporter import Reporter
from lvmctl.registry import load_registry
from lvmctl.registry.run_diagnostics import ask_plugins
from lvmctl.report.drawing import in_style
from lvmctl.report.inputs import Inputs
from lvmctl.report.section import Missing, Section, plotted


def sections(run: Inputs, reporter: Reporter) -> Iterator[Section | Missing]:
    """A section for each diagnosis of ``run`` that has a plot, with its sentence.

    A diagnostic that fails is named among what is missing.
    """
    answers, unanswered = ask_plugins(load_registry(), run.run.path, reporter)
    for entry, diagnosis in answers:
        if diagnosis.plot is not None:
            figure = in_style(diagnosis.plot)()
            title = entry.record.summary.rstrip(".")
            paragraphs = [diagnosis.sentence, *([diagnosis.change] if diagnosis.change else [])]
            yield plotted(run, entry.name, title, figure, diagnosis.sentence, *paragraphs)
    for name, why in unanswered.items():
        yield Missing(f"Diagnostic {name}", why)
