"""The comparison of a sweep's trials: worked out, rendered and saved."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lvmctl.cli.reporter import TerminalReporter
from lvmctl.core.formatting import number, table
from lvmctl.evaluation.compare_rendering import compare_lines, shown

if TYPE_CHECKING:
    from lvmctl.training.sweep.trials import Trial

AGAINST = "direct"
FORMAT = "lvmctl.comparison/1"


def comparison(trials: Sequence[Trial], path: Path) -> tuple[dict[str, Any], str]:
    """Compare finished trials as ``eval compare`` does, and save it beside them: the record of
    ``comparison.json``, and the text of ``comparison.txt``."""
    from lvmctl.core.files import utf8, write_json, write_whole
    from lvmctl.evaluation.compare import compare
    from lvmctl.evaluation.eval_data import EvalRequest
    from lvmctl.registry import load_registry
    from lvmctl.training.sweep.spread import spreads

    runs = [str(trial.path) for trial in trials]
    done = compare(load_registry(), runs, AGAINST, EvalRequest(), TerminalReporter())
    groups: dict[str, list[str]] = {}
    for trial, run in zip(trials, done.runs):
        groups.setdefault(trial.group, []).append(run.name)
    record = {"format": FORMAT, **done.to_dict()}
    record["seeds"] = spreads(record, groups)
    text = "\n".join([*compare_lines(record), *seeds_text(record)])
    write_whole(path / "comparison.txt", utf8(f"{text}\n"))
    write_json(path / "comparison.json", record)
    return record, text


def seeds_text(record: Mapping[str, Any]) -> Iterator[str]:
    """Mean and spread over seeds, a table for each experiment that has several."""
    for group, spread in record["seeds"].items():
        yield ""
        yield f"{group} over {len(spread['runs'])} seeds (sd of the sample)"
        rows = [row(shown_figure(path), each) for path, each in spread["figures"].items()]
        rows += [
            row(f"{shown_figure(path)} − {record['against']}", each)
            for path, each in spread["differences"].items()
        ]
        yield table(["", "mean", "sd", "min", "max"], rows)


def shown_figure(path: str) -> str:
    """A figure's name for a reader: ``margin[last]``, ``R@5``."""
    parent, _, name = path.rpartition(".")
    return f"margin[{name}]" if parent == "margin" else shown(path)


def row(name: str, each: Mapping[str, float]) -> list[str]:
    return [
        name,
        number(each["mean"]),
        number(each["sd"], 4),
        *map(number, (each["min"], each["max"])),
    ]
