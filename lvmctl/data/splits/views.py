"""Stores made from a store: the order of chunks shuffled or reversed inside every article."""

from __future__ import annotations

import numpy as np

from lvmctl.core.errors import DataError
from lvmctl.data.store.arrays import release
from lvmctl.data.store.store import Store
from lvmctl.data.store.writer import StoreWriter, made


def write_view(writer: StoreWriter, store: Store, view: str, seed: int = 0) -> None:
    """Write ``store`` with its articles ``shuffled`` (by ``seed``) or ``reversed``.

    Articles keep their length, order, splits and titles; texts do not come along.

    Raises:
        DataError: a store of separate windows, whose rows are not neighbours.
    """
    if store.window_shape is not None:
        raise DataError(
            "holds separate windows, whose order cannot be changed",
            where=store.path,
            hint="use a store of articles",
        )
    for key in ("encoder", "note"):
        if key in store.manifest:
            writer.manifest[key] = store.manifest[key]
    details = {"seed": seed} if view == "shuffled" else {}
    writer.manifest["made"] = made(
        f"synth {view}", store=str(store.path), content_hash=store.content_hash, **details
    )
    for index, article in enumerate(store.articles):
        low, high = store.offsets[index], store.offsets[index + 1]
        rows = np.array(store.vectors[low:high])
        if view == "reversed":
            rows = rows[::-1]
        else:
            rows = np.random.default_rng((seed, index)).permutation(rows)
        writer.article(article, rows)
        release(store.vectors)
