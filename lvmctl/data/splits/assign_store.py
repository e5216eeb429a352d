"""Splits of a store: chosen by article, or in blocks of windows, and written down."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from lvmctl.core.directories import LOCK
from lvmctl.core.errors import DataError, OutputError, UsageError, located, refuse
from lvmctl.core.hashes import write_recorded
from lvmctl.data.splits.assign import assign_splits, assign_windows, split_counts, window_gap
from lvmctl.data.store.cache import locked
from lvmctl.data.store.manifest import SPLITS
from lvmctl.data.store.store import MANIFEST, Store, require_path
from lvmctl.data.store.writer import Create, StoreWriter, dump_manifest

WINDOW = 6
"""Chunks of a window of K = 5, which evaluations take by default, and its target."""


def with_split(
    articles: list[dict[str, Any]],
    gap: int | None,
    seed: int = 0,
    val: float = 0.1,
    test: float = 0.1,
    stratify: str | None = None,
) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """The entries, each with its split, and the rule for the manifest. Windows that lie between
    two splits have none.

    Args:
        gap: of separate windows, see :func:`.window_gap`; None for articles.
        val, test, stratify: as of :func:`.assign_splits`.
    """
    rule: dict[str, Any] = {"by": "article", "seed": seed, "val": val, "test": test}
    names: list[str | None]
    if gap is None:
        names = [*assign_splits(articles, seed, val, test, stratify)]
        rule |= {"stratify": stratify} if stratify else {}
    else:
        if stratify:
            raise UsageError("separate windows are split in blocks", where=f"--stratify {stratify}")
        names = assign_windows(len(articles), gap, seed, val, test)
        rule |= {"by": "blocks of windows", "gap": gap}
    bare = [{k: v for k, v in article.items() if k != "split"} for article in articles]
    return [e | ({"split": name} if name else {}) for e, name in zip(bare, names)], rule


def short_splits(store: Store) -> list[str]:
    """A notice where splits have no article of :data:`WINDOW` chunks."""
    longest: dict[str, int] = {}
    for article, length in zip(store.articles, store.lengths.tolist()):
        if name := article.get("split"):
            longest[name] = max(length, longest.get(name, 0))
    short = [name for name, length in longest.items() if length < WINDOW and not store.separate]
    if not short:
        return []
    names = " or ".join(sorted(short, key=SPLITS.index))
    needed = f"{WINDOW} chunks that a window of K = {WINDOW - 1} and its target need"
    return [f"no article of {names} has the {needed}: nothing can be measured there"]


def write_splits(
    store: Store,
    seed: int = 0,
    val: float = 0.1,
    test: float = 0.1,
    stratify: str | None = None,
    force: bool = False,
) -> dict[str, int]:
    """Assign splits in the store's manifest, see :func:`with_split`; the articles of each split."""
    require_path(store.path)  # else it would be made again for its lock
    with locked(store.path / LOCK):
        store = Store.open(store.path, store.name)  # another process may have split it meanwhile
        present = split_counts(store.articles)
        if present and not force:
            has = ", ".join(f"{name} {count}" for name, count in present.items())
            what, hint = f"already has splits ({has})", "replace them with --force"
            raise OutputError(what, where=store.path, hint=hint)
        gap = window_gap(store.manifest, store.lengths)
        with located(store.path):
            articles, rule = with_split(store.articles, gap, seed, val, test, stratify)
        _write(store, rule, articles)
        return split_counts(articles)


def copy_splits(source: Store, store: Store) -> None:
    """Put the articles of ``store``, which are those of ``source``, in the same splits."""
    pairs = zip(store.articles, source.articles)
    articles = [{**article, "split": other.get("split")} for article, other in pairs]
    _write(store, source.manifest["splits"], articles)


def _write(store: Store, rule: dict[str, Any], articles: list[dict[str, Any]]) -> None:
    manifest = {**store.manifest, "splits": rule, "articles": articles}
    manifest.setdefault("normalized", store.unit)
    manifest.setdefault("content_hash", store.content_hash)
    text = dump_manifest(manifest).encode()
    write_recorded(store.path / MANIFEST, text, DataError)


def parse_shares(text: str) -> tuple[float, float]:
    """The shares of val and test that ``80/10/10`` gives, of whatever sum."""
    try:
        train, val, test = (float(part) for part in text.split("/"))
    except ValueError:
        train = val = test = -1.0
    if not (0 < train < np.inf and 0 <= val < np.inf and 0 <= test < np.inf):
        hint = "write train/val/test, for example 80/10/10"
        raise UsageError(f"{text!r} are no shares", where="--split", hint=hint)
    total = train + val + test
    return val / total, test / total


def share_out(
    articles: list[dict[str, Any]], shares: tuple[float, float], gap: int | None = None
) -> dict[str, Any]:
    """Give each article its split by seed 0, in place, and return the manifest's ``splits`` entry;
    ``shares`` are those of val and test."""
    val, test = shares
    present = ", ".join(f"{name} {count}" for name, count in split_counts(articles).items())
    refuse(present, f"the data names its splits ({present})", hint="leave --split out")
    articles[:], rule = with_split(articles, gap, 0, val, test)
    return rule


def with_shares(create: Create, split: str | None) -> Create:
    """``create``, whose stores are shared out before they are finished; itself for None."""
    if split is None:
        return create
    shares = parse_shares(split)

    @contextmanager
    def created(*args: Any, **options: Any) -> Iterator[StoreWriter]:
        with create(*args, **options) as writer:
            yield writer
            gap = window_gap(writer.manifest, writer.lengths)
            writer.manifest["splits"] = share_out(writer.articles, shares, gap)

    return created
