"""Which files and objects hold tables, and how each is opened."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from lvmctl.core.errors import DataError, refuse
from lvmctl.core.inputs import open_data, read_text
from lvmctl.core.json_input import parse_json
from lvmctl.data.store.arrays import open_npy
from lvmctl.data.store.manifest import split_in_name
from lvmctl.data.store.store import OFFSETS, holds_vectors
from lvmctl.data.tables.arrays import array_rows, read_safetensors
from lvmctl.data.tables.arrow import ArrowRows
from lvmctl.data.tables.rows import LineRows, ObjectRows, Rows
from lvmctl.data.tables.table import Part

SUFFIXES = (".parquet", ".arrow", ".jsonl", ".safetensors")
"""Files that are a table each; several ``.npy`` files are one together."""


def open_tables(data: Any) -> list[Part]:
    """The tables of files, folders, or of one object in memory.

    Args:
        data: a path or several; a data frame, a pyarrow table, or a mapping of columns.
    """
    if isinstance(data, str | os.PathLike):
        data = [data]
    if isinstance(data, list | tuple) and all(isinstance(one, str | os.PathLike) for one in data):
        paths = [Path(path) for path in data]
        arrays = [path for path in paths if path.suffix.lower() == ".npy"]
        parts = [part for path in paths if path not in arrays for part in _of_path(path)]
        if arrays:
            mapped = {path.stem: open_npy(path, any_order=True) for path in arrays}
            parts.append(Part(array_rows(str(arrays[0]), mapped)))
        return parts
    return [Part(_in_memory(data))]


def _of_path(path: Path) -> list[Part]:
    refuse(not path.exists(), "no such file or folder", path)
    stored = (path / OFFSETS).is_file() and holds_vectors(path)
    refuse(stored, "is a vector store already", path, "use it as it is")
    files = _tables_in(path) if path.is_dir() else [path]
    refuse(not files, f"holds no {', '.join(SUFFIXES)} files", path, "choose another folder")
    root = path if path.is_dir() else path.parent
    return [Part(_of_file(file), _named_split(file, root)) for file in files]


def _tables_in(folder: Path) -> list[Path]:
    """The tables below a folder by name; of a Hugging Face data set on disk, in its own order."""
    state = folder / "state.json"
    if (folder / "dataset_info.json").is_file() and state.is_file():
        return _saved(folder, state)
    inside = sorted(item for item in folder.iterdir() if not item.name.startswith((".", "_")))
    tables: list[Path] = []
    for item in inside:
        if item.is_dir():
            tables += _tables_in(item)
        elif item.suffix.lower() in SUFFIXES and not item.name.startswith("cache-"):
            tables.append(item)
    return tables


def _saved(folder: Path, state: Path) -> list[Path]:
    """The files of a data set that ``save_to_disk`` wrote."""
    hint = "save the data set again with save_to_disk"
    try:
        described = parse_json(read_text(state), state, DataError, hint)
        files = [folder / Path(file["filename"]).name for file in described["_data_files"]]
        chosen = described.get("_indices_files")
    except (OSError, ValueError, LookupError, TypeError) as error:
        raise DataError("is damaged", where=state, hint=hint) from error
    what = "holds a selection of rows beside them"
    refuse(chosen, what, folder, "call flatten_indices() and save_to_disk again")
    for file in files:
        refuse(not file.is_file(), "is missing", file, "copy the whole folder")
    return files


def _of_file(path: Path) -> Rows:
    suffix = path.suffix.lower()
    known = ", ".join((*SUFFIXES, ".npy"))
    refuse(suffix not in SUFFIXES, "is no table of vectors", path, f"write it as one of {known}")
    open_data(path).close()  # not every library that reads tables refuses a pipe
    if suffix == ".jsonl":
        return LineRows(path)
    if suffix == ".safetensors":
        return array_rows(str(path), read_safetensors(path))
    return ArrowRows(str(path), path)


def _named_split(path: Path, root: Path) -> str | None:
    """The split in a file's name, or in that of a folder below ``root`` that it is in; a data set
    that was saved alone is called by its own folder."""
    names = [path.stem, *(folder.name for folder in path.relative_to(root).parents)]
    if (root / "dataset_info.json").is_file():
        names.append(root.name)
    return next(filter(None, map(split_in_name, names)), None)


def _in_memory(data: Any) -> Rows:
    if hasattr(data, "to_batches") and hasattr(data, "schema"):  # a pyarrow table
        return ArrowRows("the table", data)
    names = getattr(data, "columns", None)
    if names is None and isinstance(data, Mapping):
        names = list(data)
    if names is None or isinstance(data, Sequence):
        what = f"is of type {type(data).__name__}"
        hint = "give paths, a data frame, a pyarrow table or a mapping of columns"
        raise DataError(what, where="data", hint=hint)
    columns = {str(name): data[name] for name in names}
    kept = {
        name: column if isinstance(column, np.ndarray) else list(column)
        for name, column in columns.items()
    }
    return ObjectRows("the table", kept)
