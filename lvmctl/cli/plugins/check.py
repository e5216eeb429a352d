"""``lvmctl plugins check``: the conformance kit on the command line."""

from __future__ import annotations

import sys
from collections import Counter
from contextlib import redirect_stdout
from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from lvmctl.cli.complete import records
from lvmctl.cli.output import emit, json_option
from lvmctl.cli.plugins.list import kind_option
from lvmctl.cli.reporter import TerminalReporter
from lvmctl.config import parse_assignments
from lvmctl.core.errors import UsageError
from lvmctl.core.formatting import table

NEEDED = ("hypothesis", "packaging")
"""What the extra ``check`` installs."""

if TYPE_CHECKING:
    from lvmctl.testing.conformance import Outcome


@click.command()
@click.argument("names", nargs=-1, required=True, metavar="NAME...", shell_complete=records())
@kind_option
@click.option("--set", "assignments", multiple=True, metavar="KEY=VALUE", help="A record's option.")
@click.option("-v", "--verbose", is_flag=True, help="Show each rule.")
@json_option
def check(
    names: tuple[str, ...],
    kind: str | None,
    assignments: tuple[str, ...],
    verbose: bool,
    as_json: bool,
) -> int:
    """Check that plugins keep the rules: named checks pass, fail or are skipped.

    A NAME is a plugin, which is checked with all its records, or one record. It is checked with its
    default options, or those of --set. Exits with 1 when a check fails.

    \b
    lvmctl plugins check p8
    lvmctl plugins check listwise --set temperature=0.1
    lvmctl plugins check lvmctl-angular-margin --json
    lvmctl plugins check --kind loss ./my_loss.py:MyLoss
    """
    with redirect_stdout(sys.stderr):
        try:
            from lvmctl.testing.conformance import cases

            options = parse_assignments(assignments)
            chosen = [case for name in names for case in cases(name, options, kind=kind)]
        except ModuleNotFoundError as error:
            if error.name not in NEEDED:
                raise
            raise UsageError(
                f"the checks need {error.name}", hint="pip install 'lvmctl[check]'"
            ) from error
        outcomes = []
        with TerminalReporter().progress("checks", "checks", len(chosen)) as advance:
            for case in chosen:
                outcomes.append(case.outcome())
                advance(1)
    counts = Counter(outcome.status for outcome in outcomes)
    summary = {status: counts[status] for status in ("pass", "fail", "skip")}
    emit(
        {"summary": summary, "checks": [asdict(outcome) for outcome in outcomes]},
        "plugins.check",
        as_json,
        lambda: _text(outcomes, summary, verbose),
    )
    return 1 if counts["fail"] else 0


def _text(outcomes: list[Outcome], summary: dict[str, int], verbose: bool) -> str:
    """A table of checks for each subject, and how many ended how."""
    blocks = []
    for subject in dict.fromkeys(outcome.subject for outcome in outcomes):
        rows = []
        for outcome in outcomes:
            if outcome.subject == subject:
                rows.append((outcome.check, outcome.status, outcome.why))
                if verbose:
                    rows.append(("", "", outcome.rule))
        blocks.append(f"{subject}\n{table(('CHECK', 'RESULT', 'WHY'), rows)}")
    blocks.append(", ".join(f"{count} {_ENDINGS[status]}" for status, count in summary.items()))
    return "\n\n".join(blocks)


_ENDINGS = {"pass": "passed", "fail": "failed", "skip": "skipped"}
