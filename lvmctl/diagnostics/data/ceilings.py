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
    plain,
    sheet_on,
    shown,
    windows_of,
    with_ceilings,
)
from lvmctl.evaluation.gates.bounds import Figure as Measured
from lvmctl.evaluation.metric_table import Sheet

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
        sheet = with_ceilings(self.measured(train, val, ROWS, reporter))
        mirror = self.mirror(splits, reporter)
        figures = figures_of(sheet) | {"mirror": mirror and rows_of(mirror, MIRRORED)}
        top, room = sheet.figure("cone-oracle", "cos_next"), sheet.difference(*ROOM)
        largest = sheet.figure("cone-margin-ceiling", "margin.last")
        direct = sheet.figure("direct", "cos_next")
        sentence = (
            f"Mixtures of the window reach cosine {number(top.value)} at most (direct has "
            f"{number(direct.value)}), linear combinations of it "
            f"{number(sheet.figure('span-oracle', 'cos_next').value)}; no mixture's margin[last] "
            f"exceeds {signed(largest.value)} on average"
        )
        if room is not None:
            sentence += f", and the nearest one ranks R@5 {shown(room, signed=True)} above direct"
        verdict, change = judged(room)
        return Diagnosis(
            verdict,
            f"{sentence}.",
            figures,
            tables(sheet, mirror),
            change,
            plot=lambda: drawn(sheet),
        )

    def mirror(self, splits: Splits, reporter: Reporter) -> Sheet | None:
        """The same on reversed articles; None for stores of windows, which have no other side."""
        if splits.train.separate or splits.val.separate:
            reporter.info("the mirror target is left out: a store of windows has none")
            return None
        train, val = reversed_split(splits.train), reversed_split(splits.val)
        both = windows_of(replace(splits, train=train, val=val), self.options)
        return self.measured(*both, MIRRORED, reporter)

    def measured(
        self, train: Windows, val: Windows, names: tuple[str, ...], reporter: Reporter
    ) -> Sheet:
        """The predictors ``names`` on ``val``."""
        found = fitted(train, self.options, reporter, names)
        return sheet_on(val, found, self.options, reporter)


def judged(room: Measured | None) -> tuple[str, str]:
    """The verdict, and what would change it, where R@5 of the nearest mixture of the window is
    ``room`` above direct; None where no article is long enough to rank in."""
    if room is None:
        return "UNRANKED", "Longer articles, or a smaller --min-article, for ranks."
    if isnan(room.low):
        return "UNDECIDED", "More articles: one alone has no interval."
    return "ROOM" if room.low > 0 else "NO ROOM", (
        "Ask for what is below these ceilings: `lvmctl diagnose feasibility` says which gates are."
    )


def rows_of(sheet: Sheet, names: Iterable[str]) -> dict[str, Any]:
    """Figures of the predictors ``names`` as plain data."""
    paths = ("cos_next", R5, MRR, *(f"margin.{name}" for name in PREVIOUS))
    return {
        name: {path: plain(sheet.figure(name, path)) for path in paths}
        | {f"{path} - direct": plain(sheet.difference(name, "direct", path)) for path in (R5, MRR)}
        for name in names
    }


def figures_of(sheet: Sheet) -> dict[str, Any]:
    """Everything as plain data."""
    largest = {
        geometry: {
            name: plain(sheet.figure(f"{geometry}-margin-ceiling", f"margin.{name}"))
            for name in PREVIOUS
        }
        for geometry in CLASSES
    }
    return {
        "windows": len(sheet.windows),
        "articles": len(sheet.windows.split.articles),
        "predictors": rows_of(sheet, ROWS),
        "largest_margin": largest,
    }


def tables(sheet: Sheet, mirror: Sheet | None) -> tuple[Table, ...]:
    """For a reader."""
    reached = Table(
        ("", "cos_next", "R@5", "MRR@10", "R@5 - direct"),
        tuple(
            (
                name,
                shown(sheet.figure(name, "cos_next")),
                shown(sheet.figure(name, R5)),
                shown(sheet.figure(name, MRR)),
                shown(sheet.difference(name, "direct", R5), signed=True),
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
                shown(sheet.figure(f"{geometry}-margin-ceiling", f"margin.{name}"), signed=True),
                shown(sheet.figure(ORACLES[geometry], f"margin.{name}"), signed=True),
            )
            for name in PREVIOUS
            for geometry in CLASSES
            if sheet.figure(f"{geometry}-margin-ceiling", f"margin.{name}")
        ),
        "Margins: the largest is reached at the cost of the cosine (METHODS §2.4, §2.7)",
    )
    if mirror is None:
        return reached, margins
    backward = Table(
        ("", "next chunk", "its mirror image"),
        tuple(
            (name, *(shown(each.figure(name, "cos_next")) for each in (sheet, mirror)))
            for name in MIRRORED
        ),
        "Cosine reached forward, and backward from the same chunks",
    )
    return reached, margins, backward


def drawn(sheet: Sheet) -> Figure:
    """Cosine and R@5 of each row with intervals."""
    from matplotlib.figure import Figure

    figure = Figure((6, 5), layout="constrained")
    for axes, path, label in zip(figure.subplots(2), ("cos_next", R5), ("cos_next", "R@5")):
        found = [(name, sheet.figure(name, path)) for name in reversed(ROWS)]
        found = [(name, one) for name, one in found if one]
        for y, (_, one) in enumerate(found):
            axes.plot([one.low, one.high], [y, y], color="black", linewidth=1)
            axes.plot([one.value], [y], "ko", markersize=4)
        axes.set_yticks(range(len(found)), [name for name, _ in found])
        axes.set_xlabel(label)
    return figure
