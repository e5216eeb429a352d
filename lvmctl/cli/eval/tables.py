"""``lvmctl eval retrieval``, ``direction`` and ``baselines``: predictors as rows of a table."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from contextlib import redirect_stdout
from typing import Any

import click

from lvmctl.cli.eval.options import data_options, run_argument
from lvmctl.cli.output import emit, json_option
from lvmctl.cli.reporter import Terminal
from lvmctl.config import TRANSFORMS
from lvmctl.core.formatting import figure, number, table

POOLS = {
    "in-article": ("in_article.filtered", "all chunks of the article but the window's (primary)"),
    "future": ("in_article.future", "the article's chunks after the window"),
    "global": ("global.filtered", "all chunks of the split but the window's"),
    "unfiltered": ("in_article.unfiltered", "the article with the window, as the original work"),
}
RANKS = {"r@1": "R@1", "r@5": "R@5", "r@10": "R@10", "mrr": "MRR", "mrr@10": "MRR@10"}
PREVIOUS = ("last", "second_last", "unseen")

MARGINS = """\
margin[P] is cos(q, target) - cos(q, P). last and second_last lie in the window; unseen is the
target's mirror image before it. margin[last] below 0 is what a correct model of text has: it does
not mean "backward". margin[second_last] is diagnostic. Ceilings see the target: no model of that
class can have a larger margin."""


@click.command()
@run_argument
@data_options
@click.option(
    "--pool",
    type=click.Choice(list(POOLS)),
    default="in-article",
    show_default=True,
    help="What the target is ranked among.",
)
@json_option
def retrieval(run: str | None, pool: str, as_json: bool, **asked: Any) -> None:
    """Rank the true chunk among candidates, for RUN and every baseline.

    Rank = 1 + better + half of the ties, exact in float64. Chance and the mean pool size stand
    below the table.

    \b
    lvmctl eval retrieval
    lvmctl eval retrieval runs/p8_a --data stores/books --pool global
    """
    path, what = POOLS[pool]
    family, _, name = path.partition(".")
    pools = (name,) if family == "in_article" else ()
    found = measured(run, asked, pools=pools, everywhere=pool == "global")
    emit({"pool": pool, **found}, "eval.retrieval", as_json, lambda: ranks_text(found, path, what))


@click.command()
@run_argument
@data_options
@json_option
def direction(run: str | None, as_json: bool, **asked: Any) -> None:
    """Cosines to the target and to each previous chunk, by name, with margins and their ceilings.

    \b
    lvmctl eval direction
    lvmctl eval direction runs/p8_a --data stores/books@val --json
    """
    found = measured(run, asked, pools=(), everywhere=False, bounds=True)
    emit(found, "eval.direction", as_json, lambda: margins_text(found))


@click.command()
@data_options
@click.option("--context", type=click.IntRange(1), default=5, show_default=True, help="K, chunks.")
@click.option("--horizon", type=click.IntRange(1), default=1, show_default=True, help="h, ahead.")
@click.option(
    "--transform",
    type=click.Choice(TRANSFORMS),
    help="What chunks go through first, fitted on the training articles.",
)
@json_option
def baselines(context: int, horizon: int, as_json: bool, **asked: Any) -> None:
    """Baselines and oracles on every window of a store; no model is needed.

    Baselines that learn (ema, wiener, ridge, anything centred) need --train.

    \b
    lvmctl eval baselines
    lvmctl eval baselines --data stores/books --train stores/essays --json
    lvmctl eval baselines --transform centred
    """
    from lvmctl.evaluation.eval_data import Asked
    from lvmctl.evaluation.evaluate import evaluate_store
    from lvmctl.evaluation.measure import Protocol
    from lvmctl.registry import load_registry

    with redirect_stdout(sys.stderr):
        done = evaluate_store(
            load_registry(), Asked(**asked), (context, horizon), Protocol(), Terminal()
        )
    found = done.to_dict()
    emit(found, "eval.baselines", as_json, lambda: baselines_text(found))


def measured(
    run: str | None,
    asked: Mapping[str, Any],
    pools: tuple[str, ...],
    everywhere: bool,
    bounds: bool = False,
) -> dict[str, Any]:
    """The record of a run and of every baseline on the same windows."""
    from lvmctl.evaluation.eval_data import Asked
    from lvmctl.evaluation.evaluate import evaluate_run
    from lvmctl.evaluation.measure import Protocol
    from lvmctl.registry import load_registry

    protocol = Protocol(pools=pools, everywhere=everywhere)
    with redirect_stdout(sys.stderr):
        done = evaluate_run(
            load_registry(), run, Asked(**asked), protocol, Terminal(), bounds=bounds
        )
    return done.to_dict()


def heading(found: Mapping[str, Any]) -> str:
    """What was evaluated on what."""
    val = found["data"]["val"]
    who = f"{found['run']} ({found['recipe']}) on " if "run" in found else ""
    return (
        f"{who}{found['windows']:,} windows of {found['articles']:,} articles of {val['name']}, "
        f"K = {found['context']}, horizon {found['horizon']}"
    )


def rank_rows(predictors: Mapping[str, Any], path: str) -> list[Sequence[str]]:
    """A row per predictor: figures, and the interval of R@5."""
    rows = []
    for predictor, tree in predictors.items():
        cells = {name: figure(tree, f"{path}.{name}") for name in RANKS}
        rows.append([predictor, *(value for value, _ in cells.values()), cells["r@5"][1]])
    return rows


def ranks_text(found: dict[str, Any], path: str, what: str) -> str:
    family, _, name = path.partition(".")
    pool = next(iter(found["predictors"].values()))[family][name]
    lines = [heading(found), f"pool: {what}"]
    if not pool["windows"]:
        lines.append(f"no article has {found['min_article']} chunks: lower --min-article")
        return "\n".join(lines)
    rows = rank_rows(found["predictors"], path)
    rows.append(["chance", *(number(pool[f"chance_{name}"]) for name in RANKS), ""])
    lines += ["", table(["", *RANKS.values(), "R@5, 95 %"], rows), ""]
    least = "" if family == "global" else f" in articles of at least {found['min_article']} chunks"
    lines.append(
        f"{pool['windows']:,} windows{least}, {pool['pool_mean']:,.1f} candidates on average"
    )
    return "\n".join(lines)


def margin_rows(found: dict[str, Any]) -> list[Sequence[str]]:
    """A row per predictor and bound: cos_next with its interval, and each named margin."""
    rows = []
    for name, tree in found["predictors"].items():
        cells = [
            number(tree.get(family, {}).get(previous))
            for family in ("cos_prev", "margin")
            for previous in PREVIOUS
        ]
        rows.append([name, *figure(tree, "cos_next"), *cells])
    for name, margins in found.get("ceilings", {}).items():
        cells = [number(margins["margin"].get(previous)) for previous in PREVIOUS]
        rows.append([name, "", "", "", "", "", *cells])
    return rows


def margins_text(found: dict[str, Any]) -> str:
    header = ["", "cos_next", "95 %"]
    header += [f"cos[{p}]" for p in PREVIOUS] + [f"margin[{p}]" for p in PREVIOUS]
    return "\n".join([heading(found), "", table(header, margin_rows(found)), "", MARGINS])


def baselines_text(found: dict[str, Any]) -> str:
    pool = "in_article.filtered"
    header = ["", "cos_next", *(f"margin[{p}]" for p in PREVIOUS), "R@1", "R@5", "95 %", "MRR@10"]
    header.append("global R@10")
    rows = []
    for name, tree in found["predictors"].items():
        margins = [number(tree["margin"].get(previous)) for previous in PREVIOUS]
        r5, ci = figure(tree, f"{pool}.r@5")
        ranks = [figure(tree, f"{pool}.r@1")[0], r5, ci, figure(tree, f"{pool}.mrr@10")[0]]
        everywhere = figure(tree, "global.filtered.r@10")[0]
        rows.append([name, number(tree["cos_next"]), *margins, *ranks, everywhere])
    inside = tree["in_article"]["filtered"]
    if inside["windows"]:
        rows.append(
            ["chance", "", "", "", ""]
            + [number(inside[f"chance_{name}"]) for name in ("r@1", "r@5")]
            + ["", number(inside["chance_mrr@10"])]
            + [number(tree["global"]["filtered"]["chance_r@10"])]
        )
    lines = [heading(found), "", table(header, rows), ""]
    lines.append(
        "R@1, R@5 and MRR@10 rank the true chunk among the chunks of its article outside the "
        f"window\n(articles of at least {found['min_article']} chunks), global R@10 among all."
    )
    return "\n".join(lines)
