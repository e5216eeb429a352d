"""A store → window NPZ files, one per split, streamed."""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Iterable
from functools import partial
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.lib import format as npy

from lvmctl.core.directories import new_directory, refuse_existing
from lvmctl.core.reporter import SILENT, Reporter
from lvmctl.data.splits.assign import split_counts
from lvmctl.data.splits.split import Split
from lvmctl.data.store.arrays import blocks, release
from lvmctl.data.store.store import Store
from lvmctl.data.windows import Windows


def export_npz(
    store: Store,
    out: Path,
    context: int,
    horizon: int = 1,
    force: bool = False,
    reporter: Reporter = SILENT,
    split: str | None = None,
) -> dict[str, int]:
    """Write ``out/NAME_SPLIT.npz`` for each split (``out/NAME.npz`` for a store without splits).

    Vectors are written as they are stored. Articles too short for a window are not in the files.
    Texts are object arrays, as the published project writes them: each text is pickled once.

    Args:
        context, horizon: K and h; above 1, ``p6_offset`` = h - 1 is written.
        split: this one alone.

    Returns:
        Windows by file name.
    """
    splits = [split] if split else list(split_counts(store.articles)) or [None]
    written = {}
    refuse = partial(refuse_existing, force=force, replaceable=_replaceable)
    with new_directory(out, refuse) as directory:
        texts = list(store.texts())
        for name in splits:
            windows = Windows(Split.of(store, name), context, horizon)
            file = f"{store.name}_{name}.npz" if name else f"{store.name}.npz"
            with (
                zipfile.ZipFile(directory / file, "w", allowZip64=True) as archive,
                reporter.progress(f"export {windows.split.name}", "windows", len(windows)) as done,
            ):
                _write_windows(archive, windows, texts, done)
            written[file] = len(windows)
    return written


def _write_windows(
    archive: zipfile.ZipFile, windows: Windows, texts: list[str], done: Callable[[int], object]
) -> None:
    split, count, length = windows.split, len(windows), windows.context_length
    steps = np.arange(length)

    def parts(offsets: np.ndarray, report: bool) -> Iterable[np.ndarray]:
        row_bytes = split.vectors.itemsize * split.dim * offsets.size
        for low, high in blocks(count, row_bytes):
            yield split.vectors[np.add.outer(windows.rows[low:high], offsets)]
            release(split.vectors)
            if report:
                done(high - low)

    kind = split.vectors.dtype
    _write(archive, "contexts", (count, length, split.dim), kind, parts(steps, True))
    target = np.array(windows.target_offset)
    _write(archive, "targets", (count, split.dim), kind, parts(target, False))
    if windows.horizon > 1:
        _save(archive, "p6_offset", np.array(windows.horizon - 1))
    if split.target_row is None:
        first = np.array([article.get("first", 0) for article in split.articles], np.int64)
        at = first[windows.article] + windows.position + windows.target_offset
        _save(archive, "article_ids", _ids(split, first)[windows.article])
        _save(archive, "target_indices", at)
    if texts:
        rows = windows.rows.tolist()
        _save_objects(archive, "context_texts", [texts[row : row + length] for row in rows])
        _save_objects(archive, "target_texts", [texts[row + windows.target_offset] for row in rows])


def _ids(split: Split, first: np.ndarray) -> np.ndarray:
    """The articles' own ids where they tell articles apart, else their numbers."""
    ids = [article.get("id") for article in split.articles]
    whole = all(type(name) is int and abs(name) < 1 << 63 for name in ids)
    if not whole and not all(isinstance(name, str) for name in ids):
        return np.arange(len(ids))
    spans = sorted(zip(ids, first.tolist(), split.lengths.tolist()))
    for (name, low, length), (other, start, _) in pairwise(spans):
        if name == other and start <= low + length:  # they would be read back as one article
            return np.arange(len(ids))
    return np.array(ids)


def _save(archive: zipfile.ZipFile, key: str, array: np.ndarray) -> None:
    _write(archive, key, array.shape, array.dtype, [array])


def _save_objects(archive: zipfile.ZipFile, key: str, values: list) -> None:
    array = np.empty(len(values), object)
    array[:] = values
    with archive.open(f"{key}.npy", "w", force_zip64=True) as file:
        npy.write_array(file, array)


def _write(
    archive: zipfile.ZipFile,
    key: str,
    shape: tuple[int, ...],
    dtype: np.dtype,
    parts: Iterable[np.ndarray],
) -> None:
    with archive.open(f"{key}.npy", "w", force_zip64=True) as file:
        fields = {"descr": dtype.str, "fortran_order": False, "shape": shape}
        npy.write_array_header_1_0(file, fields)
        for part in parts:
            file.write(np.ascontiguousarray(part).tobytes())


def _replaceable(path: Path) -> bool:
    return path.is_dir() and all(item.suffix == ".npz" for item in path.iterdir())
