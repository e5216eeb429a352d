"""What a plot holds, in numbers."""

from __future__ import annotations

from typing import Any

from matplotlib.axes import Axes


def line(axes: Axes, label: str) -> tuple[list[float], list[float]]:
    """The points of the line that the legend calls ``label``."""
    (line,) = [each for each in axes.get_lines() if each.get_label() == label]
    return list(map(float, line.get_xdata())), list(map(float, line.get_ydata()))


def segments(collection: Any) -> list[tuple[float, ...]]:
    """The ends of error bars, (x, y, x, y) each."""
    return [tuple(map(float, each.ravel())) for each in collection.get_segments()]


def texts(axes: Axes) -> list[str]:
    return [text.get_text() for text in axes.texts]


def labels(axes: Axes) -> list[str]:
    return axes.get_legend_handles_labels()[1]
