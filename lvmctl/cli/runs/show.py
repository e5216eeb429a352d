"""``lvmctl runs show``: one run on a card."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping
from textwrap import wrap
from typing import Any

import click

from lvmctl.api.runs import METRIC_NAMES
from lvmctl.cli.choose_run import chosen_run
from lvmctl.cli.complete import run_names
from lvmctl.cli.output import emit, json_option
from lvmctl.core.chunks import labelled
from lvmctl.core.formatting import count, estimate, number, table

WIDTH, INDENT = 80, 15


@click.command()
@click.argument("run", required=False, shell_complete=run_names)
@json_option
def show(run: str | None, as_json: bool) -> None:
    """Show what a run trained on what, how it did, what is saved of it, and what to type next.

    Without a RUN: the run trained last.

    \b
    lvmctl runs show
    lvmctl runs show p8_c5_m0.07_20251104_222516 --json
    """
    from lvmctl.api.run_card import show_run

    record = show_run(chosen_run(run))
    record["next"] = list(next_commands(record))
    emit(record, "runs.show", as_json, lambda: "\n".join(card(record)))


def card(run: Mapping[str, Any]) -> Iterator[str]:
    """The lines of the card."""
    epochs = "" if run["epochs"] is None else f", {run['epoch']} of {count(run['epochs'], 'epoch')}"
    yield f"{run['name']}: {run['state']}{epochs}"
    for name, value in facts(run):
        yield from wrap(f"  {name:<{INDENT - 2}}{value}", WIDTH, subsequent_indent=" " * INDENT)
    if run["metrics"] is not None:
        yield ""
        row = labelled(run["recipe"], run["reads"])
        yield from metrics_table(run["metrics"], row).splitlines()
        yield f"from {run['metrics']['source']}; [...] is a 95 % interval"
    yield ""
    yield "next:"
    yield from (f"  {command}" for command in run["next"])


def facts(run: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Names and values of what is known."""
    if run["why"]:
        yield "why", run["why"]
    yield "where", f"{run['run']} ({size_text(run['bytes'])})"
    if run["recipe"]:
        package = f" ({run['package']})" if run["package"] else ""
        yield "recipe", f"{run['recipe']}{package}"
        if run["experiment"]:
            yield "experiment", run["experiment"]
        yield "model", str(run["model"])
        losses = run["losses"].items()
        yield "losses", " + ".join(f"{weight} × {name}" for name, weight in losses)
        options = run["options"].items()
        yield "options", ", ".join(f"{key} {value}" for key, value in options if value is not None)
        yield "data", run["data"]
    seconds = "" if run["seconds"] is None else f", in {run['seconds']:,.0f} s"
    yield "trained", f"{run['date'][:16].replace('T', ' ')}{seconds}"
    if best := run["best"]:
        yield "best epoch", f"{best['epoch']}, by {best['by']} {number(best['value'], 4)}"
    if run["best_model"] is not None:
        yield "weights", f"best_model.pt {size_text(run['best_model'])}"
    saved = [f"{each['name']} {size_text(each['bytes'])}" for each in run["checkpoints"]]
    yield "checkpoints", ", ".join(saved) or "none"
    results = [evaluation(each) for each in run["evaluations"]]
    if run["report"]:
        results.append(f"report.html{' of earlier results' * run['report_stale']}")
    yield "evaluations", ", ".join(results) or "none"


def evaluation(each: Mapping[str, Any]) -> str:
    """A saved result in a few words."""
    stale = ", of earlier weights" if each["stale"] else ""
    return f"{each['file']} ({each['profile']} {each['outcome']}{stale})"


def metrics_table(metrics: Mapping[str, Any], recipe: str) -> str:
    """Each metric beside that of ``direct``, with intervals where they are known."""
    rows = [
        (
            METRIC_NAMES[name],
            estimate(each["value"], each["ci"]),
            estimate(each["direct"], each["direct_ci"]),
        )
        for name, each in metrics.items()
        if name in METRIC_NAMES
    ]
    return table(("", recipe, "direct"), rows)


def size_text(size: int) -> str:
    """A size in KiB or MiB."""
    return f"{size / 2**20:,.1f} MiB" if size >= 2**20 else f"{size / 2**10:,.0f} KiB"


def next_commands(run: Mapping[str, Any]) -> Iterator[str]:
    """What to type next, for a run in this state."""
    name, state = shlex.quote(run["name"]), run["state"]
    measured = any(not each["stale"] for each in run["evaluations"] if not each["partial"])
    if state in ("interrupted", "failed"):
        yield f"lvmctl train --resume {name}"
    if state in ("diverged", "stopped", "failed") and run["epoch"]:
        yield f"lvmctl diagnose run {name}"
    if run["best_model"] is not None and state not in ("running", "broken"):
        if not measured:
            yield f"lvmctl eval 5cat {name}"
        elif run["report"] and not run["report_stale"]:
            yield f"lvmctl predict {name} --article 0"
        else:
            yield f"lvmctl eval report {name}"
    if state == "running":
        yield f"lvmctl runs show {name}"
    if state in ("never started", "broken", "diverged"):
        yield f"lvmctl runs remove {name}"
