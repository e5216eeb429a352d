"""What was found about a run: verdict, sentence, tables and a plot."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lvmctl.core.diagnosis import Finding, Table
from lvmctl.core.formatting import count, number
from lvmctl.diagnostics.runs.history import LAST_MARGIN, History
from lvmctl.diagnostics.runs.ranking import ranking_table

if TYPE_CHECKING:
    from matplotlib.figure import Figure

COMPARED = ({"direct.cos_next"}, {"r@5", "direct.r@5"}, {"r@5", "chance_r@5"})
"""Figures beside cos_next with any of which a history can be judged."""

PREDICTED = {
    "cos_next": 3,
    "cos_last": 3,
    "cos_anchor": 3,
    "variance": 3,
    "effective_rank": 1,
    "behind": 3,
    "outside_cone": 3,
}
"""What is shown of predictions, with its places behind the point."""

LEGEND = """cos_next, cos_last, cos_anchor: cosine of q to the target, the newest chunk and the \
window's centroid. variance and effective_rank (directions) over windows. behind, outside_cone: \
share of windows with q on the far side of the centroid, and farther from it than any mixture."""

CURVES = {
    "cos_next": "val.cos_next",
    "cos_anchor": "val.cos_anchor",
    "margin[last]": LAST_MARGIN,
    "margin[second_last]": "val.margin.second_last",
}


def unknown(history: History) -> str:
    """Why a history without a fault need not be a healthy one; empty where it is."""
    if impossible := history.impossible():
        path, point = impossible[0]
        return (
            "Nothing is wrong in what can be read, but the history has figures that cannot be: "
            f"{path} {point.value:g} (epoch {point.epoch})."
        )
    if not history.curve("val.cos_next"):
        return "Nothing was measured on validation windows, so the run cannot be judged."
    for names in COMPARED:
        if all(history.last(f"val.{name}") is not None for name in names):
            return ""
    return (
        f"Nothing is wrong in what it records ({last_epoch(history)}), and it records neither "
        "direct nor a rank beside chance: whether that is good is not known."
    )


def verdict(findings: list[Finding], doubt: str) -> str:
    """The cause in capitals."""
    if findings:
        return findings[0].name.replace("-", " ").upper()
    return "UNDECIDED" if doubt else "HEALTHY"


def sentence(findings: list[Finding], history: History, doubt: str) -> str:
    """The verdict in one sentence; ``doubt`` is what :func:`unknown` says."""
    if findings:
        first, more = findings[0], len(findings) - 1
        known = first.epoch is None or "epoch" in first.evidence
        since = "" if known else f" (epoch {first.epoch})"
        also = f"; {count(more, 'more finding')}" if more else ""
        return f"{first.evidence}{since}{also}."
    if doubt:
        return doubt
    planned, epochs = history.unfinished(), len(history.epochs)
    ending = f": it ends with {figures}" if (figures := last_epoch(history)) else ""
    whole = f"{epochs} of {count(planned, 'epoch')}" if planned else count(epochs, "epoch")
    return f"No fault was found in {whole}{ending}."


def last_epoch(history: History) -> str:
    """The figures of the last epoch, or of the last one that has them, named then."""
    parts, judged = [], history.judged
    for name, path, reference in (
        (judged.replace("mrr", "MRR"), f"val.{judged}", f"val.direct.{judged}"),
        ("R@5", "val.r@5", "val.chance_r@5"),
    ):
        curve, other = history.curve(path), history.last(reference)
        if curve:
            epoch, value = curve[-1]
            text = f"{name} {number(value)}"
            text += "" if epoch == history.epochs[-1] else f" at epoch {epoch}"
            against = reference.split(".")[1].partition("_")[0]
            parts.append(text + ("" if other is None else f" ({against} {number(other)})"))
    return ", ".join(parts)


def tables(findings: list[Finding], figures: dict[str, Any]) -> tuple[Table, ...]:
    """The figures for a reader; a table without rows is left out."""
    predictions = figures.get("predictions", {})
    kinds = [k for k in ("run", "ridge", "wiener", "direct", "targets") if k in predictions]
    of_q = "q" if "ranking" in figures else "Predictions"
    pulls = figures.get("gradients", {}).get("pulls", ())
    made = (
        Table(
            ("finding", "severity", "epoch", "evidence"),
            tuple(
                (f.name, f.severity, f.epoch, f.evidence) if line is None else ("", "", "", line)
                for f in findings
                for line in (None, *f.also)
            ),
            "Findings, the cause first",
        ),
        ranking_table(figures.get("ranking", {})),
        Table(
            ("", *kinds),
            tuple(
                (name, *(number(predictions[kind].get(name), digits) for kind in kinds))
                for name, digits in PREDICTED.items()
                if kinds
            ),
            f"{of_q} of the best weights on validation windows",
            LEGEND,
        ),
        Table(
            ("finding", "remedy", "source"),
            tuple((f.name, f.remedy, f.source) for f in findings),
            "What to do",
            detail=True,
        ),
        Table(
            ("loss", "weight", "gradient norm", "share", "cosine with 1 - cos_next"),
            tuple(
                (
                    pull["name"],
                    *(number(pull[key]) for key in ("weight", "gradient", "share", "alignment")),
                )
                for pull in pulls
            ),
            "What the losses pull at, at the best weights",
            detail=True,
        ),
        Table(
            ("term", "train", "val", "best val", "epoch", "not comparable because"),
            tuple(
                (
                    row["term"],
                    *(number(row[key]) for key in ("train_last", "val_last", "val_best")),
                    row["val_best_epoch"],
                    row["level"] or row["trend"] or "-",
                )
                for row in figures["like_for_like"]
            ),
            "Loss terms, training and validation",
            detail=True,
        ),
        Table(
            ("note",),
            tuple((f"- {note}",) for note in figures["notes"]),
            "Not a finding",
            detail=True,
        ),
    )
    return tuple(table for table in made if table.rows)


def plot_history(history: History, figures: dict[str, Any]) -> Figure:
    """Cosines and margins by epoch, the change-point and what the schedule changed."""
    from matplotlib.figure import Figure
    from matplotlib.ticker import MaxNLocator

    figure = Figure(figsize=(7.5, 4.5), layout="constrained")
    axes = figure.subplots()
    by_score = {"MRR@10 by score": "val.mrr@10"} if history.ranks_by_score else {}
    for name, path in (by_score | CURVES).items():
        if curve := history.curve(path):
            axes.plot(*zip(*curve), marker="o", markersize=3, label=name)
    for name, step in figures["change_points"].items():
        if step["collapse"]:
            middle = (step["before_epoch"] + step["epoch"]) / 2
            axes.axvline(middle, color="black", linewidth=1, label=f"{name} breaks down")
    events: dict[int, list[str]] = {}
    for event in figures["events"]:
        events.setdefault(event["epoch"], []).append(event["what"])
    for epoch, lines in events.items():
        axes.axvline(epoch - 0.5, color="grey", linewidth=0.8, linestyle="--")
        axes.annotate(
            "\n".join(lines),
            (epoch - 0.5, 0.01),
            xycoords=("data", "axes fraction"),
            rotation=90,
            fontsize=7,
            va="bottom",
            ha="right",
        )
    axes.axhline(0, color="lightgrey", linewidth=0.8, zorder=0)
    axes.set_xlabel("epoch")
    axes.set_ylabel(f"cosine{' or MRR@10' if by_score else ''}, validation")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.legend(fontsize=8, loc="lower left", bbox_to_anchor=(0, 1), ncols=3)
    return figure
