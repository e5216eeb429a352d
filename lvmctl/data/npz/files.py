"""NPZ files of the published recipes: windows, and banks of chunks (docs/methods.md#window-npz)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from lvmctl.core.errors import refuse
from lvmctl.data.npz import members
from lvmctl.data.npz.read import Npz
from lvmctl.data.store.arrays import blocks, release

CONTEXTS = ("contexts", "context", "context_sequences", "C", "X")
TARGETS = ("targets", "target", "target_vectors", "y", "Y", "t")
WINDOW_ARTICLES = ("article_ids", "article_indices")
WINDOW_POSITIONS = ("target_indices", "target_chunk_index")
VECTORS = ("vectors", "embeddings")
BANK_ARTICLES = ("article_indices", "article_ids")
BANK_POSITIONS = ("chunk_indices", "seq_idx")
BANK_TEXTS = ("concept_texts", "texts")
PREFIXES = {"train_": "train", "val_": "val", "valid_": "val", "test_": "test", "ood_": "ood"}
"""Beginnings of keys, and the split that they name."""


class WindowFile:
    """Windows of K chunks and a target, as flat rows: row ``w·(K+1) + j`` is chunk j of window w,
    and j = K its target.

    Args:
        npz: the open file.
        horizon: h, if the user says it; else the file's ``p6_offset`` + 1, else 1.
        prefix: what the keys of these windows begin with.

    Attributes:
        context_length, horizon, windows: K, h and W.
        count, dim, dtype: flat rows, D, and the type to store (float32 or float16).
        ids: (W,) article of each window, or None.
        targets_at: (W,) position of each target in its article, or None.
        crossing: (W,) bool, windows of more than one article; only trusted metadata tells.
        metadata: what the file says about each window, a list, or one value for all; None unless
            it is trusted.
    """

    def __init__(self, npz: Npz, horizon: int | None = None, prefix: str = "") -> None:
        self.path = npz.path
        contexts, targets = (
            members.find_key(npz, CONTEXTS, prefix),
            members.find_key(npz, TARGETS, prefix),
        )
        self.notices: list[str] = []
        self._contexts = members.floats(npz, contexts, 3, "(windows, K, dim)", self.notices)
        self._targets = members.floats(npz, targets, 2, "(windows, dim)", self.notices)
        self.windows, self.context_length, self.dim = self._contexts.shape
        needed = (self.windows, self.dim)
        shapes = f"{self._targets.shape}, {contexts} {self._contexts.shape} needs {needed}"
        hint = "write one target per window, of the same dimension"
        refuse(self._targets.shape != needed, f"has shape {shapes}", npz.where(targets), hint)
        stored = members.horizon(npz)
        self.horizon = horizon or stored or 1
        self.dtype = members.stored_type(self._contexts.dtype, self._targets.dtype)
        self.count = self.windows * (self.context_length + 1)
        if horizon and stored and horizon != stored:
            self.notices.append(f"{self.path} says horizon {stored}; --horizon {horizon} is used")
        self.ids = members.ids(npz, WINDOW_ARTICLES, prefix, self.windows, self.notices)
        self.targets_at = members.positions(npz, WINDOW_POSITIONS, prefix, self.windows)
        self.crossing = np.zeros(self.windows, bool)
        self.metadata = members.objects(npz, f"{prefix}metadata")
        if isinstance(self.metadata, list) and len(self.metadata) == self.windows:
            self._read_places(self.metadata)
        self._texts = (
            members.texts(npz, f"{prefix}context_texts", self.windows, self.context_length),
            members.texts(npz, f"{prefix}target_texts", self.windows),
        )
        self.has_texts = all(texts is not None for texts in self._texts)
        self.titles = members.titles(npz, prefix, self.windows, self.ids)

    @property
    def steps(self) -> np.ndarray:
        """(K + 1,) places of a window's chunks and its target, from its oldest chunk."""
        return np.append(np.arange(self.context_length), self.context_length - 1 + self.horizon)

    def gather(self, rows: np.ndarray) -> np.ndarray:
        """Vectors (n, D) of flat rows."""
        window, place = np.divmod(rows, self.context_length + 1)
        is_target = place == self.context_length
        vectors = np.empty((len(rows), self.dim), self.dtype)
        vectors[is_target] = self._targets[window[is_target]]
        vectors[~is_target] = self._contexts[window[~is_target], place[~is_target]]
        release(self._contexts)
        release(self._targets)
        return vectors

    def texts(self, rows: np.ndarray) -> list[str]:
        """Texts of flat rows."""
        contexts, targets = self._texts
        window, place = np.divmod(rows, self.context_length + 1)
        pairs = zip(window.tolist(), place.tolist())
        last = self.context_length
        return [str(targets[w] if j == last else contexts[w][j]) for w, j in pairs]

    def label(self, row: int) -> str:
        """How messages call a flat row."""
        window, place = divmod(row, self.context_length + 1)
        return f"window {window}, {'target' if place == self.context_length else f'chunk {place}'}"

    def entry(self, row: int) -> int:
        """Index into ``ids``, ``titles`` and ``metadata`` for a flat row."""
        return row // (self.context_length + 1)

    def _read_places(self, metadata: list[Any]) -> None:
        """Articles, positions and crossings from dicts, where all of them say so."""
        if not all(isinstance(item, dict) and "article_index" in item for item in metadata):
            return
        self.ids = np.array([int(item["article_index"]) for item in metadata])
        last = [item.get("last_context_article", item["article_index"]) for item in metadata]
        self.crossing = np.array([bool(item.get("crosses_article")) for item in metadata])
        self.crossing |= np.array(last) != self.ids
        if all("target_chunk_index" in item for item in metadata):
            self.targets_at = np.array([int(item["target_chunk_index"]) for item in metadata])
            self.crossing |= self.targets_at < self.steps[-1]


class BankFile:
    """Chunks with their article and position, as flat rows.

    Attributes:
        count, dim, dtype: rows, D, and the type to store.
        ids: (count,) article of each row.
        positions: (count,) its place there; the order of the rows where the file does not say.
        titles: (count,) of each row's article, or None.

    Raises:
        DataError: missing keys, wrong rank, type or length.
    """

    def __init__(self, npz: Npz, prefix: str = "") -> None:
        self.path = npz.path
        self.notices: list[str] = []
        vectors = members.find_key(npz, VECTORS, prefix)
        self._vectors = members.floats(npz, vectors, 2, "(chunks, dim)", self.notices)
        self.count, self.dim = self._vectors.shape
        self.dtype = members.stored_type(self._vectors.dtype)
        members.find_key(npz, BANK_ARTICLES, prefix)
        self.ids = members.ids(npz, BANK_ARTICLES, prefix, self.count, self.notices)
        stated = members.positions(npz, BANK_POSITIONS, prefix, self.count)
        self.positions = members.running_count(self.ids) if stated is None else stated
        key = next((k for name in BANK_TEXTS if (k := prefix + name) in npz), "")
        self._texts = members.texts(npz, key, self.count)
        self.has_texts = self._texts is not None
        self.titles = members.titles(npz, prefix, self.count, self.ids)
        self.metadata = None

    def gather(self, rows: np.ndarray) -> np.ndarray:
        """Vectors (n, D) of rows."""
        vectors = self._vectors[rows].astype(self.dtype, copy=False)
        release(self._vectors)
        return vectors

    def texts(self, rows: np.ndarray) -> list[str]:
        """Texts of rows."""
        return [str(self._texts[row]) for row in rows.tolist()]

    def label(self, row: int) -> str:
        """How messages call a row."""
        return f"row {row}"

    def entry(self, row: int) -> int:
        """Index into ``ids`` and ``titles`` for a row."""
        return row


def hashes(
    file: WindowFile | BankFile,
    rows: np.ndarray | None = None,
    done: Callable[[int], object] = lambda count: None,
) -> np.ndarray:
    """(n,) int64 a hash of the bytes of each flat row, as it is stored; all rows for None."""
    count = file.count if rows is None else len(rows)
    made = np.empty(count, np.int64)
    for low, high in blocks(count, file.dim * 8):
        chosen = np.arange(low, high) if rows is None else rows[low:high]
        vectors = file.gather(chosen) + file.dtype.type(0)  # -0 and 0 are one number
        data, width = vectors.tobytes(), vectors.shape[1] * vectors.itemsize
        made[low:high] = [hash(data[at : at + width]) for at in range(0, len(data), width)]
        done(high - low)
    return made


def splits_of(npz: Npz) -> dict[str, str | None]:
    """The split of each prefix that keys of windows or vectors have; {"": None} without one."""
    named = {
        prefix: split
        for prefix, split in PREFIXES.items()
        if any(prefix + key in npz for key in (*CONTEXTS, *VECTORS))
    }
    if not named:
        return {"": None}
    if any(key in npz for key in CONTEXTS):
        return {"": "train", **named}
    return named


def is_bank(npz: Npz, prefix: str = "") -> bool:
    """Whether the file is a bank of chunks rather than windows."""
    has = [any(prefix + key in npz for key in keys) for keys in (CONTEXTS, VECTORS)]
    return has == [False, True]
