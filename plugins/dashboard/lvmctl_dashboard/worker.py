"""One evaluation or diagnostic in a process of its own, so that it can be cancelled.

``python -m lvmctl_dashboard.worker`` reads what is asked as JSON from stdin and writes one JSON
object a line: ``message``, ``stage`` with ``done`` and ``total``, at last ``result`` or ``error``.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from typing import Any

import lvmctl

PAUSE = 0.1
"""Seconds between two lines about one stage."""


def write(**line: Any) -> None:
    """Write a line for the dashboard."""
    print(json.dumps(line), flush=True)


class Lines(lvmctl.Reporter):
    """Writes messages and progress as lines."""

    def info(self, message: str) -> None:
        write(message=message)

    @contextmanager
    def progress(
        self, what: str, unit: str, total: int | None = None, done: int = 0
    ) -> Iterator[Callable[[int], object]]:
        written = 0.0

        def advance(count: int) -> None:
            nonlocal done, written
            done += count
            now = time.monotonic()
            if now - written >= PAUSE or done == total:
                written = now
                write(stage=what, unit=unit, done=done, total=total)

        advance(0)
        yield advance


def compare(runs: list[str], data: str | None, max_windows: int | None) -> dict[str, Any]:
    """Runs beside baselines on the same windows."""
    compared = lvmctl.compare(runs, data=data, max_windows=max_windows, reporter=Lines())
    return compared.to_dict()


def diagnose(name: str, data: str | None) -> dict[str, Any]:
    """What a diagnostic of data says, with its tables."""
    diagnosis = lvmctl.diagnose(name, data, reporter=Lines())
    return diagnosis.to_dict() | {"tables": [asdict(table) for table in diagnosis.tables]}


def report(run: str) -> dict[str, Any]:
    """The report page of a run, written into it."""
    lvmctl.Run(run).report(reporter=Lines())
    return {"run": lvmctl.Run(run).name}


WORK: dict[str, Callable[..., dict[str, Any]]] = {
    "compare": compare,
    "diagnose": diagnose,
    "report": report,
}


def main() -> None:
    asked = json.load(sys.stdin)
    try:
        write(result=WORK[asked.pop("work")](**asked))
    except lvmctl.LvmctlError as error:
        write(error=str(error))


if __name__ == "__main__":
    main()
