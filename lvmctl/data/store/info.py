"""A description of a store as plain data."""

from __future__ import annotations

from typing import Any

import numpy as np

from lvmctl.core.errors import DataError
from lvmctl.data.splits.assign import split_counts
from lvmctl.data.splits.split import Split, windows_per_article
from lvmctl.data.store.arrays import blocks, release, unit
from lvmctl.data.store.store import CHUNKS, Store


def describe_store(
    store: Store, context: int = 5, horizon: int = 1, split: str | None = None
) -> dict[str, Any]:
    """Sizes, provenance and windows of a K and an h, of each split or of one, as plain data."""
    wanted = [split] if split else list(split_counts(store.articles)) or [None]
    parts = [_describe_split(Split.of(store, name), name, context, horizon) for name in wanted]
    return {
        "path": str(store.path),
        "name": store.name,
        "dim": store.dim,
        "dtype": store.vectors.dtype.name,
        "chunks": store.vectors.shape[0],
        "articles": len(store.articles),
        "texts": (store.path / CHUNKS).is_file(),
        "unit_norm": store.unit,
        "encoder": store.manifest.get("encoder"),
        "made": store.manifest.get("made"),
        "note": store.manifest.get("note"),
        "content_hash": store.content_hash,
        "context": context,
        "horizon": horizon,
        "splits": parts,
        "notices": list(store.notices),
    }


def _describe_split(split: Split, name: str | None, context: int, horizon: int) -> dict[str, Any]:
    if not len(split.lengths):
        raise DataError("has no articles", where=split.name, hint="choose another split")
    try:
        windows = int(windows_per_article(split, context, horizon).sum())
    except DataError:  # a store of separate windows of another shape
        windows = 0
    return {
        "split": name,
        "articles": len(split.lengths),
        "chunks": split.chunks,
        "windows": windows,
        "shortest": int(split.lengths.min()),
        "median": float(np.median(split.lengths)),
        "longest": int(split.lengths.max()),
        "neighbour_cosine": neighbour_cosine(split),
    }


def neighbour_cosine(split: Split) -> float | None:
    """Mean cosine of neighbouring chunks; None where rows are not neighbours."""
    if split.target_row is not None or not (split.lengths > 1).any():
        return None
    total = 0.0
    for start, length in zip(split.starts, split.lengths):
        for low, high in blocks(int(length) - 1, split.dim * 4):
            rows = unit(split.vectors[start + low : start + high + 1])
            total += float(np.einsum("nd,nd->", rows[:-1], rows[1:], dtype=np.float64))
        release(split.vectors)
    return total / int((split.lengths - 1).sum())
