"""What identifies data by what it holds, wherever it lies and whatever it is called."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from itertools import product
from typing import TYPE_CHECKING, Any

import numpy as np

from lvmctl.core.files import jsonable
from lvmctl.data.splits.split import Split
from lvmctl.data.store.arrays import unit64

if TYPE_CHECKING:
    from lvmctl.data.splits.open import Splits

SKETCH = 3
"""Directions that vectors are projected on to find those that may be the same."""

CELL, ROUNDING = 0.02, 0.2
"""Width of a cell, where projections of random unit vectors have a standard deviation of 1; and
what rounding to float16 or bfloat16 may move a projection, in cells."""

SAME = 1 - 1e-5
"""Cosine above which two vectors are the same, rounded."""


def split_records(splits: Splits) -> dict[str, Any]:
    """What a training and its evaluation use, for ``config.json`` and the manifest."""
    return {
        name: {"name": split.name, "dim": split.dim, "chunks": split.chunks, **split.source}
        for name, split in splits.by_name.items()
        if name != "test"
    }


def identity(records: dict[str, Any]) -> dict[str, Any]:
    """What must be equal of :func:`split_records`: the content, not where it lies, nor what was
    recorded of its encoder."""
    places = ("name", "path", "joined", "encoder")
    return {
        split: {key: value for key, value in jsonable(record).items() if key not in places}
        for split, record in records.items()
    }


def same_data(records: dict[str, Any], saved: dict[str, Any]) -> bool:
    """Whether the :func:`split_records` of a run that was ``saved`` are of the data that is there,
    but for the last tenth of a store without splits, which earlier versions called ``ood``."""
    now, then = identity(records), identity(saved)
    ood = then.get("ood", {})
    if "ood" not in now and ood.get("content_hash") == then["train"]["content_hash"]:
        del then["ood"]
    return now == then


def shared_articles(trained: Split, held: Split) -> np.ndarray:
    """(A,) bool: which articles of ``held`` are articles of ``trained`` too.

    Two articles are the same when they have as many chunks and their first, middle and last vector
    have the same directions up to the rounding of float16, so copies in another type or scale,
    subsets and joined stores are seen through.
    """
    if trained.dim != held.dim:
        return np.zeros(len(held.lengths), bool)
    directions = np.random.default_rng(0).standard_normal((trained.dim, SKETCH))
    known: dict[tuple[int, ...], list[np.ndarray]] = {}
    for length, rows in probes(trained):
        known.setdefault((length, *cells(rows, directions / CELL)), []).append(rows)
    shared = np.zeros(len(held.lengths), bool)
    for number, (length, rows) in enumerate(probes(held)):
        # Where rounding moved a number across the border of its cell, it lies in the next one.
        near = {
            (length, *cells(rows, directions / CELL, shift))
            for shift in product((-ROUNDING, ROUNDING), repeat=SKETCH)
        }
        shared[number] = any(
            np.einsum("nd,nd->n", rows, other).min(initial=1) > SAME
            for key in near
            for other in known.get(key, ())
        )
    return shared


def probes(split: Split) -> Iterator[tuple[int, np.ndarray]]:
    """Each article's length and its first, middle and last vector (3, D), unit float64."""
    for start, length in zip(split.starts.tolist(), split.lengths.tolist()):
        rows = [start, start + length // 2, start + length - 1] if length else []
        yield length, unit64(split.vectors[rows])


def cells(
    rows: np.ndarray, directions: np.ndarray, shift: Sequence[float] = (0,) * SKETCH
) -> list[int]:
    """The cell of the middle vector's projections on ``directions`` (D, SKETCH), shifted."""
    if not len(rows):
        return []
    return np.floor(rows[1] @ directions + shift).astype(int).tolist()


def fingerprints(split: Split) -> Iterator[bytes]:
    """A hash of each article's length and of three of its vectors."""
    for start, length in zip(split.starts.tolist(), split.lengths.tolist()):
        rows = [start, start + length // 2, start + length - 1] if length else []
        seen = np.ascontiguousarray(split.vectors[rows], "<f4")
        yield hashlib.sha256(length.to_bytes(8, "little") + seen.tobytes()).digest()
