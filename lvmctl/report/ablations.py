"""5CAT C: what a prediction loses when its window is perturbed."""

from __future__ import annotations

from typing import Any

from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from lvmctl.core.tree import get
from lvmctl.report.drawing import RUN, canvas, in_style, legend, side_by_side
from lvmctl.report.inputs import Inputs
from lvmctl.report.numbers import points, with_interval
from lvmctl.report.section import Missing, Section, plotted

TITLE = "C: ablations"
PERTURBED = {
    "shuffled": "shuffled",
    "reversed": "reversed",
    "leave_one_out": "one chunk\nleft out",
    "padded": "copies of\nthe last",
    "replaced": "last chunk\nforeign",
}
BESIDE = ("direct", "wiener", "ridge")
HEIGHT = 0.2
"""Of a bar."""

COSINE, RANKED = "ablations", "ablations.mrr@10"
"""Where changes are: in cos(q, target) and, of a run with its own score, in MRR@10."""


def section(run: Inputs) -> Section | Missing:
    if not run.metrics.get("ablations"):
        return Missing(TITLE, "the windows of this data cannot be perturbed")
    trees = {name: tree for name, tree in run.beside(*BESIDE).items() if tree.get("ablations")}
    where, what = COSINE, "cos(q, target)"
    if get(run.metrics, RANKED):
        where, what = RANKED, "MRR@10"
    shuffled = with_interval(run.metrics, f"{where}.shuffled")
    alone = f"In cos(q, target): {with_interval(run.metrics, f'{COSINE}.shuffled')}."
    return plotted(
        run,
        "ablations",
        TITLE,
        draw({name: get(tree, where, {}) for name, tree in trees.items()}, what),
        f"Change in {what} when the window of {run.row} is perturbed; shuffled {shuffled}",
        f"Change in {what} when the window is perturbed: below 0, what was perturbed was "
        "used. direct reads the last chunk alone, and loses most when that is foreign.",
        f"{run.row}, shuffled: {shuffled}.",
        *([alone] if where == RANKED else []),
    )


@in_style
def draw(changes: dict[str, Any], what: str) -> Figure:
    """Bars with intervals, by what was done to the window, of ``changes`` by predictor, the run
    first, in the figure ``what``.
    """
    kinds = [kind for kind in PERTURBED if any(kind in tree for tree in changes.values())]
    figure, (axes,) = canvas(70 + 62 * len(kinds))
    for name, tree, look, away in side_by_side(changes, HEIGHT):
        rows, values, low, high = points(tree, kinds)
        axes.barh(
            rows + away,
            values,
            HEIGHT * 0.85,
            facecolor="#999999" if look is RUN else "white",
            edgecolor=look.color,
            hatch=look.hatch,
            label=name,
        )
        axes.hlines(rows + away, low, high, color="black", linewidth=1.4)
    axes.axvline(0, color="black", linewidth=0.9)
    axes.set_yticks(range(len(kinds)), [PERTURBED[kind] for kind in kinds])
    axes.invert_yaxis()
    axes.grid(False, axis="y")
    axes.xaxis.set_major_locator(MaxNLocator(5))
    axes.set_xlabel(f"change in {what}")
    legend(figure, axes, columns=4)
    return figure
