"""The five tests, the gates and the verdict as tables for a reader."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from lvmctl.core.formatting import MISSING, figure, interval, number, table
from lvmctl.evaluation.rendering import heading

ROWS = (
    ("A offsets", "seed: target over k = {seed}", "offsets.seed"),
    ("", "fair: nothing outside the window nearer", "offsets.accuracy"),
    ("", "diagnostic: target over k = {fair}", "offsets.fair"),
    ("B retrieval", "seed: R@5, window among the candidates", "in_article.unfiltered.r@5"),
    ("", "fair: R@5", "in_article.filtered.r@5"),
    ("", "fair: MRR@10", "in_article.filtered.mrr@10"),
    ("", "of q alone: R@5", "q.in_article.filtered.r@5"),
    ("", "of q alone: MRR@10", "q.in_article.filtered.mrr@10"),
    ("C ablations", "window shuffled", "ablations.shuffled"),
    ("", "window reversed", "ablations.reversed"),
    ("", "one chunk left out, mean", "ablations.leave_one_out"),
    ("", "copies of the last chunk", "ablations.padded"),
    ("", "last chunk of another article", "ablations.replaced"),
    ("by MRR@10", "window shuffled", "ablations.mrr@10.shuffled"),
    ("", "window reversed", "ablations.mrr@10.reversed"),
    ("", "one chunk left out, mean", "ablations.mrr@10.leave_one_out"),
    ("", "copies of the last chunk", "ablations.mrr@10.padded"),
    ("", "last chunk of another article", "ablations.mrr@10.replaced"),
    ("D rollout", "cosine, mean of 5 steps", "rollout.mean"),
    ("E coherence", "cos_next, low (< .45)", "coherence.low"),
    ("", "cos_next, normal", "coherence.normal"),
    ("", "cos_next, high (> .55)", "coherence.high"),
    ("cosine", "cos_next", "cos_next"),
    ("margin", "last", "margin.last"),
    ("", "second_last (diagnostic)", "margin.second_last"),
    ("", "unseen", "margin.unseen"),
)
BESIDE = ("direct", "wiener")
CLASS = {
    "unit": ("oracle", "unit-margin-ceiling"),
    "anchored": ("oracle", "unit-margin-ceiling"),
    "span": ("span-oracle", "span-margin-ceiling"),
    "cone": ("cone-oracle", "cone-margin-ceiling"),
}
"""Cosine oracle and margin ceiling of each class of models."""


NOTES = """\
k counts chunks from the target; the fair rule of A is the share of windows in which no chunk near
the target, outside the window, is nearer to q than the target. C is the change in
cos(q, target): below 0, what was perturbed was used. Ceilings see the target. margin[last] below
0 is what a correct model of text has; it does not mean "backward"."""
OF_RANKERS = """\
This model ranks by a score of its own: B is by that score, and the fair rule of C is the change in
its MRR@10. All other figures are those of its vector q; nothing is fed back but a vector, so D is
not asked."""


def fivecat_text(found: dict[str, Any]) -> str:
    """The tests, then the gates, then the verdict."""
    ood = found["ood"]
    beyond = "no OOD text" if ood is None else f"OOD {ood['windows']:,} of {ood['articles']:,}"
    notes = [NOTES, OF_RANKERS] if "q" in found["predictors"][found["name"]] else [NOTES]
    lines = [f"{heading(found)}; {beyond}", "", tests_table(found), "", *notes, ""]
    lines += [gates_table(found), "", *conclusion(found["verdict"])]
    return "\n".join(lines)


def tests_table(found: dict[str, Any]) -> str:
    """A row for each test, with baselines, ceiling and chance beside it."""
    others = [name for name in BESIDE if name in found["predictors"]]
    header = ["", "", found["name"], "95 %", *others, "ceiling", "chance"]
    return table(header, list(test_rows(found, others)))


def test_rows(found: dict[str, Any], others: Sequence[str]) -> Iterator[Sequence[str]]:
    """A row for each test that could be measured."""
    trees, name = found["predictors"], found["name"]
    rivals = {rule: f"{k:+d}" for rule, k in found["sweep"][name]["rivals"].items()}
    first, gap = "", found["coherence_gap"]
    logged = [("logged", name.replace("_", " "), name) for name in found["metrics"]]
    for label, what, path in (*ROWS, *logged):
        first = label or first
        value, ci = figure(trees[name], path)
        if path == "cos_next" and gap is not None:
            which = "normal coherence" if gap["metric"].startswith("coherence") else "all windows"
            yield stated("E stability", f"val - OOD, {which}", gap, "gap", others)
        if value == MISSING:
            continue
        # The cosines of a baseline's q are what it ranks by.
        cells = [figure(trees[other], path.removeprefix("q."))[0] for other in others]
        shown = what.format(**{"seed": "", "fair": ""} | rivals)
        yield first, shown, value, ci, *cells, ceiling(found, path), chance(found, path)
        first = ""
        if path == "margin.unseen":
            for other, excess in found["excess"].items():
                yield stated("", f"unseen, excess over {other}", excess, "value", others)


def stated(
    test: str, what: str, found: dict[str, Any], value: str, others: Sequence[str]
) -> Sequence[str]:
    """A row of one figure that has nothing beside it."""
    return test, what, number(found[value]), interval(found["ci"]), *[""] * (len(others) + 2)


def ceiling(found: dict[str, Any], path: str) -> str:
    """What the best of the run's class has, where that can be said."""
    oracle, bound = CLASS[found["geometry"]]
    family = path.partition(".")[0]
    if family == "margin":
        return figure(found["ceilings"].get(bound, {}), path)[0]
    if path in found["metrics"]:
        return figure(found["ceilings"].get(found["metrics"][path]["ceiling"], {}), path)[0]
    if family == "in_article":
        return figure(found["predictors"]["oracle"], path)[0]
    if family in ("cos_next", "coherence"):
        return figure(found["predictors"][oracle], path)[0]
    return ""


def chance(found: dict[str, Any], path: str) -> str:
    """What guessing gives, where that is known."""
    if path in found["metrics"]:
        known = found["metrics"][path]["chance"]
        return "" if known is None else number(known)
    tree = found["predictors"][found["name"]]
    parent, _, name = path.rpartition(".")
    known = path == "offsets.accuracy" or parent.startswith("in_article")
    return figure(tree, f"{parent}.chance_{name}")[0] if known else ""


def gates_table(found: dict[str, Any]) -> str:
    """A row for each gate of the verdict."""
    header = ["gate", "asks", "published rule", "", "fair rule", "95 %", "", "ceiling", "verdict"]
    return table(header, [gate_row(gate) for gate in found["verdict"]["gates"]])


def gate_row(gate: dict[str, Any]) -> Sequence[str]:
    """What a gate asks, what both rules found, and its verdict."""
    sign = {">=": "≥", "<=": "≤"}[gate["op"]]
    beyond = f" {gate['against']}" if gate["against"] else ""
    bound = f"{sign}{beyond} {gate['bound']:+.2f}" if beyond else f"{sign} {gate['bound']:.2f}"
    seed, fair, best = gate["seed"], gate["fair"], gate["ceiling"]
    return (
        f"{gate['category']} {gate['name']}".strip() + (" (optional)" if gate["optional"] else ""),
        bound,
        number(seed["value"]),
        seed["status"],
        number(fair["value"]),
        interval(fair["ci"]),
        fair["status"],
        "" if best is None else f"{number(best['value'])} {best['name']}",
        gate["status"],
    )


def conclusion(verdict: dict[str, Any]) -> Iterator[str]:
    """Why gates do not count, and the verdict."""
    for gate in verdict["gates"]:
        if gate["why"]:
            yield f"{gate['name']}: {gate['status']}, {gate['why']}"
    yield (
        f"profile {verdict['profile']}: {verdict['outcome']}, {verdict['passed']} of "
        f"{verdict['counted']} counted tests passed, {verdict['needed']} needed"
    )
