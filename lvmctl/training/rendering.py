"""What a training found, for a reader."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from lvmctl.core.formatting import number, table
from lvmctl.registry import load_registry

RETRIEVAL = """\
R@5 and MRR@10 rank the true chunk among all chunks of its article outside the window.
Compare them with `direct`, which retrieves with the last chunk itself.
"""
OF_Q = """\
The model ranks by a score of its own; cosines, margins and "of q alone" are those of its vector q.
"""
MARGIN = """\
margin[last] below 0 is what a correct model of text has; it does not mean "backward"."""


def run_text(found: Mapping[str, Any]) -> str:
    """What was learned, beside ``direct`` on the same windows.

    Args:
        found: what ``lvmctl train --json`` prints.
    """
    best, recipe = found["best"], found["recipe"]
    lines = []
    if found["stopped"]:
        lines.append(f"stopped after epoch {found['epochs']}: {found['stopped']}")
    if best is None:
        lines.append(f"{recipe}: no epoch was measured")
        return "\n".join([*lines, f"run: {found['run']}"])
    rows = list(summary_rows(best["val"]))
    lines.append(
        f"{recipe}, epoch {best['epoch']} (best by {best['by']}), on "
        f"{best['val']['windows']:,} validation windows"
    )
    lines += ["", table(["", recipe, "direct", "chance"], rows), ""]
    retrieval = RETRIEVAL if "r@5" in best["val"] else ""
    lines.append(retrieval + (OF_Q if "q" in best["val"] else "") + MARGIN)
    if found["demonstration"]:
        lines.append(f"Data: {found['demonstration']}")
    lines.append(f"run: {found['run']}")
    return "\n".join(lines)


def summary_rows(val: dict[str, Any]) -> Iterable[tuple[str, str, str, str]]:
    """Rows of the final table: name, model, direct, chance."""
    direct = val["direct"]

    def row(name: str, ours: float, other: float | None = None, chance: float | None = None):
        return name, *("" if x is None else number(x, 4) for x in (ours, other, chance))

    yield row("cos_next", val["cos_next"], direct["cos_next"])
    for previous, margin in val["margin"].items():
        yield row(f"margin[{previous}]", margin, direct["margin"][previous])
    if "r@5" in val:
        yield row("R@5 in article", val["r@5"], direct["r@5"], val["chance_r@5"])
        yield row("MRR@10 in article", val["mrr@10"], direct["mrr@10"])
    if "r@5" in val.get("q", {}):
        yield row("R@5 of q alone", val["q"]["r@5"], direct["r@5"], val["chance_r@5"])
        yield row("MRR@10 of q alone", val["q"]["mrr@10"], direct["mrr@10"])
    for entry in load_registry().entries("metric"):
        if entry.name in val and entry.record.chance is not None:
            yield row(entry.name.replace("_", " "), val[entry.name], None, entry.record.chance)
    if "alpha_entropy" in val:
        yield row("α entropy (nats)", val["alpha_entropy"])
