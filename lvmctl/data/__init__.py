"""Data: stores of chunk vectors, windows over them, their splits and where they come from.

The names are imported when they are first used, so that the torch-free records of the encoders can
be read without NumPy.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lvmctl.data.splits.open import Splits, open_split, open_splits
    from lvmctl.data.splits.split import Split
    from lvmctl.data.store.store import Store
    from lvmctl.data.store.writer import StoreWriter, write_store
    from lvmctl.data.windows import Windows

_HOMES = {
    "Split": "splits.split",
    "Splits": "splits.open",
    "Store": "store.store",
    "StoreWriter": "store.writer",
    "Windows": "windows",
    "open_split": "splits.open",
    "open_splits": "splits.open",
    "write_store": "store.writer",
}

__all__ = [
    "Split",
    "Splits",
    "Store",
    "StoreWriter",
    "Windows",
    "open_split",
    "open_splits",
    "write_store",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
