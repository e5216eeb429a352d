"""Whether a run's order verifier is better than chance."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING

from lvmctl import Diagnosis, Finding, format_number, read_history

if TYPE_CHECKING:
    from lvmctl import Reporter

NAME = "order_accuracy"


class OrderDiagnosis:
    """The order accuracy of a run's last epoch against one half (docs/methods.md#arrow).

    What it takes is a run directory, or a bare ``training_history.json``.

    Raises:
        RunError: there is no history, or it is damaged.
    """

    def __call__(self, subject: Path, reporter: Reporter) -> Diagnosis:
        history = read_history(Path(subject))
        curve = history.curve(f"val.{NAME}") or history.curve(f"train.{NAME}")
        windows = history.last("val.windows|val.in_article_windows") or 0
        if not (curve and windows):
            sentence = "The run logs no order accuracy: it has no order verifier."
            return Diagnosis(verdict="NOT MEASURED", sentence=sentence)
        epoch, value = curve[-1]
        spread = 1 / math.sqrt(windows)
        evidence = f"order_accuracy {format_number(value)}, guessing gives .500 ± "
        evidence += format_number(spread)
        sentence = f"At epoch {epoch}: {evidence}."
        figures = {NAME: value, "chance": 0.5, "spread": spread}
        if value > 0.5 + spread:
            return Diagnosis(verdict="TOLD", sentence=sentence, figures=figures)
        finding = Finding(
            "order-at-chance",
            "minor",
            epoch,
            evidence,
            "ask whether the data has an order to learn (lvmctl diagnose direction); if not, "
            "take the order loss out (its weight 0): it does not reach the predictions",
            "docs/methods.md#arrow",
        )
        return Diagnosis(
            verdict="ORDER AT CHANCE",
            sentence=sentence,
            figures=figures,
            change=finding.remedy,
            findings=(finding,),
        )
