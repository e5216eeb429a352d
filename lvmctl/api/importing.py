"""Stores from files and tables of others, and from synthetic worlds."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from lvmctl.api.store import Store, written
from lvmctl.core.reporter import SILENT, Reporter
from lvmctl.data.npz.importing import write_npz
from lvmctl.data.splits.assign_store import with_shares
from lvmctl.data.splits.sources import PREFIX, write_synth
from lvmctl.data.store.writer import refuse_store, write_store
from lvmctl.data.tables.columns import parse_columns
from lvmctl.data.tables.open import open_tables
from lvmctl.data.tables.table import ChunkTable
from lvmctl.data.tables.writing import write_table


def import_npz(
    files: Sequence[str | os.PathLike[str]],
    out: str | os.PathLike[str],
    *,
    horizon: int | None = None,
    articles: str | os.PathLike[str] | None = None,
    separate: bool = False,
    trust_pickle: bool = False,
    split: str | None = None,
    rows_per_file: int | None = None,
    force: bool = False,
    reporter: Reporter = SILENT,
) -> Store:
    """Write a store from window NPZ files.

    Overlapping windows become articles again (docs/methods.md#assembly), with their texts and
    titles where the file has them; the notices of the store say what was found.

    Args:
        files: with splits in them (keys like ``val_contexts``) or one split each, which the name
            of the file says, else train, val, test and ood in this order. One file that names no
            split has none.
        out: the store to write.
        horizon: h of the windows; None is the files' ``p6_offset`` + 1, else 1.
        articles: a bank of chunks with the articles of the windows.
        separate: keep every window an article of its own.
        trust_pickle: unpickle metadata and texts, which can run code in the file.
        split: shares of the articles for train, val and test, ``"80/10/10"``, where the data names
            no splits.
        rows_per_file: vectors of a file of the store; None writes them all to one.
        force: replace a store at ``out``.

    Raises:
        DataError: files that are damaged, contradict themselves or do not fit together.
        OutputError: ``out`` exists or cannot be written.
    """
    write = partial(write_store, out, rows_per_file=rows_per_file, force=force)
    create = with_shares(write, split)
    segments = write_npz(
        create,
        [Path(file) for file in files],
        name_splits=True,
        horizon=horizon,
        bank=None if articles is None else Path(articles),
        trust_pickle=trust_pickle,
        apart=separate,
        reporter=reporter,
    )
    return written(out, [line for segment in segments for line in segment.lines()])


def store_from(
    data: Any,
    out: str | os.PathLike[str],
    *,
    columns: str | Mapping[str, str] | None = None,
    split: str | None = None,
    rows_per_file: int | None = None,
    force: bool = False,
    reporter: Reporter = SILENT,
) -> Store:
    """Write a store from a table of vectors: a chunk a row, or a document with a list of them.

    Rows of an article need not lie together where a column says their position. Parquet and Arrow
    need ``lvmctl[parquet]``.

    Args:
        data: a data frame (pandas, polars), a pyarrow table or a mapping of columns; or a path, or
            several: ``.parquet``, ``.arrow``, ``.jsonl`` and ``.safetensors`` files and folders
            of them, such as a Hugging Face data set on disk; or ``.npy`` files, which are one table
            together. Files whose names say a split are that split.
        out: the store to write.
        columns: by role, ``{"vector": "emb", "text": "body"}`` or ``"vector=emb,text=body"``. The
            roles are ``vector``, ``text``, ``article``, ``position``, ``id``, ``title``,
            ``split``, ``norm`` and ``fields``; those that are not named are guessed, and the
            notices of the store say how. An empty name leaves a column out.
        split: shares of the articles for train, val and test, ``"80/10/10"``, where the data names
            no splits.
        rows_per_file: vectors of a file of the store; None writes them all to one.
        force: replace a store at ``out``.
        reporter: shown how many chunks are written.

    Raises:
        DataError: files or columns that are missing, damaged or do not fit together.
        OutputError: ``out`` exists or cannot be written.
        UsageError: a role that does not exist, or pyarrow is missing.

    Example:
        >>> rows = {"vector": np.eye(4), "article": ["a", "a", "b", "b"], "text": list("wxyz")}
        >>> store = lvmctl.store_from(rows, tmp_path / "t")
        >>> len(store), [article["id"] for article in store.articles], store.texts
        (4, ['a', 'b'], ['w', 'x', 'y', 'z'])
    """
    refuse_store(Path(out), force)
    named = parse_columns(columns) if isinstance(columns, str) else columns
    write = partial(write_store, out, rows_per_file=rows_per_file, force=force)
    create = with_shares(write, split)
    table = ChunkTable(open_tables(data), named)
    write_table(create, table, reporter)
    return written(out, table.notices)


def synth(world: str, out: str | os.PathLike[str], *, force: bool = False, **values: Any) -> Store:
    """Write a store of a synthetic world, whose every metric has a known answer.

    Args:
        world: ``ar1``, ``rotation``, ``topic`` or ``iid``; or ``shuffled`` or ``reversed``, which
            reorder a ``store`` inside its articles.
        out: the store to write.
        force: replace a store at ``out``.
        values: ``articles``, ``chunks``, ``dim``, ``a``, ``theta``, ``f``, ``seed``, ``store``.

    Raises:
        UsageError: an unknown name, or a value of the wrong type or out of range.
        OutputError: ``out`` exists or cannot be written.
    """
    write_synth(
        lambda dim, dtype: write_store(out, dim, dtype, force=force),
        f"{PREFIX}{world}?{urlencode(values)}",
    )
    return written(out)
