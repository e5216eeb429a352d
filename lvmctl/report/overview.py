"""The runs side by side, above everything else."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from lvmctl.core.formatting import interval, number
from lvmctl.report.html import Html, figure, joined, table, tag
from lvmctl.report.inputs import Inputs
from lvmctl.report.numbers import at, interval_at
from lvmctl.report.verdict import word

POOL = "in_article.filtered"
PATHS = {
    "R@5": f"{POOL}.r@5",
    "MRR@10": f"{POOL}.mrr@10",
    "cos_next": "cos_next",
    "margin[last]": "margin.last",
    "margin[second_last]": "margin.second_last",
    "margin[unseen]": "margin.unseen",
}
CHANCE = {"R@5": f"{POOL}.chance_r@5", "MRR@10": f"{POOL}.chance_mrr@10"}

APART = """\
These runs were evaluated on different windows: their figures cannot be compared. lvmctl eval
compare puts them on the same targets."""


def overview(runs: Sequence[Inputs]) -> Html:
    """The main figures of each run beside ``direct`` and chance on the same windows."""
    given = list(columns(runs))
    rows = [(name, *(column[name] for _, column in given)) for name in (*PATHS, "verdict")]
    parts = [table("Main figures, with 95 % intervals", ("", *(name for name, _ in given)), rows)]
    if len({data_of(run) for run in runs}) > 1:
        parts.append(tag("p", APART))
    return joined(parts)


def columns(runs: Sequence[Inputs]) -> Iterator[tuple[str, dict[str, object]]]:
    """Runs, each set of windows followed by its ``direct`` and its chance."""
    for run, following in zip(runs, [*runs[1:], None]):
        name = run.name if len(runs) > 1 else run.row
        verdict = run.found["verdict"]
        said = f"{verdict['passed']} of {verdict['counted']} ({verdict['profile']})"
        yield (
            name,
            figures(run.own) | {"verdict": joined([word(verdict["outcome"]), said], " ")},
        )
        if following is None or data_of(following) != data_of(run):
            yield "direct", figures(run.predictor("direct")) | {"verdict": ""}
            chance = {name: number(at(run.own, path)) for name, path in CHANCE.items()}
            yield "chance", dict.fromkeys((*PATHS, "verdict"), "") | chance


def figures(tree: dict[str, Any]) -> dict[str, Html]:
    """Main figures of a predictor, their intervals small beside them."""
    return {
        name: figure(number(at(tree, path)), interval=interval(interval_at(tree, path)))
        for name, path in PATHS.items()
    }


def data_of(run: Inputs) -> tuple[Any, ...]:
    """What has to be equal for figures to be of the same windows."""
    val = run.found["data"]["val"]
    names = ("content_hash", "articles_sha256", "windows")
    shape = (run.found[name] for name in ("context", "horizon", "min_article"))
    return (*(val.get(name) for name in names), *shape)
