"""Predictors measured on the same windows, as tables for a reader."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from lvmctl.core.chunks import labelled
from lvmctl.core.formatting import (
    MISSING,
    count,
    few_articles,
    metric_cells,
    number,
    paragraph,
    table,
)
from lvmctl.core.tree import get_number

POOLS = {
    "in-article": ("in_article.filtered", "all chunks of the article but the window's (primary)"),
    "future": ("in_article.future", "the article's chunks after the window"),
    "global": ("global.filtered", "all chunks of the split but the window's"),
    "unfiltered": ("in_article.unfiltered", "the article with the window, as the original work"),
}
"""Pools by what the command line calls them: the path of their metrics, and what they hold."""

PRIMARY = "in_article.filtered"
RANKS = {"r@1": "R@1", "r@5": "R@5", "r@10": "R@10", "mrr": "MRR", "mrr@10": "MRR@10"}
PREVIOUS = ("last", "second_last", "unseen")

MARGINS = """\
margin[P] is cos(q, target) - cos(q, P). last and second_last lie in the window;
unseen is the target's mirror image before it. margin[last] below 0 is what a
correct model of text has: it does not mean "backward". margin[second_last] is
diagnostic. Ceilings see the target: no model of that class can have a larger
margin."""

SUMMARY = {
    f"{PRIMARY}.r@5": "R@5",
    f"{PRIMARY}.r@1": "R@1",
    f"{PRIMARY}.mrr@10": "MRR@10",
    "global.filtered.r@10": "global R@10",
    "cos_next": "cos_next",
}
"""Metrics of the summary by path, with what they are called."""

SUMMARY_NOTE = """\
Compare with direct, which retrieves with the last chunk itself; oracles see the
target. Intervals resample articles."""


def heading(result: Mapping[str, Any], more: str = "") -> str:
    """What was evaluated on what, and ``more`` of that, wrapped."""
    val = result["data"]["val"]
    who = f"{result['run']} ({result['recipe']}) on " if "run" in result else ""
    return paragraph(
        f"{who}{count(result['windows'], 'window')} of {count(result['articles'], 'article')} of "
        f"{val['name']}, "
        f"K = {result['context']}, horizon {result['horizon']}{more}",
    )


def rank_rows(predictors: Mapping[str, Any], path: str) -> list[Sequence[str]]:
    """A row per predictor: metrics, and the interval of R@5; one more for the q of a ranker."""
    rows = []
    for predictor, tree in with_q(predictors):
        cells = {name: metric_cells(tree, f"{path}.{name}") for name in RANKS}
        rows.append([predictor, *(value for value, _ in cells.values()), cells["r@5"][1]])
    return rows


def label(name: str, tree: Mapping[str, Any]) -> str:
    """What the row of a predictor is called, with what it reads beside vectors."""
    return labelled(name, tree.get("reads", ()))


def inputs(reads: Sequence[str]) -> str:
    """What a model must be given, in a line."""
    named = ", ".join(["chunk vectors", *reads])
    return f"inputs: {named}" + ("" if not reads else " (of the window and of every candidate)")


def with_q(predictors: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Labels and trees of predictors; a run with its own score is followed by its q alone."""
    for name, tree in predictors.items():
        yield label(name, tree), tree
        if "q" in tree:
            yield f"{name}, q alone", tree["q"]


def ranks_text(result: Mapping[str, Any], pool: str) -> str:
    """Ranks of the target in one of :data:`POOLS`, with chance and the mean size of the pool."""
    path, what = POOLS[pool]
    family, _, name = path.partition(".")
    counted = next(iter(result["predictors"].values()))[family][name]
    lines = [heading(result), f"pool: {what}"]
    if not counted["windows"]:
        lines.append(f"no article has {result['min_article']} chunks: lower --min-article")
        return "\n".join(lines)
    rows = rank_rows(result["predictors"], path)
    rows.append(["chance", *(number(counted[f"chance_{name}"]) for name in RANKS), ""])
    lines += ["", table(["", *RANKS.values(), "R@5, 95 %"], rows), ""]
    least = "" if family == "global" else f" in articles of at least {result['min_article']} chunks"
    lines.append(
        f"{count(counted['windows'], 'window')}{least}, "
        f"{counted['pool_mean']:,.1f} candidates on average"
    )
    return "\n".join(lines)


def margin_rows(result: Mapping[str, Any]) -> list[Sequence[str]]:
    """A row per predictor and bound: cos_next with its interval, and each named margin."""
    rows = []
    for name, tree in result["predictors"].items():
        rows.append([name, *metric_cells(tree, "cos_next"), *by_previous(tree, "margin")])
    for name, margins in result.get("ceilings", {}).items():
        rows.append([name, "", "", *by_previous(margins, "margin")])
    return rows


def by_previous(tree: Mapping[str, Any], family: str) -> list[str]:
    """``margin`` or ``cos_prev`` of each named previous chunk."""
    return [number(tree.get(family, {}).get(previous)) for previous in PREVIOUS]


def margins_text(result: Mapping[str, Any], full: bool = False) -> str:
    """Margins by name, with their ceilings where these were worked out.

    Args:
        full: show the cosines to the previous chunks, too.
    """
    header = ["margin of", "cos_next", "95 % interval", *PREVIOUS]
    lines = [heading(result), "", table(header, margin_rows(result)), ""]
    if full:
        rows = [
            [name, *by_previous(tree, "cos_prev")] for name, tree in result["predictors"].items()
        ]
        lines += [table(["cosine of q to", *PREVIOUS], rows), ""]
    return "\n".join([*lines, MARGINS])


def summary_text(result: Mapping[str, Any], full: bool = False) -> str:
    """What was measured of each predictor: in-article and global retrieval, and cosine.

    Args:
        full: show the margins, too.
    """
    rows = []
    for name, tree in result["predictors"].items():
        first, *others = (metric_cells(tree, path) for path in SUMMARY)
        rows.append([label(name, tree), *first, *(value for value, _ in others)])
    tree = next(reversed(result["predictors"].values()))
    chances = [get_number(tree, chance_of(path)) for path in SUMMARY]
    if any(value is not None for value in chances):
        first, *others = ("" if value is None else number(value) for value in chances)
        rows.append(["chance", first, "", *others])
    first, *others = SUMMARY.values()
    header = ["", first, "95 % interval", *others]
    filled = [
        column
        for column in range(len(header))
        if column == 0 or any(row[column] not in ("", MISSING) for row in rows)
    ]
    shown = table([header[i] for i in filled], [[row[i] for i in filled] for row in rows])
    lines = [heading(result)]
    if warning := few_articles(result["articles"]):
        lines.append(paragraph(warning))
    lines += ["", shown, "", paragraph(" ".join([*legend(result, tree), SUMMARY_NOTE]))]
    if full:
        margins = table(["margin of", "cos_next", "95 % interval", *PREVIOUS], margin_rows(result))
        lines += ["", margins, "", MARGINS]
    return "\n".join(lines)


def legend(result: Mapping[str, Any], tree: Mapping[str, Any]) -> Iterator[str]:
    """What the ranks are among of which ``tree``, of a predictor, has some, or why there are
    none."""
    windows = get_number(tree, f"{PRIMARY}.windows")
    if windows:
        yield (
            "R@5, R@1 and MRR@10 rank the true next chunk among the chunks of its article outside "
            f"the window (articles of at least {result['min_article']} chunks)."
        )
    elif windows is not None:
        yield too_short(result)
    if get_number(tree, "global.filtered.r@10") is not None:
        yield "Global R@10 ranks it among all chunks of the split."


def too_short(result: Mapping[str, Any]) -> str:
    """Why there are no ranks within articles."""
    needed = f"the {result['min_article']} chunks that R@5 and MRR@10 need"
    return f"No rank of the true next chunk in its article: none has {needed} (--min-article)."


def chance_of(path: str) -> str:
    """Where the chance level of a metric stands."""
    parent, _, name = path.rpartition(".")
    return f"{parent}.chance_{name}"
