"""Members of an NPZ file, each checked for what it must be: vectors, ids, positions, texts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from lvmctl.core.errors import DataError, refuse
from lvmctl.data.npz.read import Npz
from lvmctl.data.store.arrays import in_row_order

MAX_HORIZON = 1_000_000
"""The largest horizon a file may have."""


def find_key(npz: Npz, names: Sequence[str], prefix: str) -> str:
    """The first of ``names`` that the file has, with its prefix; a DataError without one."""
    aliases = [prefix + name for name in names]
    for key in aliases:
        if key in npz:
            return key
    what = f"has none of {', '.join(aliases)} (it has {', '.join(npz) or 'no arrays'})"
    raise DataError(what, where=npz.path, hint="name the array by one of them")


def floats(npz: Npz, key: str, rank: int, shape: str, notices: list[str]) -> np.ndarray:
    """An array of vectors of this rank, its rows one after another; a DataError where it is of
    another rank, or empty."""
    array, where = npz.array(key), npz.where(key)
    what = f"has rank {array.ndim} (shape {array.shape}), it must be {shape}"
    refuse(array.ndim != rank, what, where, "reshape it")
    is_float = array.dtype.kind == "f"
    refuse(not is_float, f"is {array.dtype}, not floats", where, "save vectors as float32")
    refuse(0 in array.shape, f"is empty (shape {array.shape})", where)
    return rows_in_order(array, where, notices)


def rows_in_order(array: np.ndarray, where: str, notices: list[str]) -> np.ndarray:
    """Vectors with their rows one after another; ``notices`` says what is converted."""
    if array.dtype.itemsize > 4 or not array.dtype.isnative:
        stored = stored_type(array.dtype).name
        notices.append(f"{where} holds {array.dtype}; {stored} is stored")
    if not array.flags.c_contiguous:
        notices.append(f"{where} is in Fortran order; it is read into C order first")
        return in_row_order(array)
    return array


def _one_each(npz: Npz, keys: Sequence[str], prefix: str, count: int) -> tuple[Any, str]:
    """The first of ``keys`` that is there, one entry per window or row, and its name."""
    for key in (prefix + name for name in keys):
        if key in npz and npz.readable(key):
            array, where = np.array(npz.array(key)), npz.where(key)
            what = f"has shape {array.shape}, needs ({count},)"
            refuse(array.shape != (count,), what, where, "write one entry per vector or window")
            return array, where
    return None, ""


def ids(
    npz: Npz, keys: Sequence[str], prefix: str, count: int, notices: list[str]
) -> np.ndarray | None:
    """Article ids as int64 or as strings, whatever their type is; a DataError for lists and the
    like."""
    array, where = _one_each(npz, keys, prefix, count)
    if array is None or array.dtype.kind == "U":
        return array
    kind = array.dtype.kind
    refuse(kind in "cV", f"is {array.dtype}, not ids", where, "save integers or strings")
    if kind in "SO":
        names = array.tolist()
        for number, name in enumerate(names):
            what = f"holds {name!r:.40} as id {number}"
            bad = not isinstance(name, str | bytes | int | float)
            refuse(bad, what, where, "save integers or strings")
        if all(type(name) is int and abs(name) < 1 << 63 for name in names):
            return np.array(names, np.int64)
        if kind == "O":
            notices.append(f"{where} holds {array.dtype}; its values are read as names")
        return np.array([_name(name) for name in names])
    with np.errstate(invalid="ignore"):
        whole = array.astype(np.int64) if array.dtype.kind in "biuf" else None
    if whole is None or (whole != array).any():
        notices.append(f"{where} holds {array.dtype}; its values are read as names")
        return array.astype(str)
    if array.dtype.kind in "bf":
        notices.append(f"{where} holds {array.dtype}; its values are read as integers")
    return whole


def _name(value: str | bytes | float) -> str:
    return value.decode("utf-8", "backslashreplace") if isinstance(value, bytes) else str(value)


def positions(npz: Npz, keys: Sequence[str], prefix: str, count: int) -> np.ndarray | None:
    """Positions in articles as int64; None without them, a DataError for other numbers."""
    array, where = _one_each(npz, keys, prefix, count)
    if array is None:
        return None
    kind = array.dtype.kind
    refuse(kind not in "iu", f"is {array.dtype}, not integers", where, "save it as int64")
    beyond = kind == "u" and (array > np.iinfo(np.int64).max).any()
    hint = "number chunks from 0"
    refuse(beyond, f"holds {array.max(initial=0)}, beyond int64", where, hint)
    return array.astype(np.int64)


def running_count(ids: np.ndarray) -> np.ndarray:
    """(M,) how many rows of the same id came before each row."""
    order = np.argsort(ids, kind="stable")
    starts = np.flatnonzero(np.append(True, ids[order][1:] != ids[order][:-1]))
    count = np.empty(len(ids), np.int64)
    count[order] = np.arange(len(ids)) - np.repeat(starts, np.diff(np.append(starts, len(ids))))
    return count


def objects(npz: Npz, key: str) -> Any:
    """What an object array holds, as plain Python; None where it is not there or not trusted."""
    if key not in npz or not npz.readable(key):
        return None
    return (npz.unpickle(key) if key in npz.pickled else npz.array(key)).tolist()


def texts(npz: Npz, key: str, count: int, width: int | None = None) -> Any:
    """Texts by window or row, each a list of ``width`` texts unless None; None without them."""
    values = objects(npz, key)
    if values is None:
        return None
    is_list = isinstance(values, list) and len(values) == count
    fits = is_list and (width is None or all(len(texts) == width for texts in values))
    needed = f"({count},)" if width is None else f"({count}, {width})"
    refuse(not fits, f"does not hold {needed} texts", npz.where(key), "write one text per chunk")
    return values


def titles(npz: Npz, prefix: str, count: int, ids: np.ndarray | None) -> list[str] | None:
    """The title of each window's or row's article: given one by one, or by the number of the
    article."""
    values = objects(npz, f"{prefix}article_titles")
    if not isinstance(values, list):
        return None
    if len(values) == count:
        return values
    if ids is not None and ids.dtype.kind == "i" and ids.min() >= 0 and ids.max() < len(values):
        return [values[index] for index in ids.tolist()]
    return None


def horizon(npz: Npz) -> int | None:
    """``p6_offset`` + 1, if the file has it."""
    if "p6_offset" not in npz:
        return None
    values = np.unique(np.array(npz.array("p6_offset")))
    wrong = len(values) != 1 or values.dtype.kind not in "iu" or not 0 <= values[0] < MAX_HORIZON
    hint = "write h - 1 there, or leave it out and pass --horizon"
    what = f"is not one number from 0 to {MAX_HORIZON - 1}"
    refuse(wrong, what, npz.where("p6_offset"), hint)
    return int(values[0]) + 1


def stored_type(*types: np.dtype) -> np.dtype:
    """The type to store vectors of these types in: float16 where all are, else float32."""
    return np.dtype("<f2" if all(kind.itemsize == 2 for kind in types) else "<f4")
