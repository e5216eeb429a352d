"""The five tests, the gates and the verdict as tables for a reader."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from lvmctl.core.formatting import (
    MISSING,
    count,
    few_articles,
    interval,
    metric_cells,
    number,
    paragraph,
    table,
)
from lvmctl.core.tree import get_number
from lvmctl.evaluation.gates.profile_verdicts import enough
from lvmctl.evaluation.rendering import PRIMARY, chance_of, heading, inputs, label, too_short

ROWS = (
    ("A offsets", "published: k = {seed}", "offsets.seed"),
    ("", "fair: accuracy", "offsets.accuracy"),
    ("", "margin: k = {fair}", "offsets.fair"),
    ("B retrieval", "published: R@5", "in_article.unfiltered.r@5"),
    ("", "fair: R@5", "in_article.filtered.r@5"),
    ("", "fair: MRR@10", "in_article.filtered.mrr@10"),
    ("", "R@5 of q alone", "q.in_article.filtered.r@5"),
    ("", "MRR@10 of q alone", "q.in_article.filtered.mrr@10"),
    ("C ablations", "shuffled", "ablations.shuffled"),
    ("", "reversed", "ablations.reversed"),
    ("", "one chunk left out", "ablations.leave_one_out"),
    ("", "last chunk copied", "ablations.padded"),
    ("", "last chunk foreign", "ablations.replaced"),
    ("C ablations, by MRR@10", "shuffled", "ablations.mrr@10.shuffled"),
    ("", "reversed", "ablations.mrr@10.reversed"),
    ("", "one chunk left out", "ablations.mrr@10.leave_one_out"),
    ("", "last chunk copied", "ablations.mrr@10.padded"),
    ("", "last chunk foreign", "ablations.mrr@10.replaced"),
    ("D rollout", "mean of 5 steps", "rollout.mean"),
    ("E coherence", "low (< .45)", "coherence.low"),
    ("", "normal", "coherence.normal"),
    ("", "high (> .55)", "coherence.high"),
    ("cosines and margins", "cos_next", "cos_next"),
    ("", "margin[last]", "margin.last"),
    ("", "margin[second_last]", "margin.second_last"),
    ("", "margin[unseen]", "margin.unseen"),
)
"""Tests, their rows and the paths of these."""

KEY_ROWS = {
    "R@5": "in_article.filtered.r@5",
    "MRR@10": "in_article.filtered.mrr@10",
    "cos_next": "cos_next",
}
"""What is shown without ``--full``."""

BESIDE = ("direct", "wiener")
CLASS = {
    "unit": ("oracle", "unit-margin-ceiling"),
    "anchored": ("oracle", "unit-margin-ceiling"),
    "span": ("span-oracle", "span-margin-ceiling"),
    "cone": ("cone-oracle", "cone-margin-ceiling"),
}
"""Cosine oracle and margin ceiling of each class of models."""


RANKS = (
    "R@5 and MRR@10 rank the true next chunk among all chunks of its article outside the window."
)
LEGEND = """\
direct retrieves with the last chunk itself, wiener is K weights fitted by least squares. The
ceiling is the best that a model of this class can have; chance is guessing. Intervals resample
articles. --full shows all tests."""
NOTES = """\
A: k counts chunks from the target; accuracy is the share of windows in which no
chunk near the target, outside the window, is nearer to q than the target.
B: the published rule keeps the window among the candidates.
C: the change in cos(q, target) when the window is perturbed; below 0, what was
perturbed was used. D: cosine when q is fed back. E: cos_next by the coherence
of the window. Ceilings see the target. margin[last] below 0 is what a correct
model of text has; it does not mean "backward"."""
OF_RANKERS = """\
This model ranks by a score of its own: B is by that score, and the fair rule of
C is the change in its MRR@10. All other metrics are those of its vector q;
nothing is fed back but a vector, so D is not asked."""


def fivecat_text(result: dict[str, Any], full: bool = False) -> str:
    """The verdict, the gates it counts and the metrics that explain it.

    Args:
        full: all rows of the five tests, and the published rule of each gate.
    """
    ood, is_ranker = result["ood"], "q" in result["predictors"][result["name"]]
    beyond = "no text of another source"
    if ood is not None:
        beyond = f"{count(ood['windows'], 'window')} of another source"
    lines = [
        *conclusion(result["verdict"], result["articles"]),
        "",
        gates_table(result["verdict"], full),
        *reasons(result["verdict"]),
    ]
    if result.get("reads") or result["verdict"]["profile"] == "ship":  # what it must be given
        lines.append(inputs(result.get("reads", ())))
    lines += ["", heading(result, f"; {beyond}"), "", metrics_table(result, full), ""]
    tree = result["predictors"][result["name"]]
    ranked = bool(get_number(tree, f"{PRIMARY}.windows"))
    lines += [] if ranked or not full else [paragraph(too_short(result))]
    lines += [NOTES if full else paragraph(f"{RANKS if ranked else too_short(result)} {LEGEND}")]
    lines += [OF_RANKERS] if is_ranker else []
    return "\n".join(lines)


def metrics_table(result: dict[str, Any], full: bool) -> str:
    """The metrics that say whether the run is of use, or a row for each test, with baselines,
    ceiling and chance beside them."""
    others = [name for name in BESIDE if name in result["predictors"]]
    run = label(result["name"], result["predictors"][result["name"]])
    rows = (metric_row(result, name, path, others) for name, path in KEY_ROWS.items())
    shown = test_rows(result, others) if full else (row for row in rows if row[1] != MISSING)
    return table(["", run, "95 % interval", *others, "ceiling", "chance"], shown)


def metric_row(
    result: dict[str, Any], label: str, path: str, others: Sequence[str]
) -> Sequence[str]:
    """A metric of the run beside the baselines', its ceiling and chance."""
    trees = result["predictors"]
    value, ci = metric_cells(trees[result["name"]], path)
    # The cosines of a baseline's q are what it ranks by.
    cells = [metric_cells(trees[other], path.removeprefix("q."))[0] for other in others]
    return label, value, ci, *cells, ceiling(result, path), chance(result, path)


def test_rows(result: dict[str, Any], others: Sequence[str]) -> Iterator[Sequence[str]]:
    """A row for each test that could be measured, below the name of its category."""
    name = result["name"]
    rivals = {rule: f"{k:+d}" for rule, k in result["sweep"][name]["rivals"].items()}
    blank, heading, gap = [""] * (len(others) + 4), "", result["coherence_gap"]
    logged = [("logged", name.replace("_", " "), name) for name in result["metrics"]]
    for category, what, path in (*ROWS, *logged):
        heading = category or heading
        if path == "cos_next" and gap is not None:
            which = "normal" if gap["metric"].startswith("coherence") else "all"
            yield ["E stability", *blank]
            yield stated(f"val - ood, {which}", gap, "gap", others)
        label = "  " + what.format(**{"seed": "", "fair": ""} | rivals)
        row = metric_row(result, label, path, others)
        if row[1] == MISSING:
            continue
        if heading:
            yield [heading, *blank]
        yield row
        heading = ""
        if path == "margin.unseen":
            for other, excess in result["excess"].items():
                yield stated(f"unseen - {other}", excess, "value", others)


def stated(label: str, metric: dict[str, Any], value: str, others: Sequence[str]) -> Sequence[str]:
    """A row of one metric that has nothing beside it."""
    cells = number(metric[value]), interval(metric["ci"])
    return f"  {label}", *cells, *[""] * (len(others) + 2)


def ceiling(result: dict[str, Any], path: str) -> str:
    """What the best of the run's class has, where that is known."""
    oracle, bound = CLASS[result["geometry"]]
    family = path.partition(".")[0]
    if family == "margin":
        return metric_cells(result["ceilings"].get(bound, {}), path)[0]
    if path in result["metrics"]:
        return metric_cells(result["ceilings"].get(result["metrics"][path]["ceiling"], {}), path)[0]
    if family == "in_article":
        return metric_cells(result["predictors"]["oracle"], path)[0]
    if family in ("cos_next", "coherence"):
        return metric_cells(result["predictors"][oracle], path)[0]
    return ""


def chance(result: dict[str, Any], path: str) -> str:
    """What guessing gives, where that is known."""
    if path in result["metrics"]:
        known = result["metrics"][path]["chance"]
        return "" if known is None else number(known)
    tree = result["predictors"][result["name"]]
    known = path == "offsets.accuracy" or path.startswith("in_article")
    return metric_cells(tree, chance_of(path))[0] if known else ""


def gates_table(verdict: dict[str, Any], full: bool = False) -> str:
    """A row for each gate of the verdict; with ``full`` the published rule's answer, too."""
    header = ["gate", "asks", "value", "95 % interval"]
    header += [*(["published", ""] if full else ["ceiling"]), "verdict"]
    return table(header, [gate_row(gate, verdict["profile"], full) for gate in verdict["gates"]])


def gate_row(gate: dict[str, Any], profile: str, full: bool) -> Sequence[str]:
    """What a gate asks, what was measured, and its verdict."""
    sign = {">=": "≥", "<=": "≤"}[gate["op"]]
    bound = number(gate["bound"], 2, signed=bool(gate["against"]))
    asks = f"{sign} {gate['against']} {bound}" if gate["against"] else f"{sign} {bound}"
    name = f"{gate['category']} {gate['name'].removeprefix(f'{profile}-')}".strip()
    published, fair, best = gate["seed"], gate["fair"], gate["ceiling"]
    top = "" if best is None else number(best["value"])
    return (
        name + ("*" if gate["optional"] else ""),
        asks,
        number(fair["value"]),
        interval(fair["ci"]),
        *((number(published["value"]), published["status"]) if full else (top,)),
        gate["status"],
    )


def reasons(verdict: dict[str, Any]) -> Iterator[str]:
    """Why gates do not count, a line each."""
    if any(gate["optional"] for gate in verdict["gates"]):
        yield "* optional: shown, not counted"
    for gate in verdict["gates"]:
        if gate["why"]:
            yield paragraph(f"{gate['name']}: {gate['status']}, {gate['why']}")


def conclusion(verdict: dict[str, Any], articles: int | None = None) -> Iterator[str]:
    """The verdict in one sentence, and a warning where it rests on few articles."""
    yield paragraph(f"{verdict['outcome']} by profile {verdict['profile']}: {tally(verdict)}.")
    if warning := few_articles(articles):
        yield paragraph(warning)


def tally(verdict: dict[str, Any]) -> str:
    """How many tests passed, or why that is no verdict."""
    counted, passed = verdict["counted"], verdict["passed"]
    if verdict["outcome"] != "UNDECIDED":
        return f"{passed} of {counted} counted tests passed, {verdict['needed']} needed"
    needed = enough(len(verdict["tests"]))
    did = f"only {counted} did ({passed} passed)" if counted else "none did"
    return (
        f"at least {count(needed, 'test')} must count for a verdict, and of "
        f"{len(verdict['tests'])} {did}"
    )
