"""``lvmctl experiments``: named configurations, and where each of their values comes from."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from lvmctl.cli.complete import experiment_names
from lvmctl.cli.lazy import Group
from lvmctl.cli.output import emit, json_option
from lvmctl.config import load_experiments, parse_assignments
from lvmctl.core.errors import LvmctlError, UsageError
from lvmctl.core.formatting import paragraph, table
from lvmctl.registry import load_registry

if TYPE_CHECKING:
    from lvmctl.config import Experiment, Experiments
    from lvmctl.plan import Plan

SOURCES = ("data", "train", "val", "ood", "losses")


file_option = click.option(
    "--file",
    type=click.Path(path_type=Path),
    help="Read this file (default: the nearest experiments.toml, or lvmctl's own).",
)


@click.group(cls=Group)
def experiments() -> None:
    """List, show and validate named configurations."""


@experiments.command("list")
@file_option
@json_option
def list_(file: Path | None, as_json: bool) -> None:
    """List the experiments; invalid ones are listed with the reason."""
    known = load_experiments(file)
    rows = [_row(known, name) for name in known.names()]
    emit(
        {"file": known.path, "experiments": rows},
        "experiments.list",
        as_json,
        lambda: table(("NAME", "RECIPE", "SUMMARY"), map(_cells, rows)),
    )


def _row(known: Experiments, name: str) -> dict[str, str | None]:
    try:
        experiment = known.get(name)
    except UsageError as error:
        return {"name": name, "recipe": None, "summary": None, "error": str(error)}
    return {"name": name, "recipe": experiment.recipe, "summary": experiment.summary, "error": None}


def _cells(row: dict[str, str | None]) -> tuple[str | None, ...]:
    why = row["error"]
    return row["name"], row["recipe"], row["summary"] if why is None else f"wrong: {why}"


@experiments.command("show")
@click.argument("name", shell_complete=experiment_names)
@click.option("--set", "assignments", multiple=True, metavar="KEY=VALUE", help="Change an option.")
@file_option
@json_option
def show(name: str, assignments: tuple[str, ...], file: Path | None, as_json: bool) -> None:
    """Show every value of an experiment and its origin: default, experiments.toml or --set."""
    known = load_experiments(file)
    experiment = known.get(name)
    layers = [*experiment.layers, ("--set", parse_assignments(assignments))]
    plan = _plan(experiment, layers)
    rows = [{"option": path, "value": v, "origin": origin} for path, v, origin in plan.values()]
    shown = {
        "name": name,
        "file": known.path,
        "summary": experiment.summary,
        "recipe": experiment.recipe,
        "composition": plan.describe(),
        **{key: getattr(experiment, key) for key in SOURCES if getattr(experiment, key)},
    }
    emit(shown | {"values": rows}, "experiments.show/2", as_json, lambda: _text(shown, rows))


@experiments.command("validate")
@file_option
@json_option
@click.pass_context
def validate(ctx: click.Context, file: Path | None, as_json: bool) -> None:
    """Check every experiment against its recipe; exit code 2 when any is wrong.

    lvmctl's own file names recipes of plugins: those that are not installed are not wrong.
    """
    known = load_experiments(file)
    rows = [_validated(known, name) for name in known.names()]
    emit(
        {"file": known.path, "experiments": rows},
        "experiments.validate",
        as_json,
        lambda: table(("NAME", "STATUS", "WHY"), [tuple(row.values()) for row in rows]),
    )
    ctx.exit(UsageError.exit_code if any(row["error"] for row in rows) else 0)


def _validated(known: Experiments, name: str) -> dict[str, str | None]:
    try:
        experiment = known.get(name)
        if known.shipped and experiment.recipe not in load_registry().names("recipe"):
            return {"name": name, "status": "not installed", "error": None}
        _plan(experiment, experiment.layers)
    except LvmctlError as error:
        return {"name": name, "status": "wrong", "error": str(error)}
    return {"name": name, "status": "ok", "error": None}


def _plan(experiment: Experiment, layers: list[tuple[str, dict[str, Any]]]) -> Plan:
    from lvmctl.plan import make_plan

    return make_plan(load_registry(), experiment.recipe, layers, experiment.losses)


def _text(shown: dict[str, Any], rows: list[dict[str, Any]]) -> str:
    lines = [paragraph(f"{shown['name']}: {shown['summary']}", "  ")]
    for key in ("file", "composition", *SOURCES):
        if key in shown:
            value = shown[key]
            named = ", ".join(value) if isinstance(value, tuple) else value
            lines.append(paragraph(f"  {key}: {named}", "    "))
    cells = [(row["option"], str(row["value"]), row["origin"]) for row in rows]
    return "\n".join([*lines, "", table(("OPTION", "VALUE", "ORIGIN"), cells)])
