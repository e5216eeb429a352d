"""Data: stores of chunk vectors, windows over them, their splits and where they come from.

The names are imported when they are first used, so that the torch-free records of the encoders can
be read without NumPy.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lvmctl.data.splits.open import Splits as Splits
    from lvmctl.data.splits.open import open_split as open_split
    from lvmctl.data.splits.open import open_splits as open_splits
    from lvmctl.data.splits.split import Split as Split
    from lvmctl.data.store.store import Store as Store
    from lvmctl.data.store.writer import StoreWriter as StoreWriter
    from lvmctl.data.store.writer import write_store as write_store
    from lvmctl.data.windows import Windows as Windows

_HOMES = {
    **dict.fromkeys(("Splits", "open_split", "open_splits"), "splits.open"),
    **dict.fromkeys(("StoreWriter", "write_store"), "store.writer"),
    "Split": "splits.split",
    "Store": "store.store",
    "Windows": "windows",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
