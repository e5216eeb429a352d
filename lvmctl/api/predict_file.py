"""Predictions for a file of contexts, written to a file, in bounded memory."""

from __future__ import annotations

import os
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

import numpy as np
from numpy.lib import format as npy

from lvmctl.api.arrays import directions, numbers
from lvmctl.api.load import load
from lvmctl.api.model import Model
from lvmctl.core.errors import DataError, refuse
from lvmctl.core.files import refuse_file, write_whole
from lvmctl.data.store.arrays import blocks, open_npy, release


class Written(NamedTuple):
    """What was written.

    Attributes:
        path: the file.
        contexts: B, how many predictions are in it.
        dim: D.
        padded: how many chunks were missing in front of each context.
    """

    path: Path
    contexts: int
    dim: int
    padded: int


def predict_file(
    run: Model | str | os.PathLike[str] | None, contexts: Path, out: Path, *, force: bool = False
) -> Written:
    """Predict what follows each context of an array file.

    Args:
        run: the run, as :func:`lvmctl.load` takes it, or its model.
        contexts: an ``.npy`` file, (B, k, D) or (k, D); it is mapped and read in blocks.
        out: the ``.npy`` file to write, (B, D) or (D,) float32 of unit norm.
        force: replace it if it exists.

    Raises:
        DataError: no such array, another D, or vectors that cannot be used.
        OutputError: ``out`` exists, or cannot be written.
    """
    model = run if isinstance(run, Model) else load(run)
    array = open_npy(contexts)
    refuse(array.ndim not in (2, 3), f"has shape {array.shape}", contexts, "give (B, k, D)")
    single = array.ndim == 2
    rows = array[None] if single else array
    refuse_file(out, force)
    width = rows.shape[2]  # a model that serves any space is refused none
    shape = (width,) if single else (len(rows), width)

    def fill(file: BinaryIO) -> None:
        header: Any = {"descr": "<f4", "fortran_order": False, "shape": shape}
        npy.write_array_header_1_0(file, header)
        for low, high in blocks(len(rows), 4 * rows[0].size if len(rows) else 1):
            file.write(predicted(model, rows[low:high], f"{contexts}[{low}:{high}]"))
            release(array)

    write_whole(out, fill, partial(refuse_file, force=force))
    return Written(out, len(rows), width, max(0, model.context_length - rows.shape[1]))


def predicted(model: Model, rows: np.ndarray, where: str) -> bytes:
    """The predictions for contexts (B, k, D), as bytes of float32."""
    try:
        q = model.predict(directions(numbers(rows, "context")))
    except DataError as error:
        raise DataError(f"{error.where} {error.what}", where=where, hint=error.hint) from error
    return np.ascontiguousarray(q, "<f4").tobytes()
