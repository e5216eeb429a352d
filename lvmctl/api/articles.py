"""Articles of a store, found by their names and read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from lvmctl.core.errors import UsageError, nearest

if TYPE_CHECKING:
    from lvmctl.api.store import Store
    from lvmctl.api.store_changes import StoreChanges


def find_article(store: StoreChanges, article: int | str) -> int:
    """The number of an article that is named by its id or by its number.

    Raises:
        UsageError: there is none.
    """
    ids = [str(entry["id"]) for entry in store.articles]
    if str(article) in ids:
        return ids.index(str(article))
    if str(article).isdecimal() and int(article) < len(ids):
        return int(article)
    close = nearest(str(article), ids)
    hint = f"did you mean {close}?" if close else f"lvmctl data show {store.path} lists them"
    raise UsageError(f"there is no article {article!r}", where=store.name, hint=hint)


def read_article(store: Store, article: int | str, chunk: int | None = None) -> dict[str, Any]:
    """What :meth:`lvmctl.api.store.Store.article` returns."""
    index = find_article(store, article)
    entry, length = store.articles[index], int(store.lengths[index])
    if chunk is not None and not 0 <= chunk < length:
        what = f"article {entry['id']} has chunks 0 to {length - 1}, no {chunk}"
        raise UsageError(what, where=store.name)
    first = int(store.lengths[:index].sum())
    texts = store.texts and store.texts[first : first + length]
    start = int(store._split.starts[index])
    rows = store._split.unit_rows(start, start + length)
    cosines = [None, *np.einsum("nd,nd->n", rows[1:], rows[:-1]).tolist()]
    places = range(length) if chunk is None else [chunk]
    return {
        "id": entry["id"],
        "title": entry.get("title") or f"article {entry['id']}",
        "split": entry.get("split"),
        "length": length,
        "chunks": [
            {"place": at, "text": texts and texts[at], "cosine": cosines[at]} for at in places
        ],
    }
