"""``lvmctl runs list``: what was trained here."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from lvmctl.cli.complete import records
from lvmctl.cli.output import emit, json_option
from lvmctl.core.chunks import labelled
from lvmctl.core.errors import RunError
from lvmctl.core.formatting import MISSING, estimate, number, paragraph, table
from lvmctl.core.run_directory import ROOT

if TYPE_CHECKING:
    from lvmctl.api.runs import RunSummary

NAME_WIDTH = 31
"""Columns of a name; a longer one has a line of its own."""

LEGEND = """\
R@5: how often the true chunk is among the 5 best of its article, at the best
epoch; [...] is its 95 % interval; direct: the same of the last chunk.
`lvmctl runs show NAME` has more; NAME may be cut short."""


@click.command("list")
@click.option(
    "--dir",
    "root",
    type=click.Path(path_type=Path),
    default=str(ROOT),
    show_default=True,
    metavar="DIR",
    help="Where to look.",
)
@click.option(
    "--recipe", metavar="RECIPE", shell_complete=records("recipe"), help="Only runs of this recipe."
)
@json_option
def list_(root: Path, recipe: str | None, as_json: bool) -> None:
    """List the runs in runs/ with their states and main metrics, the one trained last first.

    Trials of sweeps are listed too, and what is broken or no run.

    \b
    lvmctl runs list
    lvmctl runs list --recipe p8 --json
    lvmctl runs list --dir results/
    """
    from lvmctl.api.runs import list_runs

    if root != ROOT and not root.is_dir():
        raise RunError("no such directory", where=root, hint="name one that has runs with --dir")
    runs = list_runs(root, recipe)
    emit(
        {"directory": root, "runs": [run.to_dict() for run in runs]},
        "runs.list",
        as_json,
        lambda: listing(runs) if runs else nothing(root, recipe),
    )


def nothing(root: Path, recipe: str | None) -> str:
    """What to type where no run is."""
    what = "no run" if recipe is None else f"no run of {recipe}"
    return f"{what} in {root}/; train one: lvmctl train --plugin {recipe or 'plain'}"


def listing(runs: Sequence[RunSummary]) -> str:
    """Two rows for each run, and what the columns mean."""
    header = ("NAME", "STATE", "R@5", "DIRECT")
    rows = [row for run in runs for row in rows_of(run)]
    lines = table(header, rows).splitlines()
    for number_, run in reversed(list(enumerate(runs))):
        if reason_is_long(run):
            lines[3 + 2 * number_ : 3 + 2 * number_] = paragraph(f"  {run.why}", "  ").splitlines()
        if len(run.name) > NAME_WIDTH:
            lines.insert(1 + 2 * number_, run.name)
    return "\n".join([*lines, "", LEGEND])


def rows_of(run: RunSummary) -> list[tuple[str, ...]]:
    """Name, state and metrics of a run; below them what was trained, and when."""
    name = run.name if len(run.name) <= NAME_WIDTH else ""
    what = "" if reason_is_long(run) else run.why or ""
    if run.recipe is not None:
        what = f"{labelled(run.recipe, run.reads)} on {short_data(run.data)}"
    date = time.strftime("%Y-%m-%d %H:%M", time.localtime(run.date))
    value, direct = retrieval(run.metrics)
    return [(name, state_text(run), value, direct), (clipped(f"  {what}"), date, "", "")]


def reason_is_long(run: RunSummary) -> bool:
    """Whether what is wrong with a run needs lines of its own."""
    return run.recipe is None and len(run.why or "") > NAME_WIDTH - 2


def state_text(run: RunSummary) -> str:
    """``finished``, or ``interrupted 3/20``: the state, and how many epochs are trained."""
    whole = run.epoch is None or run.state in ("finished", "never started")
    return run.state if whole else f"{run.state} {run.epoch}/{run.epochs}"


def retrieval(metrics: Any) -> tuple[str, str]:
    """R@5 with its interval, and that of ``direct``."""
    metric = (metrics or {}).get("r@5")
    if metric is None:
        return MISSING, MISSING
    return estimate(metric["value"], metric["ci"]), number(metric["direct"])


def short_data(data: str | None) -> str:
    """Data without the directories it lies in, and without the details of a synthetic world."""
    parts = (data or "").split(" + ")
    return "+".join(part.partition("?")[0].rstrip("/").rpartition("/")[2] for part in parts)


def clipped(text: str) -> str:
    """``text`` in the width of a name."""
    return text if len(text) <= NAME_WIDTH else f"{text[: NAME_WIDTH - 1]}…"
