"""What could be reached on this data at all, by which class of models
(docs/methods.md#ceilings)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from lvmctl.core.diagnosis import Diagnosis, Table
from lvmctl.core.files import jsonable
from lvmctl.core.formatting import number
from lvmctl.core.reporter import Reporter
from lvmctl.data.splits.open import Splits
from lvmctl.diagnostics.data.arrow.predictability import reversed_split
from lvmctl.diagnostics.estimates import estimates_table, format_estimate
from lvmctl.diagnostics.measuring import CLASSES, R5, ceiling_name, measure
from lvmctl.diagnostics.records import WindowOptions
from lvmctl.evaluation.gates.bounds import Estimate
from lvmctl.evaluation.metric_table import MetricTable

if TYPE_CHECKING:
    from matplotlib.figure import Figure

ORACLES = {"unit": "oracle", "span": "span-oracle", "cone": "cone-oracle"}
"""The cosine optimum of each class, which sees the target."""
ROWS = ("direct", "centroid", "wiener", "ridge", "margin-max", *ORACLES.values())
MIRRORED = ("direct", "wiener", "ridge", "cone-oracle", "span-oracle")
PREVIOUS = ("last", "second_last", "unseen")
MRR = "in_article.filtered.mrr@10"
GAIN = f"{R5} - direct"

LEGEND = """Oracles see the target: oracle is the target itself, span-oracle the nearest linear \
combination of the window, cone-oracle the nearest mixture. direct is the last chunk, wiener and \
ridge are fitted, margin-max is what a margin alone rewards. 95 % intervals resample articles."""


class Ceilings:
    """Cosines, margins and ranks that the best of each class reach, beside causal baselines.

    Oracles see the target. The mirror image of the target, x_{s-h}, is predicted from the same
    chunks read backward: what is reached there is reached without any arrow of time.
    """

    def __init__(self, options: WindowOptions) -> None:
        self.options = options

    def __call__(self, splits: Splits, reporter: Reporter) -> Diagnosis:
        """Measure forward and, unless the store holds separate windows, backward."""
        table = measure(splits, self.options, reporter, ROWS, ceilings=True)
        figures = {
            "windows": len(table.windows),
            "articles": len(table.windows.split.articles),
            "predictors": rows_of(table, ROWS),
            "largest_margin": {
                geometry: {
                    name: record(table.estimate(ceiling_name(geometry), f"margin.{name}"))
                    for name in PREVIOUS
                }
                for geometry in CLASSES
            },
            "mirror": self.mirror(splits, reporter),
        }
        rows = figures["predictors"]
        cosines = {name: number(row["cos_next"]["value"]) for name, row in rows.items()}
        sentence = (
            f"Mixtures of the window reach cosine {cosines['cone-oracle']} at most (direct has "
            f"{cosines['direct']})"
        )
        gain = rows["cone-oracle"][GAIN]
        if gain is not None:
            above = format_estimate(gain, signed=True)
            sentence += f", and the nearest one ranks R@5 {above} above direct"
        verdict, change = judge(gain)
        return Diagnosis(
            verdict,
            f"{sentence}.",
            figures,
            tables(figures),
            change,
            plot=lambda: plot_predictors(rows),
        )

    def mirror(self, splits: Splits, reporter: Reporter) -> dict[str, Any] | None:
        """The same on reversed articles; None for stores of windows, which have no other side."""
        if splits.train.separate or splits.val.separate:
            reporter.info("the mirror target is left out: a store of windows has none")
            return None
        train, val = reversed_split(splits.train), reversed_split(splits.val)
        backward = replace(splits, train=train, val=val)
        return rows_of(measure(backward, self.options, reporter, MIRRORED), MIRRORED)


def judge(gain: dict[str, Any] | None) -> tuple[str, str]:
    """The verdict, and what would change it, from R@5 of the nearest mixture of the window above
    direct's; None where no article is long enough to rank in."""
    if gain is None:
        return "UNRANKED", "Longer articles, or a smaller --min-article, for ranks."
    low, high = gain["ci"]
    if low is None:
        return "UNDECIDED", "More articles: one alone has no interval."
    if low <= 0 < high:
        return "UNDECIDED", "More articles: the interval of R@5 above direct holds both answers."
    return "ROOM" if low > 0 else "NO ROOM", (
        "Ask for what is below these ceilings: `lvmctl diagnose feasibility` says which gates are."
    )


def rows_of(table: MetricTable, names: Iterable[str]) -> dict[str, Any]:
    """Figures of the predictors ``names`` as plain data."""
    paths = ("cos_next", R5, MRR, *(f"margin.{name}" for name in PREVIOUS))
    return {
        name: {path: record(table.estimate(name, path)) for path in paths}
        | {f"{p} - direct": record(table.difference(name, "direct", p)) for p in (R5, MRR)}
        for name in names
    }


def record(estimate: Estimate | None) -> dict[str, Any] | None:
    """``value`` and ``ci`` as plain data, None where there is no estimate."""
    return jsonable(estimate and estimate.record())


def tables(figures: dict[str, Any]) -> tuple[Table, ...]:
    """Cosines and ranks, margins, and cosines read backward."""
    rows, mirror = figures["predictors"], figures["mirror"]
    reached = tuple(
        (
            name,
            format_estimate(row["cos_next"]),
            *(number(row[path] and row[path]["value"]) for path in (R5, MRR)),
            format_estimate(row[GAIN], signed=True),
        )
        for name, row in rows.items()
    )
    margins = tuple(
        (
            name,
            geometry,
            format_estimate(figures["largest_margin"][geometry][name], signed=True),
            format_estimate(rows[ORACLES[geometry]][f"margin.{name}"], signed=True),
        )
        for name in PREVIOUS
        for geometry in CLASSES
        if figures["largest_margin"][geometry][name]
    )
    header = ("", "cos_next", "R@5", "MRR@10", "R@5 - direct")
    made = (
        Table(header, reached, "Cosines and ranks", LEGEND),
        Table(
            ("margin", "class", "largest", "at its cosine optimum"),
            margins,
            "Margins of each class",
            "The largest is reached at the cost of the cosine (docs/methods.md#escape, #ceilings).",
            detail=True,
        ),
    )
    if mirror is None:
        return made
    both = {
        name: {"next chunk": rows[name]["cos_next"], "its mirror image": mirror[name]["cos_next"]}
        for name in MIRRORED
    }
    note = "The mirror image is predicted from the same chunks read backward."
    return *made, estimates_table(both, "Cosine forward and backward", note)


def plot_predictors(rows: dict[str, Any]) -> Figure:
    """Cosine and R@5 of each predictor with intervals."""
    from matplotlib.figure import Figure

    figure = Figure((6, 5), layout="constrained")
    for axes, path, label in zip(figure.subplots(2), ("cos_next", R5), ("cos_next", "R@5")):
        records = {name: rows[name][path] for name in reversed(ROWS) if rows[name][path]}
        for y, record in enumerate(records.values()):
            ends = [float("nan") if end is None else end for end in record["ci"]]
            axes.plot(ends, [y, y], color="black", linewidth=1)
            axes.plot([record["value"]], [y], "ko", markersize=4)
        axes.set_yticks(range(len(records)), list(records))
        axes.set_xlabel(label)
    return figure
