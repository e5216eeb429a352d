"""``training_history.json``: a list with one record per epoch."""

from __future__ import annotations

from typing import Any

from lvmctl.core.run_directory import RunDirectory


class History:
    """The epochs of a run, on disk as soon as each one ends.

    The file is replaced whole, so a reader sees valid JSON at every instant (follow it by name:
    ``tail -F``).
    """

    def __init__(self, run: RunDirectory, records: list[dict[str, Any]]) -> None:
        self.run = run
        self.records = records
        run.write(run.history, records)

    def append(self, record: dict[str, Any]) -> None:
        """Add the record of an epoch and replace the file."""
        self.records.append(record)
        self.run.write(self.run.history, self.records)
