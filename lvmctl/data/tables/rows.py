"""What every kind of table is read as: named columns of a known kind, block by block."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from lvmctl.core.errors import DataError, refuse
from lvmctl.core.inputs import open_data
from lvmctl.core.json_input import parse_json

VECTOR, VECTORS, TEXT, TEXTS, WHOLE, NUMBER, OTHER = (
    *("vector", "list of vectors", "text", "list of texts"),
    *("whole number", "number", "something else"),
)
"""Kinds of columns, as messages call them."""

SCALARS = (TEXT, WHOLE)
"""Kinds that can name an article."""


LINES_LOOKED_AT = 100
"""Lines of a JSONL file that say which columns there are, and of which kind."""


class Rows(Protocol):
    """A table.

    Attributes:
        name: how messages call it.
        columns: the kind of each column.
        metadata: the manifest of the store that it was exported from, or nothing.
        notices: what is converted, one line each.
    """

    name: str
    columns: Mapping[str, str]
    metadata: Mapping[str, Any]
    notices: Sequence[str]

    def read(self, names: Sequence[str], rows: int) -> Iterator[dict[str, Any]]:
        """The columns ``names`` in blocks of about ``rows`` rows: a ``vector`` as an array
        (n, D), a ``list of vectors`` as a :class:`Nested`, anything else as a list."""


@dataclass(frozen=True)
class Nested:
    """Vectors of some rows, one after another.

    Attributes:
        vectors: (sum of lengths, D).
        lengths: (n,) how many each row has.
    """

    vectors: np.ndarray
    lengths: np.ndarray

    def __len__(self) -> int:
        return len(self.lengths)


def kind_of(cell: Any) -> str:
    """The kind of a column of Python objects or arrays that holds this ``cell``."""
    if isinstance(cell, str):
        return TEXT
    if isinstance(cell, bool | np.bool_ | bytes | Mapping) or cell is None:
        return OTHER
    if isinstance(cell, int | np.integer):
        return WHOLE
    if isinstance(cell, float | np.floating):
        return NUMBER
    if not hasattr(cell, "__len__") or not hasattr(cell, "__getitem__") or not len(cell):
        return OTHER
    inner = kind_of(cell[0])
    return {TEXT: TEXTS, WHOLE: VECTOR, NUMBER: VECTOR, VECTOR: VECTORS}.get(inner, OTHER)


def values(kind: str, cells: Sequence[Any], where: str) -> Any:
    """Cells of a column as :meth:`Rows.read` gives them."""
    if kind == VECTOR:
        return matrix(cells, where)
    if kind == VECTORS:
        lengths = np.array([len(cell) for cell in cells], np.int64)
        return Nested(matrix([row for cell in cells for row in cell], where), lengths)
    return [plain(cell) for cell in cells]


def matrix(cells: Sequence[Any], where: str) -> np.ndarray:
    """Vectors (n, D) of cells that each hold one."""
    if isinstance(cells, np.ndarray) and cells.ndim == 2:
        return cells
    sizes = {len(cell) if hasattr(cell, "__len__") else 0 for cell in cells}
    refuse(0 in sizes, "has a row without a vector", where, "leave such rows out")
    refuse(len(sizes) > 1, f"has vectors of {_listed(sizes)} numbers", where, "embed them alike")
    rows = [np.asarray(cell) for cell in cells]
    what = "has a vector that holds something else than numbers"
    wrong = any(row.dtype.kind not in "iuf" or row.ndim != 1 for row in rows)
    refuse(wrong, what, where, "write lists of floats")
    return np.stack(rows) if rows else np.empty((0, 0))


def plain(cell: Any) -> Any:
    """NumPy's numbers and arrays as Python's; what a data frame has for nothing as None."""
    value = cell.tolist() if hasattr(cell, "tolist") else cell
    return None if isinstance(value, float) and value != value else value


def _listed(sizes: set[int]) -> str:
    return " and ".join(map(str, sorted(sizes)[:3]))


class ObjectRows:
    """Columns in memory, or mapped: of a data frame, a mapping, arrays."""

    def __init__(
        self, name: str, columns: Mapping[str, Sequence[Any]], notices: Sequence[str] = ()
    ) -> None:
        self.name = name
        self.metadata: Mapping[str, Any] = {}
        self.notices = notices
        self._columns = dict(columns)
        counts = {len(column) for column in self._columns.values()}
        what = f"has columns of {_listed(counts)} rows"
        refuse(len(counts) > 1, what, name, "give every row a value")
        self._count = counts.pop() if counts else 0
        self.columns = {key: self._kind(column) for key, column in self._columns.items()}

    def _kind(self, column: Sequence[Any]) -> str:
        if isinstance(column, np.ndarray) and column.ndim > 1:
            return {2: VECTOR, 3: VECTORS}.get(column.ndim, OTHER)
        cells = (plain(cell) if np.isscalar(cell) else cell for cell in column)
        return kind_of(next((cell for cell in cells if cell is not None), None))

    def read(self, names: Sequence[str], rows: int) -> Iterator[dict[str, Any]]:
        """See :class:`Rows`."""
        for low in range(0, self._count, rows):
            yield {
                name: values(
                    self.columns[name],
                    self._columns[name][low : low + rows],
                    f"{self.name}[{name}]",
                )
                for name in names
            }


class LineRows:
    """The lines of a ``.jsonl`` file, ``{"vector": […], "text": "…", "article": "…"}``, as a table;
    a field that a line lacks is None there."""

    def __init__(self, path: Path) -> None:
        self.name, self._path = str(path), path
        self.metadata: Mapping[str, Any] = {}
        self.notices: Sequence[str] = ()
        self.columns: dict[str, str] = {}
        for record in islice(self._records(), LINES_LOOKED_AT):
            for key, cell in record.items():
                if self.columns.get(key, OTHER) == OTHER:
                    self.columns[key] = kind_of(cell)

    def read(self, names: Sequence[str], rows: int) -> Iterator[dict[str, Any]]:
        """See :class:`Rows`."""
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
