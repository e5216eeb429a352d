"""Linear transforms of chunks that make a store more isotropic, fitted on training chunks."""

from __future__ import annotations

import io
import zipfile
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from lvmctl.config import TRANSFORMS
from lvmctl.core.errors import RunError, content_fault, refuse
from lvmctl.core.hashes import read_recorded, write_recorded
from lvmctl.data.moments import Moments, moments
from lvmctl.data.splits.split import Split
from lvmctl.data.store.arrays import blocks, npz_bytes, release, written_rows

REMOVED = (1, 2, 3)
"""Numbers of leading components that are taken out."""
KEPT = 1e-6
"""Directions whose variance is below this share of the largest are not whitened but dropped."""
BACKWARD = "articles are read backward: the target is the chunk before"
"""What the user should hear where they are."""
GONE = 1e-6
"""A chunk of which less than this is left has no direction."""


@dataclass(frozen=True)
class Transform:
    """x → normalise((x − mean)·matrix).

    Attributes:
        name: one of :data:`lvmctl.config.TRANSFORMS`.
        mean: (D,) float32.
        matrix: (D, D) float32; None is the identity.
    """

    name: str
    mean: np.ndarray
    matrix: np.ndarray | None = None

    def __call__(self, rows: np.ndarray) -> np.ndarray:
        """Unit chunks (n, D) → (n, D) float32 of unit norm; NaN where nothing is left of one."""
        turned = rows.astype(np.float32, copy=False) - self.mean
        if self.matrix is not None:
            turned = turned @ self.matrix
        size = np.sqrt(np.einsum("nd,nd->n", turned, turned))[:, None]
        # Whitened chunks are long: what is left is measured by the scale of the matrix.
        scale = 1.0 if self.matrix is None else np.abs(self.matrix).max()
        return np.divide(turned, size, out=np.full_like(turned, np.nan), where=size > GONE * scale)

    def save(self, path: Path) -> None:
        """Write it to an NPZ at ``path``, whole or not at all, and record its hash."""
        arrays = {"name": np.array(self.name), "mean": self.mean}
        if self.matrix is not None:
            arrays["matrix"] = self.matrix
        write_recorded(path, npz_bytes(arrays), RunError)

    @classmethod
    def load(cls, path: Path) -> Transform:
        """What :meth:`save` wrote; a RunError where it is missing, damaged or another."""
        try:
            content = io.BytesIO(read_recorded(path, RunError))
            with np.load(content, allow_pickle=False) as file:
                return cls(str(file["name"]), file["mean"], file.get("matrix"))
        except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
            what = f"cannot be read ({content_fault(error)})"
            raise RunError(what, where=path, hint="restore it, or train again") from error


def fit(name: str, split: Split) -> Transform:
    """The transform ``name`` of a split's articles; a DataError where they vary too little."""
    possible = transforms(moments(split))
    what = f"its chunks vary in too few directions for transform {name}"
    refuse(name not in possible, what, split.name, f"use transform={' or '.join(possible)}")
    return possible[name]


def transforms(of: Moments) -> dict[str, Transform]:
    """Transforms by name, fitted on the moments of training chunks.

    ``centred`` takes the mean off. ``minus-n`` also removes the n axes of largest variance (all but
    the top, Mu and Viswanath, 2018). ``whitened`` gives every axis the same variance, but for those
    along which there is none, and leaves the axes where they are (ZCA, Bell and Sejnowski, 1997).
    """
    mean = of.mean.astype(np.float32)
    values, axes = of.spectrum
    fitted = {"centred": Transform("centred", mean)}
    there = int((values > KEPT * values[0]).sum()) if values[0] > KEPT else 0
    for removed in REMOVED:
        if removed < there:
            top = axes[:, :removed]
            matrix = np.eye(len(axes)) - top @ top.T
            name = f"minus-{removed}"
            fitted[name] = Transform(name, mean, matrix.astype(np.float32))
    if there > 1:
        some = axes[:, :there]
        matrix = (some / np.sqrt(values[:there])) @ some.T
        fitted["whitened"] = Transform("whitened", mean, matrix.astype(np.float32))
    return {name: fitted[name] for name in TRANSFORMS if name in fitted}


def apply_transform(split: Split, transform: Transform) -> Split:
    """The split with its articles' chunks transformed, as unit float32 rows of a temporary file.

    Rows and articles keep their numbers, so that windows are the same windows.
    """
    what = f"has dimension {split.dim}, the transform {len(transform.mean)}"
    refuse(split.dim != len(transform.mean), what, split.name, "use data of the same encoder")
    what = f"nothing is left of a chunk after transform {transform.name}"
    with written_rows(*split.vectors.shape, np.float32) as (file, vectors):
        for low, high in split.article_blocks():
            rows = transform(split.unit_rows(low, high))
            refuse(np.isnan(rows).any(), what, split.name, "use another transform, or none")
            file.seek(low * 4 * split.dim)
            file.write(rows.data)
        release(split.vectors)
    source = {**split.source, "transform": transform.name}
    return replace(split, vectors=vectors, source=source, unit=True, exact=True)


def read_backward(split: Split) -> Split:
    """The split with the chunks of each article from last to first, in a temporary file."""
    what = "holds separate windows with a horizon above 1, which cannot be read backward"
    refuse(split.target_row is not None, what, split.name, "use a store of articles")
    row_bytes = split.dim * split.vectors.itemsize
    with written_rows(*split.vectors.shape, split.vectors.dtype) as (file, vectors):
        for start, length in zip(split.starts.tolist(), split.lengths.tolist()):
            file.seek(start * row_bytes)
            for low, high in blocks(length, row_bytes):
                end = start + length
                rows = split.vectors[end - high : end - low][::-1]
                file.write(np.ascontiguousarray(rows).data)
        release(split.vectors)
    source = {**split.source, "direction": "backward"}
    return replace(split, vectors=vectors, source=source, backward=not split.backward)
