"""The vector store: a directory of chunk vectors in article order (docs/methods.md#data)."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from lvmctl.core import hashes
from lvmctl.core.errors import DataError, refuse
from lvmctl.core.hashes import Entry, fault_of, read_record, require_recorded, require_size
from lvmctl.core.inputs import real
from lvmctl.data.store.arrays import open_npy
from lvmctl.data.store.checks import Scan, check_offsets, check_shape, scan
from lvmctl.data.store.manifest import bare_manifest, check_manifest, check_windows, read_manifest
from lvmctl.data.store.many_files import ManyFiles, StoredVectors
from lvmctl.data.store.text_lines import TextLines, check_texts

VECTORS, OFFSETS, MANIFEST, CHUNKS = "vectors.npy", "offsets.npy", "store.json", "chunks.jsonl"

MANY = "vectors-*.npy"
"""How the files of vectors are called where they are many, ``vectors-00001.npy`` the first."""

LEVELS = "levels"
"""The folder in a store that holds its finer levels, stores of their own."""

_HOW_TO_MAKE = "make one with lvmctl data import, embed or synth"


def require_path(path: str | os.PathLike[str]) -> None:
    """Refuse a store or another file of vectors where nothing is."""
    refuse(not Path(path).exists(), "no such store", path, _HOW_TO_MAKE)


@dataclass(frozen=True)
class Store:
    """An open store; make one with :meth:`Store.open`.

    Attributes:
        path: its directory.
        name: how messages call it.
        vectors: (N, D) float32 or float16, mapped from the file or files.
        offsets: (A+1,) int64; article ``a`` is rows ``offsets[a]:offsets[a+1]``.
        manifest: ``store.json`` as read, or its bare stand-in.
        unit: every row has norm 1 within 1e-3.
        exact: every row has norm 1 within 1e-6, so reading needs no normalising.
        content_hash: SHA-256 of vectors and offsets as they are on disk.
        notices: what a user should hear about it, one line each.
        files: the entries of ``hashes.json``, by file.
    """

    path: Path
    name: str
    vectors: StoredVectors
    offsets: np.ndarray
    manifest: dict[str, Any]
    unit: bool
    exact: bool
    content_hash: str
    notices: tuple[str, ...] = ()
    files: dict[str, Entry] = field(default_factory=dict)

    @classmethod
    def open(cls, path: str | os.PathLike[str], name: str | None = None) -> Store:
        """Check a store and map it.

        Every row is read once, in bounded memory, but for large vectors whose hash is recorded:
        of those, samples are read (docs/methods.md#data).

        Raises:
            DataError: missing or damaged files, arrays of the wrong type, rank or length,
                NaN, Inf or zero vectors, or a content hash that does not match.
        """
        path = Path(path)
        name = name or _name_of(real(path))
        require_path(path)
        what = f"is not a vector store (no {VECTORS} in it)"
        refuse(not holds_vectors(path), what, path, _HOW_TO_MAKE)
        manifest = read_manifest(path / MANIFEST)
        names = vector_files(manifest)
        one = names == [VECTORS]
        lost = f"has vectors in many files, and no {MANIFEST} that lists them"
        refuse(one and not (path / VECTORS).is_file(), lost, path, f"restore {MANIFEST}")
        vectors = open_npy(path / VECTORS) if one else ManyFiles.open(path, names)
        check_shape(vectors, path / names[0])
        offsets = np.array(open_npy(path / OFFSETS))
        check_offsets(offsets, len(vectors), path / OFFSETS)
        notices = []
        shape = (vectors.shape[1], len(vectors), len(offsets) - 1)
        if manifest is None:
            manifest = bare_manifest(*shape)
            notices.append(f"{name} has no {MANIFEST}: encoder and article titles are unknown")
        check_manifest(manifest, *shape, path / MANIFEST)
        check_windows(manifest, np.diff(offsets), path / MANIFEST)
        files = read_record(path, DataError)
        for each in names:
            (require_recorded if one else require_size)(path / each, files, DataError)
        require_recorded(path / OFFSETS, files, DataError)
        edited = _edited(path, files) and _edited(path, read_record(path, DataError))
        if edited:
            notices.append(f"{name}: {MANIFEST} {edited}")
        known = None if edited else recorded_scan(manifest, files)
        if known and isinstance(vectors, ManyFiles):
            vectors.expect(files)
        checked = known or scan(vectors, offsets, path / VECTORS if one else path)
        changed = manifest.get("content_hash", checked.content_hash) != checked.content_hash
        hint = "write the store again (or delete content_hash from its manifest)"
        which = VECTORS if one else "its vectors"
        refuse(changed, f"{which} or {OFFSETS} changed since {MANIFEST} was written", path, hint)
        if checked.fault:
            raise checked.fault
        if not checked.unit:
            notices.append(
                f"{name} has vectors of norm {checked.smallest:.4g} to {checked.largest:.4g}; "
                "they are normalised when read"
            )
        return cls(
            path=path,
            name=name,
            vectors=vectors,
            offsets=offsets,
            manifest=manifest,
            unit=checked.unit,
            exact=checked.exact,
            content_hash=checked.content_hash,
            notices=tuple(notices),
            files=files,
        )

    @property
    def dim(self) -> int:
        """D, the width of a vector."""
        return self.vectors.shape[1]

    @property
    def articles(self) -> list[dict[str, Any]]:
        """The manifest's entry of each article, in order."""
        return self.manifest["articles"]

    @property
    def lengths(self) -> np.ndarray:
        """(A,) int64 chunks of each article."""
        return np.diff(self.offsets)

    @property
    def window_shape(self) -> tuple[int, int] | None:
        """(K, h) of a window-only store with horizon above 1: each article is K chunks, then the
        target h chunks later. None for every other store."""
        window = self.manifest.get("windows")
        return (window["context"], window["horizon"]) if window else None

    @property
    def separate(self) -> bool:
        """Whether an article is a window of its own, which may overlap others."""
        return self.window_shape is not None or self.manifest.get("separate") is True

    def texts(self) -> Iterator[str]:
        """The text of each row in order, or nothing when the store has none."""
        return iter(self.text_lines or ())

    @cached_property
    def text_lines(self) -> TextLines | None:
        """The texts by row, read when they are asked for; None when the store has none."""
        path = self.path / CHUNKS
        if not path.exists():
            return None
        check_texts(path, self.files, len(self.vectors))
        return TextLines(path)


def recorded_scan(manifest: dict[str, Any], files: dict[str, Entry]) -> Scan | None:
    """What a pass over vectors so large that only samples are read would find; None for others.

    Of many files, each is compared with its entry when it is first read."""
    norms, content_hash = manifest.get("norms"), manifest.get("content_hash")
    entries = [files.get(name, {}) for name in vector_files(manifest)]
    large = sum(entry.get("bytes", 0) for entry in entries) > hashes.SMALL
    covered = large and all(entry.get("sample") or entry.get("sha256") for entry in entries)
    if not covered or MANIFEST not in files or not content_hash:
        return None
    return Scan(*norms, content_hash) if norms else None


def vector_files(manifest: dict[str, Any] | None) -> list[str]:
    """The names of the files that hold a store's vectors, in order, by its manifest if any."""
    return (manifest or {}).get("files") or [VECTORS]


def holds_vectors(path: Path) -> bool:
    """Whether a directory holds vectors, in one file or in many."""
    return (path / VECTORS).is_file() or any(path.glob(MANY))


def _name_of(path: Path) -> str:
    """What a store at ``path`` is called: a level after the store that holds it."""
    if path.parent.name == LEVELS:
        return f"{path.parent.parent.name}/{path.name}"
    return path.name


def _edited(path: Path, files: dict[str, Entry]) -> str | None:
    """How the manifest differs from what was recorded; another command may have replaced both since
    ``files`` was read."""
    return fault_of(path / MANIFEST, files[MANIFEST]) if MANIFEST in files else None
