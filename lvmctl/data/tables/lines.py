"""JSON lines with vectors: an object a line, ``{"vector": […], "text": "…", "article": "…"}``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

from lvmctl.core.errors import DataError, refuse
from lvmctl.core.inputs import open_data
from lvmctl.core.json_input import parse_json
from lvmctl.data.tables.rows import OTHER, kind_of, values

_LOOKED_AT = 100
"""Lines that say which columns there are, and of which kind."""


class LineRows:
    """The lines of a ``.jsonl`` file as a table; a field that a line lacks is None there."""

    def __init__(self, path: Path) -> None:
        self.name, self._path = str(path), path
        self.metadata: Mapping[str, Any] = {}
        self.notices: Sequence[str] = ()
        self.columns: dict[str, str] = {}
        for record in islice(self._records(), _LOOKED_AT):
            for key, cell in record.items():
                if self.columns.get(key, OTHER) == OTHER:
                    self.columns[key] = kind_of(cell)

    def read(self, names: Sequence[str], rows: int) -> Iterator[dict[str, Any]]:
        """See :class:`~lvmctl.data.tables.rows.Rows`."""
        records = self._records()
        while block := [[record.get(name) for name in names] for record in islice(records, rows)]:
            yield {
                name: values(self.columns[name], cells, f"{self.name}[{name}]")
                for name, cells in zip(names, map(list, zip(*block)))
            }

    def _records(self) -> Iterator[dict[str, Any]]:
        with open_data(self._path) as lines:
            for number, line in enumerate(lines, 1):
                if not line.strip():
                    continue
                where = f"{self.name}:{number}"
                hint = "each line is one JSON object in UTF-8"
                record = parse_json(line, where, DataError, hint)
                hint = 'write {"vector": […], "text": "…", "article": "…"}'
                refuse(not isinstance(record, dict), "is no object", where, hint)
                yield record
