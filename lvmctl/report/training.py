"""Training curves, with the epochs that ended or perturbed it."""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import pairwise
from typing import Any, NamedTuple

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from lvmctl.core.formatting import count, number
from lvmctl.core.run_directory import best_record
from lvmctl.report.drawing import (
    CHANCE,
    DIRECT,
    RIDGE,
    RUN,
    WIENER,
    Look,
    canvas,
    in_style,
)
from lvmctl.report.inputs import Inputs
from lvmctl.report.numbers import at
from lvmctl.report.section import Missing, Section, plotted

TITLE = "Training"
WATCHED = {"cos_next": "cos_next", "cos_anchor": "cos_anchor", "alpha_entropy": "α entropy"}
KEPT = 2 / 3
"""Of what an epoch had; who keeps no more by the next has collapsed, perhaps."""

TERMS = ("-", "--", "-.", ":")
LINES, LINE = 3, 0.14
"""Lines for words above the losses, and the height of one as a share of the panel."""

LIMIT = 4
"""Loss terms drawn."""


class Mark(NamedTuple):
    """An epoch to look at: a word for the plot, and why."""

    epoch: int
    word: str
    why: str


def section(run: Inputs) -> Section | Missing:
    measured = [record for record in run.history if "val" in record]
    if not measured:
        return Missing(TITLE, "there is no training_history.json with an evaluated epoch")
    best_by = run.config.get("options", {}).get("best_by", "cos_next")
    marks = list(points(measured, best_by))
    paragraphs = [
        "Loss (the total, and thin its unweighted terms in training), then cosines and R@5 in the "
        "article on validation windows; direct retrieves with the last chunk itself.",
        *(f"Epoch {mark.epoch}: {mark.word} ({mark.why})." for mark in marks),
    ]
    end = number(at(measured[-1]["val"], "cos_next"))
    alt = f"Losses, cosines and R@5 over {count(len(run.history), 'epoch')}; cos_next ends at {end}"
    return plotted(run, "training", TITLE, draw(run.history, marks), alt, *paragraphs)


def points(measured: list[dict[str, Any]], best_by: str) -> Iterator[Mark]:
    """The epoch whose weights are kept, those that may have collapsed, and the end by a rule."""
    if best := best_record(measured, best_by):
        yield Mark(best["epoch"], "best", "its weights are evaluated here")
    for before, after in pairwise(measured):
        fell = [
            f"{name} {number(old)} → {number(new)}"
            for key, name in WATCHED.items()
            for old, new in [(at(before["val"], key), at(after["val"], key))]
            if old > 0 and new <= KEPT * old
        ]
        if fell:
            yield Mark(after["epoch"], "collapse?", ", ".join(fell))
    for record in measured:
        if record.get("stopped"):
            yield Mark(record["epoch"], "stopped", record["stopped"])


@in_style
def draw(history: list[dict[str, Any]], marks: list[Mark]) -> Figure:
    """Losses, cosines and R@5 by epoch, one below another."""
    ranked = any("r@5" in record.get("val", {}) for record in history)
    figure, panels = canvas(480 if ranked else 350, rows=3 if ranked else 2)
    losses(panels[0], history)
    for path, look, label in (
        ("val.cos_next", RUN, "cos_next"),
        ("val.direct.cos_next", DIRECT, "direct"),
        ("val.cos_anchor", WIENER, "cos_anchor"),
    ):
        curve(panels[1], history, path, look, label)
    panels[1].set_ylabel("cosine")
    if ranked:
        curve(panels[2], history, "val.r@5", RUN, "R@5")
        curve(panels[2], history, "val.direct.r@5", DIRECT, "direct")
        curve(panels[2], history, "val.chance_r@5", CHANCE, "chance")
        panels[2].set_ylabel("R@5 in article")
    for axes in panels:
        axes.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=3, borderaxespad=0.2)
        for mark in marks:
            axes.axvline(mark.epoch, color="black", linewidth=0.9, linestyle=(0, (4, 3)))
    name_marks(panels[0], marks)
    panels[-1].set_xlabel("epoch")
    panels[-1].xaxis.set_major_locator(MaxNLocator(integer=True))
    return figure


def losses(axes: Axes, history: list[dict[str, Any]]) -> None:
    """Total loss in training and validation, and the terms of training."""
    curve(axes, history, "train.loss", RUN, "train")
    curve(axes, history, "val.loss", DIRECT, "val")
    names = [key for key in history[0]["train"] if key.startswith("loss_")][:LIMIT]
    for key, line in zip(names, TERMS):
        look = Look(RIDGE.color, line, "")
        curve(axes, history, f"train.{key}", look, key.removeprefix("loss_"), linewidth=0.9)
    axes.set_ylabel("loss")


def curve(
    axes: Axes, history: list[dict[str, Any]], path: str, look: Look, label: str, **details: Any
) -> None:
    """A figure by epoch, over the epochs that have it."""
    part, _, rest = path.partition(".")
    points = [(record["epoch"], at(record.get(part, {}), rest)) for record in history]
    points = [(epoch, value) for epoch, value in points if math.isfinite(value)]
    if points:
        look.plot(axes, *map(list, zip(*points)), label, **details)


def name_marks(axes: Axes, marks: list[Mark]) -> None:
    """The words of the marks beside their lines, above the curves; those of one epoch together.

    Each epoch's are lower than those of the one before, which may be close to it.
    """
    words: dict[int, list[str]] = {}
    for mark in marks:
        words.setdefault(mark.epoch, []).append(mark.word)
    lines = min(len(words), LINES)
    low, high = axes.get_ylim()
    axes.set_ylim(low, low + (high - low) / (1 - LINE * lines))
    left, right = axes.get_xlim()
    for number_, (epoch, together) in enumerate(words.items()):
        side = 1 if 2 * epoch < left + right or epoch == 1 else -1  # to where there is more room
        axes.annotate(
            ", ".join(together),
            (epoch, 1 - LINE * (number_ % LINES)),
            xycoords=("data", "axes fraction"),
            xytext=(3 * side, 0),
            textcoords="offset points",
            ha="left" if side > 0 else "right",
            va="top",
            fontsize=9.5,
            bbox={"facecolor": "white", "edgecolor": "none", "pad": 1},
        )
