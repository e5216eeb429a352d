"""What a training found, for a reader."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from lvmctl.core.chunks import labelled
from lvmctl.core.formatting import (
    count,
    estimate,
    few_articles,
    interval,
    number,
    paragraph,
    signed,
    table,
)
from lvmctl.registry import load_registry

RETRIEVAL = """\
R@5 and MRR@10 rank the true next chunk among all chunks of its article outside
the window; `direct` retrieves with the last chunk itself. Intervals resample
articles."""
OF_Q = """\
The model ranks by a score of its own; "of q alone" ranks by the cosine to q."""
MARGIN = """\
margin[P] is cos(q, target) - cos(q, P) of an earlier chunk P. margin[last]
below 0 is what a correct model of text has; it does not mean "backward"."""


def run_text(result: Mapping[str, Any], full: bool = False) -> str:
    """What was learned, beside ``direct`` on the same windows: the verdict, the metrics that
    explain it (``full``: every one of the best epoch), and what they mean. ``result`` is what
    ``lvmctl train --json`` prints."""
    best, recipe = result["best"], labelled(result["recipe"], result.get("reads", ()))
    lines = []
    if result["stopped"]:
        lines.append(f"stopped after epoch {result['epochs']}: {result['stopped']}")
    if best is None:
        lines.append(f"{recipe}: no epoch was measured")
        return "\n".join([*lines, f"run: {result['run']}"])
    val = best["val"]
    lines += [verdict(recipe, val), ""]
    rows = [*key_rows(val), *(other_rows(val) if full else ())]
    header = ["", recipe, "direct", "difference", "95 % interval", "chance"]
    used = [column for column in range(6) if column < 2 or any(row[column] for row in rows)]
    cells = [[row[column] for column in used] for row in rows]
    lines += [table([header[column] for column in used], cells), "", measured_on(best)]
    if "r@5" in val:
        lines.append(RETRIEVAL)
        if warning := few_articles(val.get("in_article_articles")):
            lines.append(paragraph(warning))
    if result.get("direction") == "backward":
        lines.append("Articles were read backward: the next chunk is the one before the window.")
    if full:
        lines += [*([OF_Q] if "q" in val else ()), MARGIN]
    if result["demonstration"]:
        lines.append(paragraph(f"Data: {result['demonstration']}"))
    lines.append(f"run: {result['run']}")
    return "\n".join(lines)


def verdict(recipe: str, val: Mapping[str, Any]) -> str:
    """Whether the model retrieves better than ``direct``, in one sentence: by R@5, or by MRR@10
    where only that tells them apart.

    Example:
        p9 retrieves better than direct: R@5 .418 against .370, +.048 [+.012, +.081].
    """
    if "r@5" not in val:
        ours, theirs = number(val["cos_next"]), number(val["direct"]["cos_next"])
        figures = f"its cos_next is {ours}, that of direct is {theirs}"
        return paragraph(f"{recipe} was not ranked, as no article is long enough: {figures}.")
    how, path = "cannot be distinguished from direct", "r@5"
    for candidate in ("r@5", "mrr@10"):
        low, high = _ends(val, candidate)
        if low is not None and high is not None and not low <= 0 <= high:
            how, path = f"retrieves {'better' if low > 0 else 'worse'} than direct", candidate
            if few_articles(ranked := val.get("in_article_articles")):
                how += f" on {count(ranked, 'article')}, which may be chance"
            break
    ours, theirs = val[path], val["direct"][path]
    shown = f"{path.upper()} {number(ours)} against {number(theirs)}"
    lead = estimate(ours - theirs, _ends(val, path), signed=True)
    return paragraph(f"{recipe} {how}: {shown}, {lead}.")


def _ends(val: Mapping[str, Any], path: str) -> tuple[float | None, float | None]:
    """The interval of a metric's difference to ``direct``."""
    low, high = val.get("ci", {}).get(f"{path} - direct") or (None, None)
    return low, high


def measured_on(best: Mapping[str, Any]) -> str:
    """The epoch whose weights are kept, and how much it was measured on."""
    val = best["val"]
    ranked = val.get("in_article_articles")
    of = "" if ranked is None else f", {count(ranked, 'article')} ranked"
    return (
        f"Best epoch: {best['epoch']}, by {best['by']}, on "
        f"{count(val['windows'], 'validation window')}{of}."
    )


Row = tuple[str, str, str, str, str, str]


def row(
    name: str,
    ours: float,
    direct: float | None = None,
    ends: Any = None,
    chance: float | None = None,
) -> Row:
    """A metric of the model beside that of ``direct``; ``ends`` are of their difference."""
    if direct is None:
        return name, number(ours), "", "", "", "" if chance is None else number(chance)
    shown = signed(ours - direct), interval(ends, signed=True)
    return name, number(ours), number(direct), *shown, "" if chance is None else number(chance)


def key_rows(val: Mapping[str, Any]) -> Iterable[Row]:
    """The metrics that the verdict rests on."""
    direct, ci = val["direct"], val.get("ci", {})
    if "r@5" in val:
        yield row("R@5", val["r@5"], direct["r@5"], ci.get("r@5 - direct"), val["chance_r@5"])
        yield row("MRR@10", val["mrr@10"], direct["mrr@10"], ci.get("mrr@10 - direct"))
    yield row("cos_next", val["cos_next"], direct["cos_next"])


def other_rows(val: Mapping[str, Any]) -> Iterable[Row]:
    """The other metrics of a validation."""
    direct = val["direct"]
    if "r@5" in val.get("q", {}):
        yield row("R@5 of q alone", val["q"]["r@5"], direct["r@5"])
        yield row("MRR@10 of q alone", val["q"]["mrr@10"], direct["mrr@10"])
    for previous, margin in val["margin"].items():
        yield row(f"margin[{previous}]", margin, direct["margin"][previous])
    for entry in load_registry().entries("metric"):
        if entry.name in val and entry.record.chance is not None:
            name = entry.name.replace("_", " ")
            yield row(name, val[entry.name], chance=entry.record.chance)
    if "alpha_entropy" in val:
        yield row("α entropy (nats)", val["alpha_entropy"])
