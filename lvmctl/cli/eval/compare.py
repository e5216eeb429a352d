"""``lvmctl eval compare``: runs and baselines in one table, differences, and who may ship."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import redirect_stdout
from typing import Any

import click

from lvmctl.cli.eval.fivecat import gates_table
from lvmctl.cli.eval.options import data_options
from lvmctl.cli.output import emit, json_option
from lvmctl.cli.reporter import Terminal
from lvmctl.core.formatting import figure, interval, number, p_value, table

FIGURES = {
    "in_article.filtered.r@1": "R@1",
    "in_article.filtered.r@5": "R@5",
    "in_article.filtered.mrr@10": "MRR@10",
    "global.filtered.r@10": "global R@10",
    "cos_next": "cos_next",
    "margin.last": "margin[last]",
    "margin.unseen": "margin[unseen]",
}


@click.command()
@click.argument("runs", nargs=-1)
@click.option(
    "--against",
    default="direct",
    show_default=True,
    metavar="BASELINE",
    help="What the differences are taken to.",
)
@data_options
@json_option
def compare(runs: tuple[str, ...], against: str, as_json: bool, **asked: Any) -> None:
    """Compare RUNS (the latest when none is named) with each other and with the baselines.

    All are measured on the same targets. Differences are taken window by window, their intervals
    resample articles. The profile `ship`, where a plugin has it, says who may replace what is in
    use. Exit code 1 when every run fails it.

    \b
    lvmctl eval compare runs/p8_a runs/p8_b
    lvmctl eval compare runs/p8_a --against wiener --data stores/books@val
    """
    from lvmctl.evaluation.compare import compare as run_compare
    from lvmctl.evaluation.eval_data import Asked
    from lvmctl.registry import load_registry

    with redirect_stdout(sys.stderr):
        done = run_compare(load_registry(), runs or (None,), against, Asked(**asked), Terminal())
        found = done.to_dict()
    emit(found, "eval.compare", as_json, lambda: "\n".join(text(found)))
    if all(one.ship is not None and one.ship.failed for one in done.runs):
        raise click.exceptions.Exit(1)


def text(found: dict[str, Any]) -> Iterator[str]:
    """The table, then each run's differences, latency and verdict."""
    val = found["data"]["val"]
    yield (
        f"{found['windows']:,} targets of {found['articles']:,} articles of {val['name']}, ranked "
        "among the chunks of the article outside the window"
    )
    yield ""
    names = sorted(found["predictors"], key=lambda name: name not in found["runs"])  # runs first
    rows = [
        [name, *(figure(found["predictors"][name], path)[0] for path in FIGURES)] for name in names
    ]
    yield table(["", *FIGURES.values()], rows)
    for name, run in found["runs"].items():
        yield ""
        yield f"{name} minus {found['against']} (K = {run['context']}, horizon {run['horizon']})"
        yield table(
            ["", "difference", "95 %", "p"],
            [
                [shown(path), number(d["value"]), interval(d["ci"]), p_value(d["p"])]
                for path, d in run["differences"].items()
            ],
        )
        yield from latency_lines(run["latency"])
        if run["ship"] is None:
            yield "ship: not judged, no plugin that is installed has this profile"
        else:
            yield gates_table({"verdict": run["ship"]})
            yield f"ship: {run['ship']['outcome']}"


def shown(path: str) -> str:
    """A figure's name for a reader."""
    return FIGURES.get(path, path.rpartition(".")[2].upper())


def latency_lines(times: dict[str, Any]) -> Iterator[str]:
    """Milliseconds per call, by batch."""
    for batch in ("batch_1", "batch_256"):
        shown = ", ".join(
            f"{who} {each['p50']:.2f} (p95 {each['p95']:.2f})" for who, each in times[batch].items()
        )
        yield f"latency, ms per batch of {batch.removeprefix('batch_')}: {shown}"
