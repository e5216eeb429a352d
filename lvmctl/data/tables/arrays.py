"""``.npy`` and safetensors files: vectors, and beside them what tells articles apart."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from lvmctl.core.errors import DataError, refuse
from lvmctl.core.inputs import open_data
from lvmctl.core.json_input import parse_json
from lvmctl.data.npz.members import rows_in_order
from lvmctl.data.store.arrays import Header, map_array
from lvmctl.data.store.checks import check_offsets
from lvmctl.data.tables.columns import NAMES
from lvmctl.data.tables.rows import ObjectRows

_TYPES = {
    "F64": "<f8",
    "F32": "<f4",
    "F16": "<f2",
    "BOOL": "?",
    **{f"I{bits}": f"<i{bits // 8}" for bits in (8, 16, 32, 64)},
    **{f"U{bits}": f"<u{bits // 8}" for bits in (8, 16, 32, 64)},
}
_MAX_HEADER = 100 << 20


def array_rows(name: str, arrays: Mapping[str, np.ndarray]) -> ObjectRows:
    """A table of arrays: one has two dimensions, the others one number for each of its rows, or
    are offsets of articles, by their name or their ends, 0 and N. An only one whose name is not
    known says the article."""
    matrices = [key for key, array in arrays.items() if array.ndim == 2]
    what = f"holds {len(matrices)} arrays of vectors ({', '.join(matrices)})"
    refuse(len(matrices) != 1, what, name, "give one array (chunks, dim), and arrays that say more")
    vectors = arrays[matrices[0]]
    refuse(vectors.dtype.kind != "f", f"is {vectors.dtype}, not floats", f"{name}[{matrices[0]}]")
    notices: list[str] = []
    vectors = rows_in_order(vectors, f"{name}[{matrices[0]}]", notices)
    columns: dict[str, np.ndarray] = {"vector": vectors}
    others = [key for key in arrays if key != matrices[0]]
    for key in others:
        array, where = arrays[key], f"{name}[{key}]"
        if "offset" in key or _are_offsets(array, len(vectors)):
            check_offsets(np.array(array), len(vectors), where)
            columns["article"] = np.repeat(np.arange(len(array) - 1), np.diff(array))
            continue
        what = f"has shape {array.shape}, the vectors have {len(vectors):,} rows"
        hint = f"write one entry for each row, or offsets from 0 to {len(vectors)}"
        refuse(array.shape != (len(vectors),), what, where, hint)
        known = any(key in names for names in NAMES.values())
        columns["article" if len(others) == 1 and not known else key] = array
    return ObjectRows(name, columns, notices)


def _are_offsets(array: np.ndarray, rows: int) -> bool:
    """Whether an array is where articles begin and end, by its own ends."""
    whole = array.ndim == 1 and array.dtype.kind in "iu" and len(array) not in (0, rows)
    return whole and array[0] == 0 and array[-1] == rows


def read_safetensors(path: Path) -> dict[str, np.ndarray]:
    """The arrays of a safetensors file by name, mapped in place."""
    hint = "save it again with safetensors"
    with open_data(path) as file:
        size = path.stat().st_size
        length = int.from_bytes(file.read(8), "little")
        damaged = size < 8 or length > min(size - 8, _MAX_HEADER)
        refuse(damaged, "is no safetensors file", path, hint)
        try:
            header = parse_json(file.read(length), path, DataError, hint)
            entries = {key: value for key, value in header.items() if key != "__metadata__"}
            return {key: _mapped(path, key, 8 + length, size, entries[key]) for key in entries}
        except (ValueError, LookupError, TypeError, AttributeError, RecursionError) as error:
            raise DataError("has a damaged header", where=path, hint=hint) from error


def _mapped(path: Path, key: str, start: int, size: int, entry: Mapping[str, Any]) -> np.ndarray:
    where, kind = f"{path}[{key}]", entry["dtype"]
    hint = "save it as float32 or float16"
    refuse(kind not in _TYPES, f"is {kind}, which cannot be read", where, hint)
    low, high = entry["data_offsets"]
    shape = tuple(int(length) for length in entry["shape"])
    header = Header(np.dtype(_TYPES[kind]), shape, False, start + low)
    inside = 0 <= low <= high <= size - start and min(shape, default=0) >= 0
    refuse(not inside, "lies outside its file", where, "copy it again")
    return map_array(path, header, high - low, where)
