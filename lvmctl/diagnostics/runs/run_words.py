"""What was found about a run, in words and tables."""

from __future__ import annotations

from typing import Any

from lvmctl.diagnosis import Table
from lvmctl.diagnostics.runs.history import History
from lvmctl.diagnostics.runs.run_findings import Finding


def verdict(findings: list[Finding], judged: bool) -> str:
    """The cause in capitals."""
    if findings:
        return findings[0].name.replace("-", " ").upper()
    return "HEALTHY" if judged else "UNDECIDED"


def sentence(findings: list[Finding], history: History, judged: bool) -> str:
    """The verdict in one sentence."""
    if findings:
        first, more = findings[0], len(findings) - 1
        name = first.name.replace("-", " ").capitalize()
        since = "" if first.epoch is None else f" (epoch {first.epoch})"
        also = f"; {more} more finding{'s' if more > 1 else ''}" if more else ""
        return f"{name}{since}: {first.evidence}{also}."
    if not judged:
        return "Nothing was measured on validation windows, so that nothing can be said."
    parts = []
    for name, path, beside in (
        ("cos_next", "val.cos_next", "val.direct.cos_next"),
        ("R@5", "val.r@5", "val.chance_r@5"),
    ):
        value, other = history.last(path), history.last(beside)
        if value is not None:
            word = beside.split(".")[1].partition("_")[0]
            parts.append(f"{name} {value:.3f}" + (f" ({word} {other:.3f})" if other else ""))
    epochs = len(history.epochs)
    ended = f": it ends with {', '.join(parts)}" if parts else ""
    return f"No fault was found in {epochs} epoch{'s' if epochs > 1 else ''}{ended}."


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
            "Predictions of the best weights on validation windows",
        ),
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
