"""Changing which articles a store has, and which split each is in."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any

import numpy as np

from lvmctl.core.errors import OutputError
from lvmctl.core.files import write_whole
from lvmctl.data.splits.assign import assign_splits, split_counts
from lvmctl.data.store.arrays import open_npy, release
from lvmctl.data.store.store import MANIFEST, Store
from lvmctl.data.store.writer import ENCODER, NORMS, StoreWriter, dump_manifest

_REMADE = {"format", "dim", "chunks", "normalized", "content_hash", "articles"}


def copy_articles(writer: StoreWriter, store: Store, chosen: Iterable[int]) -> None:
    """Write the articles numbered ``chosen`` (ascending), with their texts, norms and encoder."""
    kept = {key: value for key, value in store.manifest.items() if key not in _REMADE}
    writer.manifest.update(kept)
    if (store.path / ENCODER).is_file():
        shutil.copy(store.path / ENCODER, writer.directory / ENCODER)
    norms = open_npy(store.path / NORMS) if (store.path / NORMS).is_file() else None
    texts: Iterator[str] = store.texts()
    read = 0
    for index in chosen:
        low, high = store.offsets[index], store.offsets[index + 1]
        lines = list(islice(texts, low - read, high - read))
        read = high
        writer.add(
            store.vectors[low:high], lines or None, None if norms is None else norms[low:high]
        )
        writer.end_article(store.articles[index])
        release(store.vectors)


def write_splits(
    store: Store,
    seed: int = 0,
    val: float = 0.1,
    test: float = 0.1,
    stratify: str | None = None,
    force: bool = False,
) -> dict[str, int]:
    """Assign splits in the store's manifest (see :func:`assign_splits`); vectors stay untouched.

    Returns:
        Articles of each split.

    Raises:
        OutputError: it has splits and ``force`` is not given, or it cannot be written.
    """
    present = split_counts(store.articles)
    if present and not force:
        has = ", ".join(f"{name} {count}" for name, count in present.items())
        raise OutputError(
            f"already has splits ({has})", where=store.path, hint="replace them with --force"
        )
    splits = assign_splits(store.articles, seed, val, test, stratify)
    articles = [{**article, "split": name} for article, name in zip(store.articles, splits)]
    rule: dict[str, Any] = {"by": "article", "seed": seed, "val": val, "test": test}
    if stratify:
        rule["stratify"] = stratify
    manifest = {**store.manifest, "splits": rule, "articles": articles}
    manifest.setdefault("normalized", store.unit)
    manifest.setdefault("content_hash", store.content_hash)
    text = dump_manifest(manifest).encode()
    write_whole(store.path / MANIFEST, lambda file: file.write(text))
    return split_counts(articles)


def chosen_articles(store: Store, starts: np.ndarray) -> list[int]:
    """The numbers of the articles whose first rows are ``starts``."""
    return np.searchsorted(store.offsets, starts).tolist()
