"""Charts as plotly draws them; lines differ by dash and marker, so that no colour is needed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import lvmctl

STYLES = (
    ("solid", "circle"),
    ("dash", "square-open"),
    ("dot", "diamond-open"),
    ("dashdot", "cross"),
    ("longdash", "triangle-up-open"),
    ("longdashdot", "x"),
)
MAX_EXTRA = 12
"""Charts of figures that only some recipes have."""


class Chart(NamedTuple):
    """A chart of a page.

    Attributes:
        key: its id on the page.
        title: what it shows.
        spec: traces and layout for plotly, plain data.
        caption: a sentence below it.
    """

    key: str
    title: str
    spec: dict[str, Any]
    caption: str = ""


def lines(
    key: str,
    title: str,
    series: Iterable[tuple[str, Sequence[Mapping[str, Any]], str]],
    caption: str = "",
) -> Chart | None:
    """Figures by epoch.

    Args:
        series: of each line its name, the records and the dotted path of the figure in them.

    Returns:
        None where no record has any of them.
    """
    traces: list[dict[str, Any]] = []
    for name, records, path in series:
        points = [
            (record["epoch"], value, interval(record, path))
            for record in records
            if (value := lvmctl.get_number(record, path)) is not None
        ]
        if not points:
            continue
        dash, symbol = STYLES[len(traces) % len(STYLES)]
        trace = {
            "type": "scatter",
            "mode": "lines+markers",
            "name": name,
            "x": [epoch for epoch, _, _ in points],
            "y": [value for _, value, _ in points],
            "line": {"dash": dash},
            "marker": {"symbol": symbol},
        }
        if any(ends for _, _, ends in points):
            trace["error_y"] = bars([(value, ends) for _, value, ends in points])
        traces.append(trace)
    if not traces:
        return None
    longest = max(trace["x"][-1] for trace in traces)
    # Few epochs have a tick each: there is none between two.
    ticks = {"dtick": 1} if longest <= 10 else {"tickformat": "d"}
    layout = {"xaxis": {"title": {"text": "epoch"}, **ticks}}
    return Chart(key, title, {"data": traces, "layout": layout}, caption)


def interval(record: Mapping[str, Any], path: str) -> list[float] | None:
    """The 95 % interval of a validation figure."""
    ends = (record.get("val") or {}).get("ci") or {}
    ends = ends.get(path.removeprefix("val.")) if path.startswith("val.") else None
    return ends if ends and None not in ends else None


def bars(points: Sequence[tuple[float, Sequence[float] | None]]) -> dict[str, Any]:
    """Error bars from values and the ends of their intervals."""
    return {
        "type": "data",
        "symmetric": False,
        "array": [ends[1] - value if ends else None for value, ends in points],
        "arrayminus": [value - ends[0] if ends else None for value, ends in points],
        "width": 3,
        "thickness": 1,
    }


def training_charts(records: Sequence[Mapping[str, Any]]) -> list[Chart]:
    """The curves of a run from its ``training_history.json``."""
    predictors = [("this run", "val.{}"), ("direct", "val.direct.{}"), ("chance", "val.chance_{}")]

    def against_direct(key: str, title: str, name: str) -> Chart | None:
        series = [(who, records, path.format(name)) for who, path in predictors]
        return lines(key, title, series)

    margins = [(f"to the {name.replace('_', ' ')} chunk", records, f"val.margin.{name}")
               for name in ("last", "second_last", "unseen")]  # fmt: skip
    charts = [
        against_direct("r5", "R@5 in the article", "r@5"),
        against_direct("mrr", "MRR@10 in the article", "mrr@10"),
        lines("loss", "Loss", [(side, records, f"{side}.loss") for side in ("train", "val")]),
        against_direct("cosine", "Cosine to the next chunk", "cos_next"),
        lines("margin", "Margin of the next chunk", margins),
        *extra_charts(records),
    ]
    return [chart for chart in charts if chart is not None]


def extra_charts(records: Sequence[Mapping[str, Any]]) -> list[Chart | None]:
    """What only some recipes have: parts of the loss, α, λ, order accuracy and the like."""
    names = dict.fromkeys(
        name
        for record in records
        for name, value in (record.get("train") or {}).items()
        if isinstance(value, int | float) and name != "loss"
    )
    shown = list(names)[:MAX_EXTRA]
    return [
        lines(
            f"extra-{name}", name, [(side, records, f"{side}.{name}") for side in ("train", "val")]
        )
        for name in shown
    ]


def difference_chart(
    key: str, title: str, rows: Sequence[tuple[str, float | None, Sequence[float] | None]]
) -> Chart:
    """Differences with their intervals, one row each, beside the line of no difference."""
    known = [(name, value, ends) for name, value, ends in rows if value is not None]
    trace = {
        "type": "scatter",
        "mode": "markers",
        "x": [value for _, value, _ in known],
        "y": [name for name, _, _ in known],
        "error_x": bars([(value, ends) for _, value, ends in known]),
        "marker": {"symbol": "circle", "size": 9},
        "showlegend": False,
    }
    layout = {
        "xaxis": {
            "zeroline": True,
            "rangemode": "tozero",
            "title": {"text": "difference"},
        },
        "yaxis": {"autorange": "reversed", "type": "category"},
        "height": 110 + 34 * len(known),
    }
    return Chart(key, title, {"data": [trace], "layout": layout})
