"""What the page is made of: sections, each a plot or a table and how to read it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from lvmctl.report.drawing import svg
from lvmctl.report.html import Html, render
from lvmctl.report.inputs import Inputs

if TYPE_CHECKING:
    from matplotlib.figure import Figure


class Section(NamedTuple):
    """A part of the page.

    Attributes:
        slug: names it in links.
        title: its heading.
        body: its content as HTML.
        wide: it takes the whole width of the page.
    """

    slug: str
    title: str
    body: Html
    wide: bool = False


class Missing(NamedTuple):
    """A part that this run does not have.

    Attributes:
        title: its heading, were it there.
        why: one clause.
    """

    title: str
    why: str


def plotted(
    run: Inputs, slug: str, title: str, figure: Figure, alt: str, *sentences: str
) -> Section:
    """A section with one plot: ``alt`` is for who cannot see it, ``sentences`` say how to read
    it."""
    plot = svg(figure, f"{run.key}-{slug}", alt)
    return Section(slug, title, render("plot.html", plot=plot, sentences=sentences))
