"""Parquet files, Arrow files as Hugging Face data sets have them on disk, and tables in memory."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from lvmctl.core.errors import DataError, UsageError, first_line, refuse
from lvmctl.core.json_input import parse_json
from lvmctl.data.tables import rows as kinds
from lvmctl.data.tables.rows import Nested

if TYPE_CHECKING:
    import pyarrow

METADATA = b"lvmctl"
"""Key of a file's metadata that holds the manifest of the store it was exported from, as JSON."""


def require_pyarrow() -> Any:
    """The module; a UsageError that says how to install it where it is not there."""
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError as error:
        what = f"Parquet and Arrow files need pyarrow ({error})"
        raise UsageError(what, hint="pip install 'lvmctl[parquet]'") from error
    return pyarrow


class ArrowRows:
    """The rows of a ``.parquet`` or ``.arrow`` file, or of a table in memory."""

    def __init__(self, name: str, source: Path | pyarrow.Table) -> None:
        self.name, self._source = name, source
        self._arrow = require_pyarrow()
        with self._errors():
            schema = self._schema()
        self.columns = {field.name: self._kind(field.type) for field in schema}
        self.metadata: Mapping[str, Any] = _manifest(schema.metadata, name)
        self.notices: Sequence[str] = ()

    def read(self, names: Sequence[str], rows: int) -> Iterator[dict[str, Any]]:
        """See :class:`~lvmctl.data.tables.rows.Rows`."""
        wanted = list(dict.fromkeys(names))
        with self._errors():
            for batch in self._batches(wanted, rows):
                if len(batch):
                    yield {name: self._values(name, batch.column(name)) for name in wanted}

    # ------------------------------------------------------------------ where the rows are

    def _schema(self) -> pyarrow.Schema:
        if not isinstance(self._source, Path):
            return self._source.schema
        if self._source.suffix == ".parquet":
            return self._arrow.parquet.read_schema(self._source, memory_map=True)
        with self._arrow.memory_map(str(self._source)) as file:
            return self._stream(file).schema

    def _batches(self, names: list[str], rows: int) -> Iterator[pyarrow.RecordBatch]:
        if not isinstance(self._source, Path):
            yield from self._source.select(names).to_batches(max_chunksize=rows)
        elif self._source.suffix == ".parquet":
            # One row group after another and nothing ahead, or pyarrow holds the whole file.
            options = {"pre_buffer": False, "buffer_size": 1 << 20}
            with self._arrow.parquet.ParquetFile(self._source, **options) as file:
                for group in range(file.num_row_groups):
                    yield from file.iter_batches(rows, [group], names)
        else:
            with self._arrow.memory_map(str(self._source)) as file:
                stream = self._stream(file)
                count = getattr(stream, "num_record_batches", None)
                batches = stream if count is None else map(stream.get_batch, range(count))
                for batch in batches:
                    chosen = batch.select(names)
                    for low in range(0, len(chosen), rows):
                        yield chosen.slice(low, rows)

    def _stream(self, file: Any) -> Any:
        """A reader of an Arrow stream, as Hugging Face writes it, or of an Arrow file."""
        is_file = file.read(6) == b"ARROW1"
        file.seek(0)
        return self._arrow.ipc.open_file(file) if is_file else self._arrow.ipc.open_stream(file)

    # ------------------------------------------------------------------ what a column holds

    def _kind(self, kind: pyarrow.DataType) -> str:
        types = self._arrow.types
        if types.is_dictionary(kind):
            kind = kind.value_type
        if types.is_string(kind) or types.is_large_string(kind):
            return kinds.TEXT
        if types.is_integer(kind):
            return kinds.WHOLE
        if types.is_floating(kind):
            return kinds.NUMBER
        is_list = types.is_list(kind) or types.is_large_list(kind) or types.is_fixed_size_list(kind)
        inner = self._kind(kind.value_type) if is_list else kinds.OTHER
        return {
            kinds.TEXT: kinds.TEXTS,
            kinds.NUMBER: kinds.VECTOR,
            kinds.VECTOR: kinds.VECTORS,
        }.get(inner, kinds.OTHER)

    def _values(self, name: str, column: pyarrow.Array) -> Any:
        where, kind = f"{self.name}[{name}]", self.columns[name]
        if kind == kinds.VECTOR:
            return _matrix(column, where)
        if kind == kinds.VECTORS:
            refuse(column.null_count, "has a row without vectors", where, "leave such rows out")
            lengths = column.value_lengths().to_numpy(zero_copy_only=False).astype(np.int64)
            return Nested(_matrix(column.flatten(), where), lengths)
        return column.to_pylist()

    @contextmanager
    def _errors(self) -> Iterator[None]:
        """Turn what pyarrow raises for damaged files into a DataError."""
        try:
            yield
        except DataError:
            raise
        except (self._arrow.ArrowException, OSError, ValueError) as error:
            what = f"cannot be read ({first_line(error).rstrip('.')})"
            raise DataError(what, where=self.name, hint="copy or write it again") from error


def _matrix(column: pyarrow.Array, where: str) -> np.ndarray:
    """Vectors (n, D) of a list column."""
    refuse(column.null_count, "has a row without a vector", where, "leave such rows out")
    if not len(column):
        return np.empty((0, 0))
    sizes = np.unique(column.value_lengths().to_numpy(zero_copy_only=False))
    what = f"has vectors of {' and '.join(map(str, sizes[:3]))} numbers"
    refuse(len(sizes) > 1, what, where, "embed them alike")
    refuse(sizes[0] == 0, "has a row without a vector", where, "leave such rows out")
    flat = column.flatten()
    refuse(flat.null_count, "has a vector with a number missing", where, "leave such rows out")
    return flat.to_numpy(zero_copy_only=False).reshape(len(column), int(sizes[0]))


def _manifest(metadata: Mapping[bytes, bytes] | None, name: str) -> dict[str, Any]:
    """The manifest that an export put into a file."""
    content = (metadata or {}).get(METADATA, b"{}")
    hint = "export the store again"
    manifest = parse_json(content, f"{name}: its metadata of lvmctl", DataError, hint)
    return manifest if isinstance(manifest, dict) else {}
