"""Data: stores of chunk vectors, windows over them, their splits and where they come from."""

from lvmctl.data.split import Split
from lvmctl.data.splits import Splits, open_split, open_splits
from lvmctl.data.store import Store
from lvmctl.data.windows import Windows
from lvmctl.data.writer import StoreWriter, write_store

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
