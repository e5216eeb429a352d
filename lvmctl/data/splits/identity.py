"""What identifies data by what it holds, wherever it lies and whatever it is called."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Any

import numpy as np

from lvmctl.core.files import jsonable
from lvmctl.data.splits.split import Split


def identity(records: dict[str, Any]) -> dict[str, Any]:
    """What must be equal of the records of splits: the content, not where it lies, nor what was
    recorded of its encoder."""
    places = ("name", "path", "joined", "encoder")
    return {
        split: {key: value for key, value in jsonable(record).items() if key not in places}
        for split, record in records.items()
    }


def same_data(records: dict[str, Any], saved: dict[str, Any]) -> bool:
    """Whether the records of a run that was ``saved`` are of the data that is there,
    but for the last tenth of a store without splits, which earlier versions called ``ood``."""
    now, then = identity(records), identity(saved)
    ood = then.get("ood", {})
    if "ood" not in now and ood.get("content_hash") == then["train"]["content_hash"]:
        del then["ood"]
    return now == then


def fingerprints(split: Split) -> Iterator[bytes]:
    """A hash of each article's length and of three of its vectors."""
    for start, length in zip(split.starts.tolist(), split.lengths.tolist()):
        rows = [start, start + length // 2, start + length - 1] if length else []
        seen = np.ascontiguousarray(split.vectors[rows], "<f4")
        yield hashlib.sha256(length.to_bytes(8, "little") + seen.tobytes()).digest()
