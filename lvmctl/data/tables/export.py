"""A store → one Parquet file, a chunk a row, streamed."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from lvmctl.core.directories import refuse_existing
from lvmctl.core.files import json_text, write_whole
from lvmctl.core.reporter import SILENT, Reporter
from lvmctl.data.splits.split import Split
from lvmctl.data.store.arrays import blocks, open_npy, release
from lvmctl.data.store.store import Store
from lvmctl.data.store.writer import NORMS, REMADE
from lvmctl.data.tables.arrow import METADATA, require_pyarrow

_OWN = ("id", "title", "split", "first")


def export_parquet(
    store: Store,
    out: Path,
    force: bool = False,
    reporter: Reporter = SILENT,
    split: str | None = None,
) -> int:
    """Write the chunks of a store into the Parquet file ``out``, which imports as the same store.

    Columns: ``article`` (its number), ``article_id``, ``title``, ``split``, ``position``, ``text``,
    ``vector`` (as stored), ``norm``, and ``article_fields``, the rest of an article's entry as
    JSON; those that say something. The manifest is in the file's metadata. The state of a fitted
    encoder is not. Returns the number of chunks.
    """
    arrow = require_pyarrow()
    refuse = partial(refuse_existing, force=force, replaceable=_replaceable)
    refuse(out)
    if not out.parent.is_dir():
        out.parent.mkdir(parents=True, exist_ok=True)
    chosen = Split.of(store, split)
    columns = _article_columns(arrow, chosen.articles)
    norms = open_npy(store.path / NORMS) if (store.path / NORMS).is_file() else None
    manifest = {key: value for key, value in store.manifest.items() if key not in REMADE}
    fields = [("article", arrow.int64()), *((name, kind) for name, (kind, _) in columns.items())]
    fields.append(("position", arrow.int64()))
    if store.text_lines is not None:
        fields.append(("text", arrow.string()))
    if norms is not None:
        fields.append(("norm", arrow.float32()))
    element = arrow.float16() if store.vectors.dtype.itemsize == 2 else arrow.float32()
    fields.append(("vector", arrow.list_(element, store.dim)))
    metadata = {METADATA: json.dumps(manifest, default=str).encode()}
    schema = arrow.schema(fields, metadata)
    rows, article = chosen.rows(), np.repeat(np.arange(len(chosen.lengths)), chosen.lengths)
    first = np.array([entry.get("first", 0) for entry in chosen.articles], np.int64)
    before = np.cumsum(chosen.lengths) - chosen.lengths
    position = np.arange(len(rows)) - before[article] + first[article]
    texts = store.text_lines

    def batch(low: int, high: int) -> Any:
        part = slice(low, high)
        numbers = article[part].tolist()
        made: dict[str, Any] = {"article": article[part], "position": position[part]}
        for name, (_, cells) in columns.items():
            made[name] = [cells[number] for number in numbers]
        if texts is not None:
            made["text"] = list(texts.take(rows[part]))
        if norms is not None:
            made["norm"] = norms[rows[part]]
        flat = arrow.array(np.ascontiguousarray(store.vectors[rows[part]]).ravel())
        made["vector"] = arrow.FixedSizeListArray.from_arrays(flat, store.dim)
        release(store.vectors)
        arrays = [arrow.array(made[name], kind) for name, kind in fields[:-1]]
        return arrow.record_batch([*arrays, made["vector"]], schema=schema)

    def fill(file: Any) -> None:
        with (
            arrow.parquet.ParquetWriter(file, schema) as writer,
            reporter.progress("export", "chunks", len(rows)) as done,
        ):
            for low, high in blocks(len(rows), store.dim * 4):
                writer.write_batch(batch(low, high))
                done(high - low)

    write_whole(out, fill, refuse)
    return len(rows)


def _replaceable(path: Path) -> bool:
    return path.is_file() and path.suffix == ".parquet"


def _article_columns(arrow: Any, articles: list[dict[str, Any]]) -> dict[str, tuple[Any, list]]:
    """Type and cells of the columns that an article's entry makes, those that say something."""
    ids = [entry.get("id") for entry in articles]
    columns: dict[str, tuple[Any, list]] = {}
    own = set(_OWN)
    if all(isinstance(name, str) for name in ids):
        columns["article_id"] = (arrow.string(), ids)
    elif all(type(name) is int and abs(name) < 1 << 63 for name in ids):
        columns["article_id"] = (arrow.int64(), ids)
    else:
        own.discard("id")
    for name in ("title", "split"):
        cells = [entry.get(name) for entry in articles]
        if not all(cell is None or isinstance(cell, str) for cell in cells):
            own.discard(name)
        elif any(cell is not None for cell in cells):
            columns[name] = (arrow.string(), cells)
    rest = [{k: v for k, v in entry.items() if k not in own} for entry in articles]
    if any(rest):
        cells = [json_text(fields, default=str) for fields in rest]
        columns["article_fields"] = (arrow.string(), cells)
    return columns
