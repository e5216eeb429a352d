"""Tables → a store: straight through where rows lie in order, else through a temporary file."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from typing import Any

import numpy as np

from lvmctl.core.files import output_errors
from lvmctl.core.reporter import SILENT, Reporter
from lvmctl.data.store.arrays import blocks
from lvmctl.data.store.writer import Create, StoreWriter, made
from lvmctl.data.tables.table import Block, ChunkTable


def write_table(create: Create, table: ChunkTable, reporter: Reporter = SILENT) -> None:
    """Write the chunks of a table into a store, article by article."""
    source = table.layout.source
    in_order = bool((source == np.arange(len(source))).all())
    with (
        create(table.dim, table.dtype) as writer,
        reporter.progress("import", "chunks", len(source)) as done,
    ):
        writer.manifest.update(table.manifest or {"made": made("import", files=[table.name])})
        ends = zip(np.cumsum(table.layout.lengths).tolist(), table.entries)
        end, entry = next(ends)
        for block in table.blocks() if in_order else _sorted(table, source):
            low = 0
            while low < len(block.vectors):
                high = min(len(block.vectors), low + end - writer.chunks)
                _add(writer, block, low, high)
                done(high - low)
                low = high
                if writer.chunks == end:
                    writer.end_article(entry)
                    end, entry = next(ends, (0, {}))


def _add(writer: StoreWriter, block: Block, low: int, high: int) -> None:
    texts = None if block.texts is None else block.texts[low:high]
    norms = None if block.norms is None else block.norms[low:high]
    writer.add(block.vectors[low:high], texts, norms)


def _sorted(table: ChunkTable, source: np.ndarray) -> Iterator[Block]:
    """The chunks in the order ``source``, from temporary files.

    They are read, not mapped: rows in any order would bring the whole file into memory.
    """
    with (
        output_errors(tempfile.gettempdir()),
        tempfile.TemporaryFile(prefix="lvmctl-") as rows,
        tempfile.TemporaryFile(prefix="lvmctl-") as lines,
    ):
        ends, norms = [np.zeros(1, np.int64)], []
        for block in table.blocks():
            rows.write(np.ascontiguousarray(block.vectors).data)
            if block.texts is not None:
                encoded = [text.encode("utf-8", "surrogatepass") for text in block.texts]
                ends.append(ends[-1][-1] + np.cumsum([len(line) for line in encoded]))
                lines.write(b"".join(encoded))
            if block.norms is not None:
                norms.append(block.norms)
        bounds, norm = np.concatenate(ends), np.concatenate(norms) if norms else None
        rows.flush()
        lines.flush()

        def text(row: int) -> str:
            lines.seek(bounds[row])
            return lines.read(bounds[row + 1] - bounds[row]).decode("utf-8", "surrogatepass")

        for low, high in blocks(len(source), table.dim * 4):
            chosen = source[low:high]
            texts = [text(row) for row in chosen.tolist()] if table.has_texts else None
            vectors = _gather(rows.raw, chosen, table.dim, table.dtype)
            yield Block(vectors, texts, None if norm is None else norm[chosen])


def _gather(file: Any, rows: np.ndarray, dim: int, dtype: np.dtype) -> np.ndarray:
    """Rows (n, D) of a file of rows; those that lie together are read at once."""
    vectors = np.empty((len(rows), dim), dtype)
    starts = np.flatnonzero(np.diff(rows, prepend=rows[0] - 2) != 1)
    for low, high in zip(starts.tolist(), [*starts[1:].tolist(), len(rows)]):
        file.seek(int(rows[low]) * dim * dtype.itemsize)
        file.readinto(memoryview(vectors[low:high]).cast("B"))
    return vectors
