"""What identifies the data of a run, wherever it lies."""

from __future__ import annotations

from typing import Any

from lvmctl.core.files import jsonable
from lvmctl.data.splits.open import Splits


def split_records(splits: Splits) -> dict[str, Any]:
    """What identifies the data, for ``config.json`` and the manifest."""
    found = {"train": splits.train, "val": splits.val, "ood": splits.ood}
    return {
        name: {"name": split.name, "dim": split.dim, "chunks": split.chunks, **split.source}
        for name, split in found.items()
        if split is not None
    }


def identity(records: dict[str, Any]) -> dict[str, Any]:
    """What must be equal of :func:`split_records`: the content, not where it lies."""
    places = ("name", "path", "joined")
    return {
        split: {key: value for key, value in jsonable(record).items() if key not in places}
        for split, record in records.items()
    }
