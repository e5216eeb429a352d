"""One pass over vectors: are they finite, non-zero and of unit norm, and what is their hash?"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from lvmctl.core.errors import DataError, refuse
from lvmctl.data.store.arrays import blocks, release
from lvmctl.data.store.many_files import StoredVectors

UNIT_TOLERANCE = 1e-3
"""Rows whose norm is within this of 1 count as unit (float16 rounds)."""

EXACT_TOLERANCE = 1e-6
"""Rows whose norm is within this of 1 need no normalising when they are read (float32 rounds)."""

_SMALLEST, _LARGEST = 1e-12, 1e18  # outside these, squares leave float32
VECTOR_TYPES = (np.dtype("<f4"), np.dtype("<f2"))


@dataclass(frozen=True)
class Scan:
    """What a pass over (N, D) vectors found: the range of norms, the hash of the bytes, and what is
    wrong with the first row that cannot be used."""

    smallest: float
    largest: float
    content_hash: str
    fault: DataError | None = None

    @property
    def unit(self) -> bool:
        """Whether every norm is within UNIT_TOLERANCE of 1."""
        return self.within(UNIT_TOLERANCE)

    @property
    def exact(self) -> bool:
        """Whether every norm is within EXACT_TOLERANCE of 1."""
        return self.within(EXACT_TOLERANCE)

    def within(self, tolerance: float) -> bool:
        return self.smallest >= 1 - tolerance and self.largest <= 1 + tolerance


def check_shape(vectors: StoredVectors, where: object) -> None:
    """Refuse vectors that are not (N, D) float32 or float16 with N, D >= 1."""
    shape, dtype = vectors.shape, vectors.dtype
    what = f"has rank {len(shape)} (shape {shape}), vectors are (chunks, dim)"
    refuse(len(shape) != 2, what, where, "save a two-dimensional array")
    what = f"is {dtype}, vectors are float32 or float16"
    refuse(dtype not in VECTOR_TYPES, what, where, "save it with .astype('float32')")
    refuse(0 in shape, f"is empty (shape {shape})", where, "add chunks")


def check_offsets(offsets: np.ndarray, chunks: int, where: object) -> None:
    """Refuse offsets that are not (A+1,) int64, increasing from 0 to ``chunks``."""
    what = f"has shape {offsets.shape}, offsets are (articles + 1,)"
    hint = "save the first row of each article, then the number of rows"
    refuse(offsets.ndim != 1 or len(offsets) < 2, what, where, hint)
    what = f"is {offsets.dtype}, offsets are int64"
    refuse(offsets.dtype != np.dtype("<i8"), what, where, "save .astype('int64')")
    falls = offsets[1:] <= offsets[:-1]  # differences could leave int64
    at = int(np.argmax(falls))
    what = f"does not increase: entry {at} is {offsets[at]}, entry {at + 1} is {offsets[at + 1]}"
    refuse(falls.any(), what, where, "give every article at least one chunk, in order")
    what = f"covers rows {offsets[0]} to {offsets[-1]}, the vectors have rows 0 to {chunks}"
    hint = "save offsets that start at 0 and end at the number of rows"
    refuse(offsets[0] != 0 or offsets[-1] != chunks, what, where, hint)


def norms_of(rows: np.ndarray, label: Callable[[int], str], where: object) -> np.ndarray:
    """Norms (B,) in float64 of rows (B, D) of ``where``; ``label(i)`` names row i to the user."""
    wide = rows.astype(np.float64)
    with np.errstate(over="ignore", invalid="ignore"):
        norms = np.sqrt(np.einsum("nd,nd->n", wide, wide))
    for bad, what in (
        (~np.isfinite(norms), "holds NaN or Inf"),
        (norms < _SMALLEST, "is a zero vector"),
        (norms > _LARGEST, "is too large (norm above 1e18)"),
    ):
        if bad.any():
            name = label(int(np.argmax(bad)))
            hint = "drop these chunks, or embed them again"
            raise DataError(f"{name} {what}", where=where, hint=hint)
    return norms


def scan(vectors: StoredVectors, offsets: np.ndarray, where: object) -> Scan:
    """Read every row once, in blocks: check it (:func:`norms_of`), measure its norm, hash it. A row
    that cannot be used is a fault of the result: the hash of all rows may explain it.

    The hash is SHA-256 over the bytes of ``vectors`` and then of ``offsets``.
    """
    digest = hashlib.sha256()
    smallest, largest = np.inf, 0.0
    fault: DataError | None = None
    for low, high in blocks(len(vectors), vectors.shape[1] * 8):
        rows = np.ascontiguousarray(vectors[low:high])
        try:
            norms = norms_of(rows, lambda i, low=low: f"row {low + i}", where)
            smallest, largest = min(smallest, norms.min()), max(largest, norms.max())
        except DataError as error:
            fault = fault or error
        digest.update(rows)
        release(vectors)
    digest.update(np.ascontiguousarray(offsets))
    return Scan(float(smallest), float(largest), f"sha256:{digest.hexdigest()}", fault)
