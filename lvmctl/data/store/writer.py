"""Writing a vector store, row block by row block, whole or not at all."""

from __future__ import annotations

import hashlib
import io
import os
import shutil
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

import lvmctl
from lvmctl.core.directories import new_directory, refuse_existing
from lvmctl.core.errors import refuse
from lvmctl.core.files import json_text
from lvmctl.core.hashes import entry_of, write_record
from lvmctl.data.store.arrays import open_npy, release
from lvmctl.data.store.checks import Scan, norms_of
from lvmctl.data.store.manifest import FORMAT, check_windows, entry_fault
from lvmctl.data.store.many_files import ManyFiles
from lvmctl.data.store.store import CHUNKS, MANIFEST, OFFSETS, VECTORS, Store, holds_vectors
from lvmctl.data.store.vector_files import VectorFiles

ENCODER = "encoder.npz"
NORMS = "norms.npy"
_TOGETHER = 4096  # rows that are copied at once
REMADE = {"format", "dim", "chunks", "normalized", "norms", "content_hash", "files", "articles"}
"""Keys of a manifest that the writer makes itself."""


class StoreWriter:
    """Takes articles in order; see :func:`write_store`.

    Attributes:
        manifest: what to say in ``store.json`` beside what the writer knows itself
            (``encoder``, ``made``, ``note``, …).
        articles: the entries of the articles that are written.
    """

    def __init__(
        self,
        directory: Path,
        dim: int,
        dtype: Any,
        where: object,
        rows_per_file: int | None = None,
    ) -> None:
        self.directory = directory
        self.manifest: dict[str, Any] = {}
        self.dim = dim
        self.dtype = np.dtype(dtype).newbyteorder("<")
        self.chunks = 0
        self._where = where
        self.articles: list[dict[str, Any]] = []
        self._offsets = [0]
        self._hash = hashlib.sha256()
        self._norm_range = np.inf, 0.0
        self._vectors = VectorFiles(directory, dim, self.dtype, rows_per_file)
        self._texts: io.TextIOBase | None = None
        self._norms: list[np.ndarray] = []

    def add(
        self, rows: np.ndarray, texts: Sequence[str] | None = None, norms: np.ndarray | None = None
    ) -> None:
        """Append rows (n, D) of the current article.

        Args:
            texts: their texts, for ``chunks.jsonl``; all articles have them or none.
            norms: (n,) norms the rows had before they were normalised, where they matter.
        """
        rows = np.ascontiguousarray(rows, self.dtype)
        what = f"has vectors of shape {rows.shape[1:]}, the others have {self.dim} numbers"
        hint = "one store holds vectors of one dimension"
        refuse(rows.ndim != 2 or rows.shape[1] != self.dim, what, self._where, hint)
        lengths = norms_of(rows, lambda i: f"row {self.chunks + i}", self._where)
        low, high = self._norm_range
        ends = lengths.min(initial=low), lengths.max(initial=high)
        self._norm_range = float(ends[0]), float(ends[1])
        self._vectors.write(rows)
        self._hash.update(rows)
        self.chunks += len(rows)
        if texts is not None:
            self._write_texts(texts)
        if norms is not None:
            self._norms.append(np.asarray(norms, np.float32))

    @property
    def lengths(self) -> np.ndarray:
        """(A,) int64 chunks of each article that is ended."""
        return np.diff(np.array(self._offsets, np.int64))

    def end_article(self, article: dict[str, Any]) -> None:
        """Close the article whose rows were added; ``article`` is its manifest entry."""
        empty = self.chunks == self._offsets[-1]
        refuse(empty, f"article {article.get('id')!r} has no chunks", self._where)
        fault = entry_fault(article)
        refuse(fault, f"article {article.get('id')!r} {fault}", self._where)
        self.articles.append({"id": len(self.articles), **article})
        self._offsets.append(self.chunks)

    def article(
        self, article: dict[str, Any], rows: np.ndarray, texts: Sequence[str] | None = None
    ) -> None:
        """Append a whole article: its manifest entry and its rows (n, D)."""
        self.add(rows, texts)
        self.end_article(article)

    def finish(self) -> None:
        """Complete the header and write offsets, manifest and hashes."""
        refuse(not self.articles, "there are no chunks to store", self._where)
        self._vectors.finish()
        self.close()
        offsets = np.array(self._offsets, "<i8")
        check_windows(self.manifest, np.diff(offsets), self._where)
        self._hash.update(offsets)
        np.save(self.directory / OFFSETS, offsets)
        if self._norms:
            np.save(self.directory / NORMS, np.concatenate(self._norms))
        manifest = {
            "format": FORMAT,
            "dim": self.dim,
            "chunks": self.chunks,
            "normalized": Scan(*self._norm_range, "").unit,
            "norms": list(self._norm_range),
            "encoder": None,
            **self.manifest,
            **({} if self._vectors.rows_per_file is None else {"files": self._vectors.names}),
            "content_hash": f"sha256:{self._hash.hexdigest()}",
            "articles": self.articles,
        }
        (self.directory / MANIFEST).write_text(dump_manifest(manifest), encoding="utf-8")
        # The content hash covers the vectors, so that they are not read a second time.
        paths = sorted(path for path in self.directory.iterdir() if path.is_file())
        files = self._vectors.entries | {
            path.name: entry_of(path, whole=path.name != VECTORS)
            for path in paths
            if path.name not in self._vectors.entries
        }
        write_record(self.directory, files)

    def close(self) -> None:
        """Close the files; harmless when they are closed."""
        self._vectors.close()
        if self._texts is not None:
            self._texts.close()

    def _write_texts(self, texts: Sequence[str]) -> None:
        if self._texts is None:
            self._texts = open(self.directory / CHUNKS, "w", encoding="utf-8")  # noqa: SIM115
        for text in texts:
            self._texts.write(json_text(text) + "\n")


Create = Callable[..., AbstractContextManager[StoreWriter]]
"""``create(dim, dtype)`` opens the writer of the store that is to be made, wherever that is."""


@contextmanager
def write_store(
    path: str | os.PathLike[str],
    dim: int,
    dtype: Any = "float32",
    *,
    rows_per_file: int | None = None,
    force: bool = False,
) -> Iterator[StoreWriter]:
    """Write a store at ``path``; it appears when the block succeeds, and not at all otherwise.

    Args:
        dim: D. ``dtype``: float32 or float16.
        rows_per_file: vectors of a file; None writes them all to one.
        force: replace a store that is there.

    Raises:
        OutputError: it exists, the disk is full, the place is read-only.
        DataError: rows that cannot be stored.
    """
    path = Path(path)
    with new_directory(path, partial(refuse_store, force=force)) as directory:
        writer = StoreWriter(directory, dim, dtype, path, rows_per_file)
        try:
            yield writer
            writer.finish()
        finally:
            writer.close()


def write_like(
    path: str | os.PathLike[str], store: Store, *, force: bool = False
) -> AbstractContextManager[StoreWriter]:
    """:func:`write_store` of vectors like those of ``store``: their width, their type, and as many
    of a file where it has many."""
    vectors = store.vectors
    size = vectors.rows_per_file if isinstance(vectors, ManyFiles) else None
    return write_store(path, store.dim, vectors.dtype, rows_per_file=size, force=force)


Piece = tuple[dict[str, Any], int, int]
"""An article's entry, its first row in a store and the row after its last."""


def copy_articles(writer: StoreWriter, store: Store, starts: np.ndarray) -> None:
    """Write the articles whose first rows are ``starts`` (ascending), with their texts, norms and
    encoder."""
    bounds, chosen = store.offsets.tolist(), np.searchsorted(store.offsets, starts).tolist()
    copy_pieces(writer, store, ((store.articles[i], bounds[i], bounds[i + 1]) for i in chosen))


def copy_pieces(writer: StoreWriter, store: Store, pieces: Iterable[Piece]) -> None:
    """Write pieces of articles, whose rows ascend, with their texts, norms and encoder."""
    manifest = {key: value for key, value in store.manifest.items() if key not in REMADE}
    writer.manifest.update(manifest)
    if (store.path / ENCODER).is_file():
        shutil.copy(store.path / ENCODER, writer.directory / ENCODER)
    norms = open_npy(store.path / NORMS) if (store.path / NORMS).is_file() else None
    texts = store.text_lines
    for entry, start, end in pieces:
        for low in range(start, end, _TOGETHER):
            high = min(low + _TOGETHER, end)
            lines = None if texts is None else texts[low:high]
            raw = None if norms is None else norms[low:high]
            writer.add(store.vectors[low:high], lines, raw)
            release(store.vectors)
        writer.end_article(entry)


def refuse_store(path: Path, force: bool) -> None:
    """Refuse an output that exists, before long work; ``force`` allows a store or empty folder."""
    refuse_existing(path, force, _replaceable)


def made(how: str, **details: Any) -> dict[str, Any]:
    """The manifest's ``made`` entry: which command, with what, by which version."""
    return {"by": f"lvmctl {lvmctl.__version__}", "how": how, **details}


def dump_manifest(manifest: dict[str, Any]) -> str:
    """JSON with one line per key, and one per article."""
    head = {key: value for key, value in manifest.items() if key != "articles"}
    lines = [f"{_dump(key)}: {_dump(value)}" for key, value in head.items()]
    articles = ",\n".join(_dump(article) for article in manifest["articles"])
    lines.append(f'"articles": [\n{articles}\n]')
    return "{\n" + ",\n".join(lines) + "\n}\n"


def _dump(value: Any) -> str:
    return json_text(value, default=str)


def _replaceable(path: Path) -> bool:
    return path.is_dir() and (holds_vectors(path) or not any(path.iterdir()))
