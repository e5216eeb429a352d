"""How plots look: black on white, distinct by line and marker as well as by colour.

Widths are those of a telephone, so that text is as large there as it was drawn; on a larger screen
the plot grows.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple
from xml.etree import ElementTree

from matplotlib import style
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from lvmctl.report.html import Html

POINTS = 72
WIDTH = 360
"""Of every plot, in units of its text size."""

STYLE = {
    "axes.facecolor": "none",
    "axes.grid": True,
    "axes.labelsize": 10.5,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "figure.facecolor": "none",
    "font.family": "sans-serif",
    # The first comes with matplotlib, the second is as wide.
    "font.sans-serif": ["DejaVu Sans", "Verdana", "Arial"],
    "font.size": 10.5,
    "grid.color": "#d0d0d0",
    "grid.linewidth": 0.6,
    "hatch.linewidth": 0.8,
    "legend.fontsize": 10,
    "legend.frameon": False,
    "lines.linewidth": 1.6,
    "lines.markersize": 5,
    "savefig.facecolor": "none",
    "svg.fonttype": "none",
    "svg.hashsalt": "lvmctl",
    "text.parse_math": False,
    "xtick.labelsize": 10,
    "ytick.labelsize": 10,
}

in_style = style.context(["default", STYLE])
"""Decorates what draws: its plots do not depend on the user's own matplotlib settings."""


class Look(NamedTuple):
    """How a predictor is drawn: its colour (Okabe and Ito's palette), line, marker and hatch."""

    color: str
    line: str | tuple
    marker: str
    hatch: str = ""

    def plot(self, axes: Axes, x: ArrayLike, y: ArrayLike, label: str, **details: object) -> None:
        """A line with markers."""
        style = {"color": self.color, "linestyle": self.line, "marker": self.marker}
        axes.plot(x, y, label=label, markerfacecolor=self.inside, **style | details)

    @property
    def inside(self) -> str:
        """Of its markers: only the run's are full."""
        return self.color if self is RUN else "white"


RUN = Look("black", "-", "o")
DIRECT = Look("#0072B2", "--", "s", "////")
CENTROID = Look("#E69F00", ":", "^")
WIENER = Look("#009E73", "-.", "D", "xxx")
RIDGE = Look("#D55E00", (0, (6, 1, 1, 1, 1, 1)), "v", "\\\\\\\\")
CEILING = Look("#A0527A", (0, (2, 1)), "x")
CHANCE = Look("#666666", (0, (1, 2)), "")

BASELINES = {"direct": DIRECT, "centroid": CENTROID, "wiener": WIENER, "ridge": RIDGE}


def side_by_side(trees: Mapping[Any, Any], step: float) -> Iterator[tuple[Any, Any, Look, float]]:
    """Name, figures and look of each predictor, the run first, and how far it stands beside where
    it would stand alone, ``step`` from the next."""
    looks, middle = BASELINES | {"ceiling": CEILING}, (len(trees) - 1) / 2
    for number, (name, tree) in enumerate(trees.items()):
        yield name, tree, looks.get(name, RUN) if number else RUN, step * (number - middle)


def canvas(height: float, rows: int = 1, **details: object) -> tuple[Figure, list[Axes]]:
    """A figure of ``rows`` plots, one below another, that share their x axis."""
    figure = Figure((WIDTH / POINTS, height / POINTS), layout="constrained")
    axes = figure.subplots(rows, sharex=True, squeeze=False, **details)
    return figure, list(axes[:, 0])


def legend(figure: Figure, axes: Axes, columns: int = 3) -> None:
    """The labels of ``axes``, below everything."""
    handles, labels = axes.get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=columns)


@in_style
def svg(figure: Figure, name: str, title: str) -> Html:
    """A figure as an inline SVG that scales with the page.

    Args:
        name: goes before every id in it: several stand on one page.
        title: read out where the plot cannot be seen.
    """
    file = io.BytesIO()
    figure.savefig(file, format="svg", metadata={"Date": None})
    root = ElementTree.fromstring(file.getvalue())
    for parent in list(root.iter()):
        for child in list(parent):
            if local(child.tag) in ("metadata", "style"):
                parent.remove(child)
    for element in root.iter():
        element.tag = local(element.tag)
        element.attrib = {
            local(key): renamed(local(key), text, name) for key, text in element.attrib.items()
        }
    label = {"role": "img", "aria-labelledby": f"{name}-title"}
    root.attrib = {"viewBox": root.attrib["viewBox"], **label}
    heading = ElementTree.Element("title", {"id": f"{name}-title"})
    heading.text = title
    root.insert(0, heading)
    return Html(ElementTree.tostring(root, encoding="unicode"))


def local(name: str) -> str:
    """A name without its namespace, which HTML does not need."""
    return name.rpartition("}")[2]


def renamed(key: str, text: str, name: str) -> str:
    """An attribute whose ids, and uses of ids, are those of the plot ``name``."""
    if key == "id":
        return f"{name}-{text}"
    if key == "href":
        return text.replace("#", f"#{name}-", 1)
    return text.replace("url(#", f"url(#{name}-")
