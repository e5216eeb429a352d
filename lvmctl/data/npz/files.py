"""NPZ files of the published recipes: windows, and banks of chunks (docs/methods.md#data)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from lvmctl.core.errors import DataError, refuse
from lvmctl.data.npz.read import Npz
from lvmctl.data.store.arrays import release

CONTEXTS = ("contexts", "context", "context_sequences", "C", "X")
TARGETS = ("targets", "target", "target_vectors", "y", "Y", "t")
VECTORS = ("vectors", "embeddings")
BANK_ARTICLES = ("article_indices", "article_ids")
BANK_POSITIONS = ("chunk_indices", "seq_idx")
MOST_AHEAD = 1_000_000
"""The largest horizon a file may have."""


class WindowFile:
    """Windows of K chunks and a target, as flat rows: row ``w·(K+1) + j`` is chunk j of window w,
    and j = K its target.

    Attributes:
        context_length, horizon, windows: K, h and W.
        count, dim, dtype: flat rows, D, and the type to store (float32 or float16).
        ids: (W,) article of each window, or None.
        targets_at: (W,) position of each target in its article, or None.

    Raises:
        DataError: missing keys, wrong rank, type or length.
    """

    def __init__(self, npz: Npz, horizon: int | None = None) -> None:
        self.path = npz.path
        contexts, targets = _key(npz, CONTEXTS), _key(npz, TARGETS)
        self._contexts = _floats(npz, contexts, 3, "(windows, K, dim)")
        self._targets = _floats(npz, targets, 2, "(windows, dim)")
        self.windows, self.context_length, self.dim = self._contexts.shape
        needed = (self.windows, self.dim)
        shapes = f"{self._targets.shape}, {contexts} {self._contexts.shape} needs {needed}"
        hint = "write one target per window, of the same dimension"
        refuse(self._targets.shape != needed, f"has shape {shapes}", npz.where(targets), hint)
        stored = _horizon(npz)
        self.horizon = horizon or stored or 1
        self.dtype = _stored_type(self._contexts.dtype, self._targets.dtype)
        self.count = self.windows * (self.context_length + 1)
        self.ids = _index(npz, "article_ids", self.windows, text=True)
        self.targets_at = _index(npz, "target_indices", self.windows)
        self.notices = _dtype_notice(self.path, self._contexts.dtype)
        if horizon and stored and horizon != stored:
            self.notices.append(f"{self.path} says horizon {stored}; --horizon {horizon} is used")

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

    def label(self, row: int) -> str:
        """How messages call a flat row."""
        window, place = divmod(row, self.context_length + 1)
        return f"window {window}, {'target' if place == self.context_length else f'chunk {place}'}"

    def places(self) -> tuple[np.ndarray, np.ndarray] | None:
        """Article and position of every flat row, each (count,); None when the file has none."""
        if self.ids is None or self.targets_at is None:
            return None
        steps = np.append(np.arange(self.context_length), self.context_length - 1 + self.horizon)
        oldest = self.targets_at - steps[-1]
        return np.repeat(self.ids, len(steps)), (oldest[:, None] + steps).ravel()


class BankFile:
    """Chunks with their article and position, as flat rows.

    Attributes:
        count, dim, dtype: rows, D, and the type to store.
        ids: (count,) article of each row.

    Raises:
        DataError: missing keys, wrong rank, type or length.
    """

    def __init__(self, npz: Npz) -> None:
        self.path = npz.path
        self._vectors = _floats(npz, _key(npz, VECTORS), 2, "(chunks, dim)")
        self.count, self.dim = self._vectors.shape
        self.dtype = _stored_type(self._vectors.dtype)
        self.ids = _index(npz, _key(npz, BANK_ARTICLES), self.count, text=True)
        self._positions = _index(npz, _key(npz, BANK_POSITIONS), self.count)
        self.notices = _dtype_notice(self.path, self._vectors.dtype)

    def gather(self, rows: np.ndarray) -> np.ndarray:
        """Vectors (n, D) of rows."""
        vectors = self._vectors[rows].astype(self.dtype, copy=False)
        release(self._vectors)
        return vectors

    def label(self, row: int) -> str:
        """How messages call a row."""
        return f"row {row}"

    def places(self) -> tuple[np.ndarray, np.ndarray]:
        """Article and position of every row, each (count,)."""
        return self.ids, self._positions


def is_bank(npz: Npz) -> bool:
    """Whether the file is a bank of chunks rather than windows."""
    return not any(key in npz for key in CONTEXTS) and any(key in npz for key in VECTORS)


def _key(npz: Npz, aliases: Sequence[str]) -> str:
    for key in aliases:
        if key in npz:
            return key
    what = f"has none of {', '.join(aliases)} (it has {', '.join(npz) or 'no arrays'})"
    raise DataError(what, where=npz.path, hint="name the array by one of them")


def _floats(npz: Npz, key: str, rank: int, shape: str) -> np.ndarray:
    array, where = npz.array(key), npz.where(key)
    what = f"has rank {array.ndim} (shape {array.shape}), it must be {shape}"
    refuse(array.ndim != rank, what, where, "reshape it")
    floats = array.dtype.kind == "f"
    refuse(not floats, f"is {array.dtype}, not floats", where, "save vectors as float32")
    refuse(0 in array.shape, f"is empty (shape {array.shape})", where)
    return array


def _index(npz: Npz, key: str, count: int, text: bool = False) -> np.ndarray | None:
    if key not in npz:
        return None
    array = np.array(npz.array(key))
    where = npz.where(key)
    what = f"has shape {array.shape}, needs ({count},)"
    refuse(array.shape != (count,), what, where, "write one entry per vector or window")
    kind = array.dtype.kind
    if text and kind in "US":
        return array.astype(str)
    refuse(kind not in "iu", f"is {array.dtype}, not integers", where, "save it as int64")
    beyond = kind == "u" and (array > np.iinfo(np.int64).max).any()
    hint = "number articles and chunks from 0"
    refuse(beyond, f"holds {array.max(initial=0)}, beyond int64", where, hint)
    return array.astype(np.int64)


def _horizon(npz: Npz) -> int | None:
    """``p6_offset`` + 1, if the file has it."""
    if "p6_offset" not in npz:
        return None
    values = np.unique(np.array(npz.array("p6_offset")))
    wrong = len(values) != 1 or values.dtype.kind not in "iu" or not 0 <= values[0] < MOST_AHEAD
    hint = "write h - 1 there, or leave it out and pass --horizon"
    what = f"is not one number from 0 to {MOST_AHEAD - 1}"
    refuse(wrong, what, npz.where("p6_offset"), hint)
    return int(values[0]) + 1


def _stored_type(*types: np.dtype) -> np.dtype:
    return np.dtype("<f2" if all(kind.itemsize == 2 for kind in types) else "<f4")


def _dtype_notice(path: object, dtype: np.dtype) -> list[str]:
    return [f"{path} holds {dtype}; float32 is stored"] if dtype.itemsize > 4 else []
