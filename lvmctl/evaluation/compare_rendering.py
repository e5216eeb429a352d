"""A comparison of runs as tables for a reader."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from lvmctl.core.formatting import (
    count,
    estimate,
    few_articles,
    interval,
    metric_cells,
    number,
    p_value,
    paragraph,
    table,
)
from lvmctl.evaluation.fivecat.rendering import conclusion, gates_table, reasons
from lvmctl.evaluation.rendering import inputs, label, with_q

FIGURES = {
    "in_article.filtered.r@1": "R@1",
    "in_article.filtered.r@5": "R@5",
    "in_article.filtered.mrr@10": "MRR@10",
    "global.filtered.r@10": "global R@10",
    "cos_next": "cos_next",
    "margin.last": "margin[last]",
    "margin.unseen": "margin[unseen]",
}

DECIDING = ("in_article.filtered.mrr@10", "cos_next")
"""What says which direction is read better."""

COLUMNS = tuple(path for path in FIGURES if not path.startswith("margin"))
"""What the table of all predictors shows; differences show the margins, too."""


def compare_lines(result: dict[str, Any]) -> Iterator[str]:
    """The table, then each run's differences, latency and verdict."""
    val = result["data"]["val"]
    yield paragraph(
        f"{count(result['windows'], 'target')} of {count(result['articles'], 'article')} of "
        f"{val['name']}, ranked among the chunks of the article outside the window "
        f"({count(result['window'], 'chunk')})",
    )
    if warning := few_articles(result["articles"]):
        yield paragraph(warning)
    if any(run["context"] < result["window"] for run in result["runs"].values()):
        yield paragraph(
            "Each run reads its own newest K chunks of the window; baselines in the table read all "
            "of it, each difference is to the baseline that reads as much as the run."
        )
    longest = max(result["runs"].values(), key=lambda run: run["context"])
    if len({run["direction"] for run in result["runs"].values()}) > 1:
        yield paragraph(
            f"Baselines in the table read {longest['direction']}, each difference is to the "
            "baseline that reads as the run does."
        )
    yield ""
    names = sorted(result["predictors"], key=lambda name: name not in result["runs"])  # runs first
    trees = {name: result["predictors"][name] for name in names}
    rows = [[name, *(metric_cells(t, path)[0] for path in COLUMNS)] for name, t in with_q(trees)]
    yield table(["", *(FIGURES[path] for path in COLUMNS)], rows)
    if len(result["runs"]) > 1 and result["against"] not in result["runs"]:
        first = next(iter(result["runs"]))
        yield ""
        yield paragraph(
            f"Differences below are to {result['against']}; with `--against {first}`, `lvmctl eval "
            "compare` holds the runs against each other."
        )
    for name, run in result["runs"].items():
        yield ""
        how = ", read backward" if run["direction"] == "backward" else ""
        shape = f"K = {run['context']}, horizon {run['horizon']}{how}"
        who = label(name, run)
        if name == result["against"]:
            yield paragraph(f"{who} ({shape})")
        else:
            yield paragraph(f"{who} minus {result['against']} ({shape})")
            yield differences_table(run["differences"])
        yield from latency_lines(run["latency"])
        if run["ship"] is None:
            yield "ship: not judged, no plugin that is installed has this profile"
        else:
            yield gates_table(run["ship"])
            yield from reasons(run["ship"])
            yield from conclusion(run["ship"])
            yield inputs(run["reads"])
    for pair in result["directions"]:
        yield ""
        yield paragraph(
            f"{pair['forward']} minus {pair['backward']}, which reads backward: {easier(pair)}"
        )
        yield differences_table(pair["differences"])


def differences_table(differences: dict[str, Any]) -> str:
    """A row for each metric, with the p value where there is one."""
    tested = any("p" in each for each in differences.values())
    rows = [
        [shown(path), number(d["value"]), interval(d["ci"]), *([p_value(d["p"])] if tested else [])]
        for path, d in differences.items()
    ]
    return table(["", "difference", "95 %", *(["p"] if tested else [])], rows)


def easier(pair: dict[str, Any]) -> str:
    """Which direction of reading a pair of runs predicts better, by the first of
    :data:`DECIDING` that both have."""
    for path in DECIDING:
        if path in pair["differences"]:
            low, high = pair["differences"][path]["ci"]
            way = "forward" if low > 0 else "backward" if high < 0 else "neither way clearly"
            return f"{way} better by {shown(path)}, paired by article"
    return "paired by article"


def shown(path: str) -> str:
    """A metric's name for a reader."""
    return FIGURES.get(path, path.rpartition(".")[2].upper())


def latency_lines(times: dict[str, Any]) -> Iterator[str]:
    """Milliseconds per call, by batch."""
    for batch in ("batch_1", "batch_256"):
        shown = ", ".join(
            f"{who} {each['p50']:.2f} (p95 {each['p95']:.2f})" for who, each in times[batch].items()
        )
        yield paragraph(f"latency, ms per batch of {batch.removeprefix('batch_')}: {shown}", "  ")
    ratio = estimate(times["ratio"], times["ratio_ci"])
    yield paragraph(f"latency, times that of the {times['reference']}: {ratio}", "  ")
