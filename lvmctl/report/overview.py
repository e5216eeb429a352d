"""The runs side by side, above everything else."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from lvmctl.core.chunks import labelled
from lvmctl.core.formatting import metric_cells
from lvmctl.report.html import Html, render
from lvmctl.report.inputs import Inputs

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


class Column(NamedTuple):
    """A column of the table: its heading, figures with their intervals, a profile's verdict."""

    name: str
    figures: dict[str, tuple[str, str]]
    verdict: dict[str, Any] | None = None


def overview(runs: Sequence[Inputs]) -> Html:
    """The main figures of each run beside ``direct`` and chance on the same windows."""
    apart = len({data_of(run) for run in runs}) > 1
    return render("overview.html", names=list(PATHS), columns=list(columns(runs)), apart=apart)


def columns(runs: Sequence[Inputs]) -> Iterator[Column]:
    """Runs, each set of windows followed by its ``direct`` and its chance."""
    for run, following in zip(runs, [*runs[1:], None]):
        name = labelled(run.name if len(runs) > 1 else run.row, run.result.get("reads", ()))
        yield Column(name, figures(run.metrics, PATHS), run.result["verdict"])
        if following is None or data_of(following) != data_of(run):
            yield Column("direct", figures(run.predictor("direct"), PATHS))
            yield Column("chance", figures(run.metrics, CHANCE))


def figures(tree: dict[str, Any], paths: dict[str, str]) -> dict[str, tuple[str, str]]:
    """Figures of a predictor by name, each with its interval."""
    return {name: metric_cells(tree, path) for name, path in paths.items()}


def data_of(run: Inputs) -> tuple[Any, ...]:
    """What has to be equal for figures to be of the same windows."""
    val = run.result["data"]["val"]
    names = ("content_hash", "articles_sha256", "windows")
    shape = (run.result[name] for name in ("context", "horizon", "min_article"))
    return (*(val.get(name) for name in names), *shape)
