"""What was found about a run, in words and tables."""

from __future__ import annotations

from typing import Any

from lvmctl.core.diagnosis import Finding, Table
from lvmctl.core.formatting import number
from lvmctl.diagnostics.runs.history import History
from lvmctl.diagnostics.runs.run_ranking import ranking_table

COMPARED = ({"direct.cos_next"}, {"r@5", "direct.r@5"}, {"r@5", "chance_r@5"})
"""Figures beside cos_next with any of which a history can be judged."""


def unknown(history: History) -> str:
    """Why a history without a fault need not be a healthy one; empty where it is."""
    if history.impossible():
        path, point = history.impossible()[0]
        return (
            "Nothing is wrong in what can be read, but the history has figures that cannot be: "
            f"{path} {point.value:g} (epoch {point.epoch})."
        )
    if not history.curve("val.cos_next"):
        return "Nothing was measured on validation windows, so that nothing can be said."
    for names in COMPARED:
        if all(history.last(f"val.{name}") is not None for name in names):
            return ""
    return (
        f"Nothing is wrong in what it records ({ending(history)}), and it records neither direct "
        "nor a rank beside chance: whether that is good is not known."
    )


def verdict(findings: list[Finding], doubt: str) -> str:
    """The cause in capitals."""
    if findings:
        return findings[0].name.replace("-", " ").upper()
    return "UNDECIDED" if doubt else "HEALTHY"


def sentence(findings: list[Finding], history: History, doubt: str) -> str:
    """The verdict in one sentence.

    Args:
        doubt: what :func:`unknown` says.
    """
    if findings:
        first, more = findings[0], len(findings) - 1
        name = first.name.replace("-", " ").capitalize()
        since = "" if first.epoch is None else f" (epoch {first.epoch})"
        also = f"; {more} more finding{'s' if more > 1 else ''}" if more else ""
        return f"{name}{since}: {first.evidence}{also}."
    if doubt:
        return doubt
    planned, epochs = history.unfinished(), len(history.epochs)
    of = f" of {planned}" if planned else ""
    ended = f": it ends with {found}" if (found := ending(history)) else ""
    return (
        f"No fault was found in {epochs}{of} epoch{'s' if (planned or epochs) > 1 else ''}{ended}."
    )


def ending(history: History) -> str:
    """The figures of the last epoch, or of the last one that has them, named then."""
    parts = []
    judged = history.judged
    for name, path, beside in (
        (judged.replace("mrr", "MRR"), f"val.{judged}", f"val.direct.{judged}"),
        ("R@5", "val.r@5", "val.chance_r@5"),
    ):
        curve, other = history.curve(path), history.last(beside)
        if curve:
            word = beside.split(".")[1].partition("_")[0]
            said = f"{name} {number(curve[-1].value)}"
            said += "" if curve[-1].epoch == history.epochs[-1] else f" at epoch {curve[-1].epoch}"
            parts.append(said + ("" if other is None else f" ({word} {number(other)})"))
    return ", ".join(parts)


def tables(findings: list[Finding], figures: dict[str, Any]) -> list[Table]:
    """The figures for a reader; a table without rows is left out."""
    rows = figures.get("predictions", {})
    names = ("cos_next", "cos_last", "cos_anchor", "variance", "effective_rank", "behind")
    names += ("outside_cone",)
    kinds = [kind for kind in ("run", "ridge", "wiener", "direct", "targets") if kind in rows]
    found = [
        Table(
            ("finding", "severity", "epoch", "evidence", "source"),
            tuple(
                (f.name, f.severity, "-" if f.epoch is None else f.epoch, line, f.source)
                for f in findings
                for line in (f.evidence, *f.also)
            ),
            "Findings, the cause first",
        ),
        Table(("finding", "remedy"), tuple((f.name, f.remedy) for f in findings), "What to do"),
        Table(
            ("", *names),
            tuple((kind, *(rows[kind].get(name, "-") for name in names)) for kind in kinds),
            f"{'q' if 'ranking' in figures else 'Predictions'} of the best weights on validation "
            "windows",
        ),
        ranking_table(figures.get("ranking", {})),
        Table(
            ("loss", "weight", "gradient norm", "share", "cosine with 1 - cos_next"),
            tuple(
                tuple(pull[key] for key in ("name", "weight", "gradient", "share", "alignment"))
                for pull in figures.get("gradients", {}).get("pulls", ())
            ),
            "What the losses pull at, at the best weights",
        ),
        Table(
            ("term", "train", "val", "best val", "epoch", "not comparable because"),
            tuple(
                (
                    row["term"],
                    row["train_last"],
                    row["val_last"],
                    row["val_best"],
                    row["val_best_epoch"],
                    row["level"] or row["trend"] or "-",
                )
                for row in figures["like_for_like"]
            ),
            "Loss terms, training and validation",
        ),
        Table(("note",), tuple((note,) for note in figures["notes"]), "Not a finding"),
    ]
    return [table for table in found if table.rows]
