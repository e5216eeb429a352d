"""The lineage's tables (Markdown) and plots (SVG) for docs/lineage.md."""

from __future__ import annotations

import math
from pathlib import Path
from statistics import mean
from typing import Any

import numpy as np
from lvmctl_p7.anchoring import anchored_cosine
from matplotlib.figure import Figure

from lvmctl.report.drawing import (
    CEILING,
    CENTROID,
    DIRECT,
    RIDGE,
    RUN,
    WIENER,
    canvas,
    in_style,
    legend,
)

Runs = dict[str, list[dict[str, Any]]]
LOOKS = (RUN, DIRECT, CENTROID, WIENER, RIDGE, CEILING)
BASELINES = ("direct", "centroid", "wiener", "ridge")
POOL = ("in_article", "filtered")
HEAD = (
    "recipe",
    "cos_next",
    "margin[last]",
    "margin[second_last]",
    "margin[unseen]",
    "cos_anchor",
    "R@5",
    "MRR@10",
    "R@5 − direct",
    "verdict",
    "published",
)


def write(
    folder: Path,
    text: Runs,
    worlds: dict[str, Runs],
    published: dict[str, str],
    size: dict[str, int],
) -> None:
    """All plots into ``folder``, all tables into its lineage.md, each between its marks."""
    page = folder / "lineage.md"
    filled = page.read_text(encoding="utf-8")
    tables = {
        "best": table(text, published),
        "last": last_table(text),
        "linear": linear_table(text),
        "worlds": world_table(worlds),
        "commands": commands(text, size),
    }
    for name, shown in tables.items():
        filled = between_marks(filled, name, shown)
    page.write_text(filled, encoding="utf-8")
    for name, draw in {"null": null, "escape": escape, "anchor": anchor, "cone": cone}.items():
        draw(text).savefig(folder / f"lineage_{name}.svg", metadata={"Date": None})


def between_marks(page: str, name: str, text: str) -> str:
    """``page`` with ``text`` between ``<!-- name -->`` and ``<!-- /name -->``."""
    begin, end = f"<!-- {name} -->\n", f"<!-- /{name} -->"
    head, mark, rest = page.partition(begin)
    _, closed, tail = rest.partition(end)
    if not (mark and closed):
        raise SystemExit(f"lineage.md has no place for {name}: write {begin.strip()} and {end}")
    return f"{head}{begin}\n{text}\n\n{end}{tail}"


def at(tree: dict[str, Any], *path: str) -> float:
    for key in path:
        tree = tree.get(key, {}) if isinstance(tree, dict) else {}
    return math.nan if isinstance(tree, dict) or tree is None else tree


def number(value: float, signed: bool = False) -> str:
    if math.isnan(value):
        return ""
    shown = f"{value:+.3f}" if signed else f"{value:.3f}"
    return shown.replace("0.", ".", 1).replace("-", "−")


def spread(values: list[float], signed: bool = False) -> str:
    """The mean, and the range over seeds."""
    values = [value for value in values if not math.isnan(value)]
    if not values:
        return ""
    low, high = number(min(values), signed), number(max(values), signed)
    shown = number(mean(values), signed)
    return shown if low == high else f"{shown} ({low} … {high})"


def interval(figure: tuple[float, list[float] | None], signed: bool = False) -> str:
    value, ci = figure
    if not ci:
        return number(value, signed)
    return f"{number(value, signed)} [{number(ci[0], signed)}, {number(ci[1], signed)}]"


def rank(tree: dict[str, Any], name: str) -> tuple[float, list[float] | None]:
    """A figure of the primary pool with its interval."""
    pool = tree["in_article"]["filtered"]
    return pool.get(name, math.nan), pool.get("ci", {}).get(name)


def cells(name: str, trees: list[dict[str, Any]]) -> list[str]:
    """Cosines, margins and ranks of a predictor: mean over seeds, the first seed's intervals."""
    row = [name, spread([at(tree, "cos_next") for tree in trees])]
    row += [
        spread([at(tree, "margin", p) for tree in trees], signed=True)
        for p in ("last", "second_last", "unseen")
    ]
    row.append(spread([at(tree, "cos_anchor") for tree in trees]))
    for figure in ("r@5", "mrr@10"):
        shown = interval(rank(trees[0], figure))
        others = [rank(tree, figure)[0] for tree in trees]
        row.append(shown if len(trees) == 1 else f"{shown}; {spread(others)}")
    return row


def table(text: Runs, published: dict[str, str]) -> str:
    """Recipe by figure."""
    lines = [HEAD, ["---"] * len(HEAD)]
    first = next(iter(text.values()))[0]["figures"]["predictors"]
    lines += [[*cells(f"*{name}*", [first[name]]), "", "", ""] for name in BASELINES]
    for row, runs in text.items():
        figures = [run["figures"] for run in runs]
        trees = [result["predictors"][result["name"]] for result in figures]
        against = figures[0]["against_direct"].get("in_article.filtered.r@5", {})
        difference = interval((against.get("value", math.nan), against.get("ci")), signed=True)
        verdicts = [f"{f['verdict']['outcome']} {passed(f['verdict'])}" for f in figures]
        verdict = ", ".join(dict.fromkeys(verdicts))
        lines.append([*cells(row, trees), difference, verdict, published[row]])
    return markdown(lines)


def last_table(text: Runs) -> str:
    """What training ended with, from the histories: the best epoch may hide what came after."""
    head = ["recipe", "epochs", "cos_next", "margin[last]", "margin[second_last]", "cos_anchor"]
    head += ["R@5", "best epoch"]
    lines = [head, ["---"] * len(head)]
    for row, runs in text.items():
        ends = [run["history"][-1]["val"] for run in runs]
        line = [row, str(len(runs[0]["history"])), spread([at(end, "cos_next") for end in ends])]
        for name in ("last", "second_last"):
            line.append(spread([at(end, "margin", name) for end in ends], signed=True))
        line += [spread([at(end, name) for end in ends]) for name in ("cos_anchor", "r@5")]
        best = [max(run["history"], key=lambda r: r["val"]["mrr@10"])["epoch"] for run in runs]
        lines.append([*line, ", ".join(map(str, best))])
    return markdown(lines)


def linear_table(text: Runs) -> str:
    """How far the recipes' predictions are the linear ones, window by window."""
    head = ["recipe", "cos(q, ridge)", "cos(q, wiener)", "cos(q, last)", "farthest from the cone"]
    lines = [head, ["---"] * len(head)]
    for row, runs in text.items():
        internals = [run["internals"] for run in runs]
        names = ("ridge", "wiener", "direct", "cone")
        lines.append([row, *(spread([each[name] for each in internals]) for name in names)])
    return markdown(lines)


def passed(verdict: dict[str, Any]) -> str:
    return f"{verdict['passed']}/{verdict['counted']}"


def world_table(worlds: dict[str, Runs]) -> str:
    """Recipe by world, beside the best there is."""
    head = ["world", "predictor", "cos_next", "margin[last]", "cos_anchor", "R@5", "chance"]
    lines: list[list[str]] = [head, ["---"] * len(head)]
    for world, runs in worlds.items():
        if not runs:
            continue
        first = next(iter(runs.values()))[0]["figures"]["predictors"]
        trees = {f"*{name}*": first[name] for name in ("direct", "wiener", "ridge")}
        for row, members in runs.items():
            figures = members[0]["figures"]
            trees[row] = figures["predictors"][figures["name"]]
        for name, tree in trees.items():
            margin = number(at(tree, "margin", "last"), signed=True)
            values = [number(at(tree, "cos_next")), margin, number(at(tree, "cos_anchor"))]
            ranks = [number(rank(tree, figure)[0]) for figure in ("r@5", "chance_r@5")]
            lines.append([world, name, *values, *ranks])
    return markdown(lines)


def commands(text: Runs, size: dict[str, int]) -> str:
    """What trains each row, and how long it took."""
    sets = " ".join(f"--set {key}={value}" for key, value in size.items())
    lines: list[list[str]] = [["command", "seconds per seed"], ["---", "---"]]
    for row, runs in text.items():
        seeds = ",".join(str(run["options"]["seed"]) for run in runs)
        words = f"`lvmctl train --experiment {row} --data books --seed {seeds} $SIZE`"
        lines.append([words, ", ".join(f"{run['seconds']:.0f}" for run in runs)])
    return f"`SIZE` is `{sets}`.\n\n{markdown(lines)}"


def markdown(lines: list) -> str:
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


# ------------------------------------------------------------------ plots


def curve(run: dict[str, Any], *path: str, side: str = "val") -> tuple[list[int], list[float]]:
    """A figure of the history by epoch."""
    curve = [(r["epoch"], at(r, side, *path)) for r in run["history"] if side in r]
    curve = [(epoch, value) for epoch, value in curve if not math.isnan(value)]
    return [epoch for epoch, _ in curve], [value for _, value in curve]


@in_style
def null(text: Runs) -> Figure:
    """cos_next and margin[last] of the free models by epoch, and where the linear null stands."""
    figure, (cos, margin) = canvas(460, rows=2)
    rows = [row for row in ("p1", "p2", "p3", "p4", "p5") if row in text]
    for look, row in zip(LOOKS, rows):
        run = text[row][0]
        for axes, path in ((cos, ("cos_next",)), (margin, ("margin", "last"))):
            look.plot(axes, *curve(run, *path), label=row, markevery=4)
    first = text[rows[0]][0]["figures"]["predictors"]
    for axes, path in ((cos, ("cos_next",)), (margin, ("margin", "last"))):
        for name, line in (("ridge", "-"), ("wiener", ":")):
            axes.axhline(at(first[name], *path), color="#666666", linestyle=line, label=name)
    cos.set_ylabel("cos_next")
    margin.set_ylabel("margin[last]")
    margin.set_xlabel("epoch")
    legend(figure, cos, 4)
    return figure


@in_style
def escape(text: Runs) -> Figure:
    """Cosine to the target and gap to second_last of P6b by epoch."""
    figure, (pos, gap) = canvas(460, rows=2)
    rows = ["p6", "p6b-v1", "p6b-v1-pressure", "p6b-v2", "p6b-v2.1", "p6b-v2.3"]
    for look, row in zip(LOOKS, [row for row in rows if row in text]):
        run = text[row][0]
        look.plot(pos, *curve(run, "cos_next"), label=row)
        look.plot(gap, *curve(run, "margin", "second_last"), label=row)
    pos.set_ylabel("cos_next")
    gap.set_ylabel("margin[second_last]")
    gap.set_xlabel("epoch")
    legend(figure, pos, 2)
    return figure


@in_style
def anchor(text: Runs) -> Figure:
    """P7: every epoch on the curve f(ρ), and cos_anchor by epoch."""
    figure = Figure((5, 7.2), layout="constrained")
    by_rho, by_epoch = figure.subplots(2)
    rho = np.linspace(0, 1, 201)
    rows = ["p7-baseline", "p7-teacher", "p7-strong-margin", "p7-fixed-anchor", "p7-pure-margin"]
    for look, row in zip(LOOKS, [row for row in rows if row in text]):
        run = text[row][0]
        measured = [r for r in run["history"] if "val" in r]
        x = [r["val"]["raw_anchor_cosine"] for r in measured]
        y = [r["val"]["cos_anchor"] for r in measured]
        blend = measured[-1]["val"]["anchor_lambda"]
        by_rho.plot(rho, anchored_cosine(rho, blend), color=look.color, linewidth=0.8)
        look.plot(by_rho, x, y, label=f"{row}, λ = {blend:.2f}", linestyle="none")
        look.plot(by_epoch, [r["epoch"] for r in measured], y, label=row)
        ends = next((r["epoch"] for r in run["history"] if "loss_teacher" not in r["train"]), None)
        if ends:
            by_epoch.axvline(ends - 0.5, color=look.color, linewidth=0.8, linestyle=":")
    by_rho.set_xlabel("ρ = cos(raw prediction, centroid), mean of the epoch")
    by_rho.set_ylabel("cos_anchor")
    by_epoch.set_xlabel("epoch (dotted: the teacher has ended)")
    by_epoch.set_ylabel("cos_anchor")
    legend(figure, by_rho, 1)
    return figure


@in_style
def cone(text: Runs) -> Figure:
    """P8's margin[last] by epoch below what any mixture can reach."""
    figure, (axes,) = canvas(300)
    runs = text.get("p8-full", [])
    for look, run in zip(LOOKS, runs):
        label = f"p8-full, seed {run['options']['seed']}"
        look.plot(axes, *curve(run, "margin", "last"), label=label)
    if runs:
        epochs, ceiling = curve(runs[0], "ceiling", "margin", "last")
        CEILING.plot(axes, epochs, ceiling, label="largest of any mixture")
        axes.axhline(0.20, color="#666666", linestyle=":", label="P8's gate")
    axes.set_xlabel("epoch")
    axes.set_ylabel("margin[last]")
    legend(figure, axes, 2)
    return figure
