"""The page: sections of runs as one HTML file that asks for nothing from elsewhere."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import lvmctl
from lvmctl.core.chunks import labelled
from lvmctl.core.formatting import count
from lvmctl.report.html import render
from lvmctl.report.inputs import Inputs
from lvmctl.report.overview import overview
from lvmctl.report.section import Missing, Section

POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
"""What the page may load: nothing but its own style."""


def page(parts: Sequence[tuple[Inputs, Sequence[Section | Missing]]]) -> str:
    """The page of some runs and their sections."""
    runs = [run for run, _ in parts]
    return render(
        "page.html",
        policy=POLICY,
        title=runs[0].name if len(runs) == 1 else f"{len(runs)} runs",
        overview=overview(runs),
        runs=[run_part(run, sections) for run, sections in parts],
        version=lvmctl.__version__,
    )


def run_part(run: Inputs, sections: Sequence[Section | Missing]) -> dict[str, Any]:
    """What the page says of one run."""
    notices = list(run.result["notices"])
    if run.result["partial"]:
        part = ", ".join(run.result["partial"])
        notices.append(f"a partial evaluation ({part}), not the run's own evaluation")
    return {
        "name": run.name,
        "key": run.key,
        "subject": subject(run),
        "notices": notices,
        "sections": [section for section in sections if isinstance(section, Section)],
        "missing": [section for section in sections if isinstance(section, Missing)],
    }


def subject(run: Inputs) -> str:
    """What was evaluated on what."""
    result = run.result
    text = (
        f"{labelled(run.row, result.get('reads', ()))} of class “{result['geometry']}” "
        f"on {count(result['windows'], 'window')} of "
        f"{count(result['articles'], 'article')} of {result['data']['val']['name']}, "
        f"K = {result['context']}, horizon {result['horizon']}."
    )
    if result["left_out"]:
        text += f" Baselines without training data: {', '.join(result['left_out'])}."
    return text
