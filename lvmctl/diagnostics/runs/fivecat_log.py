"""The log of the published project's 5CAT as the record of one epoch."""

from __future__ import annotations

import math
import re
from typing import Any

PART = re.compile(r"\b(VAL|OOD)\b")
FIGURE = re.compile(r"([A-E]:[^\s\"]+)\"?:?\s+([-+]?(?:nan|inf\w*|\d+\.?\d*(?:e[-+]?\d+)?))", re.I)
"""A figure and its value, as a table prints it or as JSON has it."""

NAMES = {"A:k=0": "cos_next", "B:R@1": "r@1", "B:R@5": "r@5", "B:MRR": "mrr"}
"""Our names of its figures; others keep theirs. k counts from the target."""

SOURCE = "5CAT log"
"""Under ``source`` of such a record."""


def fivecat_records(text: str) -> list[dict[str, Any]]:
    """The record of a log, with ``val`` and ``ood``; none where the text is no such log. Figures
    that are not numbers are left out.

    Ranks are those of its own pool, all chunks of the article, the window too.
    """
    record: dict[str, Any] = {}
    part = "val"
    for line in text.splitlines():
        if named := PART.search(line):
            part = named[1].lower()
        for key, value in FIGURE.findall(line):
            name = key.rstrip(":,")
            if math.isfinite(float(value)):
                record.setdefault(part, {})[NAMES.get(name, name)] = float(value)
    return [{**record, "source": SOURCE}] if record else []
