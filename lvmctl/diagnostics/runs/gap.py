"""Training and validation set side by side, term by term, where they measure the same thing."""

from __future__ import annotations

import math
import shlex
from collections.abc import Iterator
from typing import Any

from lvmctl.core.diagnosis import Finding
from lvmctl.core.formatting import count, number, signed
from lvmctl.diagnostics.runs.findings import found
from lvmctl.diagnostics.runs.fivecat_log import SOURCE
from lvmctl.diagnostics.runs.history import LAST_MARGIN, History

WORSE = 1.1
"""Of the validation loss: this many times its best, while training went on falling."""


def like_for_like(history: History) -> list[dict[str, Any]]:
    """Each loss term that training and validation both have, as plain data.

    ``level`` and ``trend`` say why the values, or their changes over epochs, cannot be compared;
    empty where they can. A training value is a mean over an epoch with dropout on and weights that
    still improve, so that a validation value may be a little below it.
    """
    rows = []
    for term in sorted({*history.terms("train")} & {*history.terms("val")}):
        train, val = history.curve(f"train.{term}"), history.curve(f"val.{term}")
        if not (train and val):
            continue
        best = min(val, key=lambda point: point.value)
        then = [point.value for point in train if point.epoch >= best.epoch]
        rows.append(
            {
                "term": term,
                "train_first": train[0].value,
                "train_at_best": then[0] if then else None,
                "train_last": train[-1].value,
                "val_best": best.value,
                "val_best_epoch": best.epoch,
                "val_last": val[-1].value,
                "val_last_epoch": val[-1].epoch,
                "level": level_differs(history, term),
                "trend": trend_differs(history, term),
            }
        )
    return rows


def level_differs(history: History, term: str) -> str:
    """Why the two values of a term are not of one thing."""
    losses = history.config.get("losses")
    for loss in losses if isinstance(losses, list) else []:
        options = loss.get("options") if isinstance(loss, dict) else None
        if term == "loss_rank" and isinstance(options, dict) and options.get("in_batch"):
            return "negatives come from the batch, and validation has larger batches"
    return ""


def trend_differs(history: History, term: str) -> str:
    """Why the values of different epochs are not of one thing."""
    changes = {event.what.partition(" ")[0] for event in history.events()}
    if changes & {*history.metrics} and term != "loss_mse":
        return "the schedule changes what it asks for"
    if "selected" in changes:
        return "the curriculum changes which windows it is measured on in training"
    return ""


def overfitting(history: History) -> Iterator[Finding]:
    """The validation loss rises while the training loss falls, since the schedule last changed."""
    begin = max((event.epoch for event in history.events()), default=1)
    train, val = (
        [p for p in history.curve(f"{part}.loss") if p.epoch >= begin] for part in ("train", "val")
    )
    if not (train and val):
        return
    best, last = min(val, key=lambda point: point.value), val[-1]
    then = next((p.value for p in train if p.epoch >= best.epoch), -math.inf)
    if last.value >= WORSE * best.value > 0 and train[-1].value < then:
        yield found(
            "overfitting",
            best.epoch,
            f"val.loss {number(best.value, None)} (epoch {best.epoch}) → "
            f"{number(last.value, None)} (epoch {last.epoch}), while train.loss went "
            f"{number(then, None)} → {number(train[-1].value, None)}",
        )


def notes(history: History) -> list[str]:
    """What looks like a fault and is none, and what the history lacks; one line each."""
    lines = []
    if any(record.get("source") == SOURCE for record in history.records):
        lines.append("a 5CAT log: one point, ranked among the whole article, the window included")
    planned = history.unfinished()
    if planned is not None:
        lines.append(
            f"{len(history.records)} of {count(planned, 'epoch')}: unfinished or killed; "
            f"`lvmctl train --resume {shlex.quote(str(history.where.parent))}`"
        )
    for path, point in history.impossible():
        lines.append(
            f"{path} cannot be {point.value:g} (epoch {point.epoch}): such values are taken as "
            "missing"
        )
    if history.curve("val.margin"):
        lines.append("val.margin does not name a previous chunk: it is read as margin[last]")
    margin = history.last(LAST_MARGIN)
    if margin is not None and margin < 0:
        lines.append(
            f"margin[last] is {signed(margin)}: negative is what a correct model of text has, and "
            "no finding (docs/methods.md#best-prediction)"
        )
    hinge = history.last("train.loss_margin")
    if hinge is not None and hinge > 0:
        beside = "" if margin is None else f"; the margin on validation is {signed(margin)}"
        lines.append(
            f"train.loss_margin {signed(hinge)} is the value of a hinge loss, not a margin{beside}"
        )
    skipped = sum(point.value for point in history.curve("train.skipped_steps"))
    if skipped:
        were = "step was" if skipped == 1 else "steps were"
        lines.append(f"{skipped:.0f} {were} skipped because something was not finite")
    for record in history.records:
        if isinstance(record.get("stopped"), str):
            lines.append(f"stopped after epoch {record['epoch']}: {record['stopped']}")
    if not history.curve("val.cos_next"):
        lines.append("no epoch has val.cos_next: the predictions are not judged by the history")
    elif len(history.records) == 1:
        lines.append("there is one epoch: the course of the run is unknown")
    return lines
