"""Tables → a store: straight through where rows lie in order, else through a temporary file."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator

import numpy as np

from lvmctl.core.files import output_errors
from lvmctl.core.reporter import SILENT, Reporter
from lvmctl.data.store.arrays import blocks, release, written_rows
from lvmctl.data.store.writer import Create, StoreWriter, made
from lvmctl.data.tables.table import Block, ChunkTable

_SCATTER = 8
"""So many times smaller are blocks whose rows lie apart."""


def write_table(create: Create, table: ChunkTable, reporter: Reporter = SILENT) -> None:
    """Write the chunks of a table into a store, article by article.

    Args:
        reporter: shown the chunks that are written.

    Raises:
        DataError: vectors that cannot be stored. OutputError: no room for them.
    """
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
    """The chunks in the order ``source``, from a temporary file."""
    with tempfile.TemporaryFile(prefix="lvmctl-") as lines, output_errors(tempfile.gettempdir()):
        ends, norms = [np.zeros(1, np.int64)], []
        with written_rows(len(source), table.dim, table.dtype) as (file, vectors):
            for block in table.blocks():
                file.write(np.ascontiguousarray(block.vectors).data)
                if block.texts is not None:
                    encoded = [text.encode("utf-8", "surrogatepass") for text in block.texts]
                    ends.append(ends[-1][-1] + np.cumsum([len(line) for line in encoded]))
                    lines.write(b"".join(encoded))
                if block.norms is not None:
                    norms.append(block.norms)
        bounds, norm = np.concatenate(ends), np.concatenate(norms) if norms else None
        lines.flush()

        def text(row: int) -> str:
            lines.seek(bounds[row])
            return lines.read(bounds[row + 1] - bounds[row]).decode("utf-8", "surrogatepass")

        # Small blocks: each row in another place brings in the pages around it.
        for low, high in blocks(len(source), table.dim * 4 * _SCATTER):
            rows = source[low:high]
            texts = [text(row) for row in rows.tolist()] if table.has_texts else None
            yield Block(vectors[rows], texts, None if norm is None else norm[rows])
            release(vectors)
