"""What could be reached on this data at all, by which class of models (METHODS §2.7)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from math import isnan
from typing import TYPE_CHECKING, Any

from lvmctl.core.diagnosis import Diagnosis, Table
from lvmctl.core.formatting import number, signed
from lvmctl.core.reporter import Reporter
from lvmctl.data.splits.open import Splits
from lvmctl.data.windows import Windows
from lvmctl.diagnostics.data.reversal import reversed_split
from lvmctl.diagnostics.data.window_options import WindowOptions
from lvmctl.diagnostics.measuring import (
    CLASSES,
    ORACLES,
    fitted,
    metric_table_on,
    plain,
    shown,
    windows_of,
    with_ceilings,
)
from lvmctl.evaluation.gates.bounds import Estimate
from lvmctl.evaluation.metric_table import MetricTable

if TYPE_CHECKING:
    from matplotlib.figure import Figure

ROWS = ("direct", "centroid", "wiener", "ridge", "margin-max", *ORACLES.values())
MIRRORED = ("direct", "wiener", "ridge", "cone-oracle", "span-oracle")
PREVIOUS = ("last", "second_last", "unseen")
R5, MRR = "in_article.filtered.r@5", "in_article.filtered.mrr@10"
ROOM = ("cone-oracle", "direct", R5)


class Ceilings:
    """Cosines, margins and ranks that the best of each class reach, beside causal baselines.

    Oracles see the target. The mirror image of the target, x_{s-h}, is predicted from the same
    chunks read backward: what is reached there is reached without any arrow of time.
    """

    def __init__(self, options: WindowOptions) -> None:
        self.options = options

    def __call__(self, splits: Splits, reporter: Reporter) -> Diagnosis:
        train, val = windows_of(splits, self.options)
        metric_table = with_ceilings(self.measured(train, val, ROWS, reporter))
        mirror = self.mirror(splits, reporter)
        figures = figures_of(metric_table) | {"mirror": mirror and rows_of(mirror, MIRRORED)}
        top, room = metric_table.estimate("cone-oracle", "cos_next"), metric_table.difference(*ROOM)
        largest = metric_table.estimate("cone-margin-ceiling", "margin.last")
        direct = metric_table.estimate("direct", "cos_next")
        linear = metric_table.estimate("span-oracle", "cos_next")
        sentence = (
            f"Mixtures of the window reach cosine {number(top.value)} at most (direct has "
            f"{number(direct.value)}), linear combinations of it "
            f"{number(linear.value)}; no mixture's margin[last] "
            f"exceeds {signed(largest.value)} on average"
        )
        if room is not None:
            sentence += f", and the nearest one ranks R@5 {shown(room, signed=True)} above direct"
        verdict, change = judged(room)
        return Diagnosis(
            verdict,
            f"{sentence}.",
            figures,
            tables(metric_table, mirror),
            change,
            plot=lambda: drawn(metric_table),
        )

    def mirror(self, splits: Splits, reporter: Reporter) -> MetricTable | None:
        """The same on reversed articles; None for stores of windows, which have no other side."""
        if splits.train.separate or splits.val.separate:
            reporter.info("the mirror target is left out: a store of windows has none")
            return None
        train, val = reversed_split(splits.train), reversed_split(splits.val)
        both = windows_of(replace(splits, train=train, val=val), self.options)
        return self.measured(*both, MIRRORED, reporter)

    def measured(
        self, train: Windows, val: Windows, names: tuple[str, ...], reporter: Reporter
    ) -> MetricTable:
        """The predictors ``names`` on ``val``."""
        found = fitted(train, self.options, reporter, names)
        return metric_table_on(val, found, self.options, reporter)


def judged(room: Estimate | None) -> tuple[str, str]:
    """The verdict, and what would change it, where R@5 of the nearest mixture of the window is
    ``room`` above direct; None where no article is long enough to rank in."""
    if room is None:
        return "UNRANKED", "Longer articles, or a smaller --min-article, for ranks."
    if isnan(room.low):
        return "UNDECIDED", "More articles: one alone has no interval."
    return "ROOM" if room.low > 0 else "NO ROOM", (
        "Ask for what is below these ceilings: `lvmctl diagnose feasibility` says which gates are."
    )


def rows_of(metric_table: MetricTable, names: Iterable[str]) -> dict[str, Any]:
    """Figures of the predictors ``names`` as plain data."""
    paths = ("cos_next", R5, MRR, *(f"margin.{name}" for name in PREVIOUS))
    return {
        name: {path: plain(metric_table.estimate(name, path)) for path in paths}
        | {
            f"{path} - direct": plain(metric_table.difference(name, "direct", path))
            for path in (R5, MRR)
        }
        for name in names
    }


def figures_of(metric_table: MetricTable) -> dict[str, Any]:
    """Everything as plain data."""
    largest = {
        geometry: {
            name: plain(metric_table.estimate(f"{geometry}-margin-ceiling", f"margin.{name}"))
            for name in PREVIOUS
        }
        for geometry in CLASSES
    }
    return {
        "windows": len(metric_table.windows),
        "articles": len(metric_table.windows.split.articles),
        "predictors": rows_of(metric_table, ROWS),
        "largest_margin": largest,
    }


def tables(metric_table: MetricTable, mirror: MetricTable | None) -> tuple[Table, ...]:
    """For a reader."""
    reached = Table(
        ("", "cos_next", "R@5", "MRR@10", "R@5 - direct"),
        tuple(
            (
                name,
                shown(metric_table.estimate(name, "cos_next")),
                shown(metric_table.estimate(name, R5)),
                shown(metric_table.estimate(name, MRR)),
                shown(metric_table.difference(name, "direct", R5), signed=True),
            )
            for name in ROWS
        ),
        "Cosines and ranks; oracles see the target",
    )
    margins = Table(
        ("margin", "class", "largest", "at its cosine optimum"),
        tuple(
            (
                name,
                geometry,
                shown(
                    metric_table.estimate(f"{geometry}-margin-ceiling", f"margin.{name}"),
                    signed=True,
                ),
                shown(metric_table.estimate(ORACLES[geometry], f"margin.{name}"), signed=True),
            )
            for name in PREVIOUS
            for geometry in CLASSES
            if metric_table.estimate(f"{geometry}-margin-ceiling", f"margin.{name}")
        ),
        "Margins: the largest is reached at the cost of the cosine (METHODS §2.4, §2.7)",
    )
    if mirror is None:
        return reached, margins
    backward = Table(
        ("", "next chunk", "its mirror image"),
        tuple(
            (name, *(shown(each.estimate(name, "cos_next")) for each in (metric_table, mirror)))
            for name in MIRRORED
        ),
        "Cosine reached forward, and backward from the same chunks",
    )
    return reached, margins, backward


def drawn(metric_table: MetricTable) -> Figure:
    """Cosine and R@5 of each row with intervals."""
    from matplotlib.figure import Figure

    figure = Figure((6, 5), layout="constrained")
    for axes, path, label in zip(figure.subplots(2), ("cos_next", R5), ("cos_next", "R@5")):
        found = [(name, metric_table.estimate(name, path)) for name in reversed(ROWS)]
        found = [(name, one) for name, one in found if one]
        for y, (_, one) in enumerate(found):
            axes.plot([one.low, one.high], [y, y], color="black", linewidth=1)
            axes.plot([one.value], [y], "ko", markersize=4)
        axes.set_yticks(range(len(found)), [name for name, _ in found])
        axes.set_xlabel(label)
    return figure
