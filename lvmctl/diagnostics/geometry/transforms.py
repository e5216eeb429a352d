"""Linear transforms of chunks that make a store more isotropic, fitted on its moments."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import torch

from lvmctl.data import Split
from lvmctl.data.arrays import BLOCK_BYTES, release, unit
from lvmctl.diagnostics.geometry.spectrum import Moments
from lvmctl.evaluation.global_ranks import split_rows
from lvmctl.evaluation.products import float32_products

REMOVED = (1, 2, 3)
"""Numbers of leading components that are taken out."""
KEPT = 1e-6
"""Directions whose variance is below this share of the largest are not whitened but dropped."""
GONE = 1e-6
"""A chunk of which less than this is left has no direction."""


@dataclass(frozen=True)
class Transform:
    """x → normalise((x − mean)·matrix).

    Attributes:
        mean: (D,) float32.
        matrix: (D, D′) float32; None is the identity.
    """

    mean: np.ndarray
    matrix: np.ndarray | None = None

    def __call__(self, rows: np.ndarray) -> np.ndarray:
        """Unit chunks (n, D) → (n, D′) float32 of unit norm; NaN where nothing is left of one."""
        moved = rows.astype(np.float32, copy=False) - self.mean
        if self.matrix is not None:
            with float32_products():
                moved = (torch.from_numpy(moved) @ torch.from_numpy(self.matrix)).numpy()
        size = np.sqrt(np.einsum("nd,nd->n", moved, moved))[:, None]
        # Whitened chunks are long: what is left is measured by the scale of the matrix.
        scale = 1.0 if self.matrix is None else np.abs(self.matrix).max()
        return np.divide(moved, size, out=np.full_like(moved, np.nan), where=size > GONE * scale)


def transforms(moments: Moments) -> dict[str, Transform]:
    """Transforms by name, fitted on training chunks.

    ``centred`` takes the mean off. ``minus-n`` also removes the n axes of largest variance (all but
    the top, Mu and Viswanath, 2018). ``whitened`` gives every axis the same variance, but for those
    along which there is none.
    """
    mean = moments.mean.astype(np.float32)
    values, axes = moments.spectrum
    found = {"centred": Transform(mean)}
    there = int((values > KEPT * values[0]).sum()) if values[0] > KEPT else 0
    for removed in REMOVED:
        if removed < there:
            top = axes[:, :removed]
            matrix = np.eye(len(axes)) - top @ top.T
            found[f"minus-{removed}"] = Transform(mean, matrix.astype(np.float32))
    if there > 1:
        matrix = axes[:, :there] / np.sqrt(values[:there])
        found["whitened"] = Transform(mean, np.ascontiguousarray(matrix, np.float32))
    return found


def moved(split: Split, transform: Transform | None) -> Split:
    """The split's articles alone, one after another in memory, transformed."""
    rows = split_rows(split)
    step = max(BLOCK_BYTES // (8 * split.dim), 1)
    blocks = []
    for low in range(0, len(rows), step):
        chunks = unit(split.vectors[rows[low : low + step]])
        blocks.append(chunks if transform is None else transform(chunks))
        release(split.vectors)
    starts = np.cumsum(split.lengths) - split.lengths
    return replace(split, vectors=np.concatenate(blocks), starts=starts, unit=True)
