"""Users' vectors as unit chunks, and results as arrays or tensors of the same kind."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import torch
from torch import Tensor

from lvmctl.core.errors import DataError
from lvmctl.data.store.arrays import unit
from lvmctl.data.store.checks import EXACT_TOLERANCE, UNIT_TOLERANCE

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from lvmctl.data.transforms import Transform

    Vectors: TypeAlias = ArrayLike | Tensor | Sequence[Tensor]

SMALLEST = 1e-12
"""A vector of a smaller norm has no direction."""


@dataclass(frozen=True)
class Kind:
    """The form of a user's vectors: a floating type of NumPy, or of torch with a device."""

    dtype: Any
    device: torch.device | None = None

    @classmethod
    def of(cls, value: Any) -> Kind:
        """The kind of an array, a tensor, or the first of a sequence of them; integers are
        float32."""
        if isinstance(value, list | tuple) and value and not np.isscalar(value[0]):
            return cls.of(value[0])
        if isinstance(value, Tensor):
            floating = value.dtype.is_floating_point
            return cls(value.dtype if floating else torch.float32, value.device)
        dtype = getattr(value, "dtype", None)
        floating = isinstance(dtype, np.dtype) and dtype.kind == "f"
        return cls(dtype if floating else np.dtype(np.float32))

    def give(self, tensor: Tensor) -> Any:
        """``tensor`` as an array or a tensor of this kind."""
        if self.device is None:
            numbers = tensor.numpy()
            return numbers.astype(self.dtype) if numbers.dtype.kind == "f" else numbers
        dtype = self.dtype if tensor.dtype.is_floating_point else tensor.dtype
        return tensor.to(self.device, dtype)


def numbers(value: Any, what: str) -> np.ndarray:
    """An array, a tensor on any device, or nested sequences of numbers as float32 or float64; a
    DataError names ``what``."""
    try:
        if isinstance(value, list | tuple) and value and isinstance(value[0], Tensor):
            value = torch.stack(list(value))
        if isinstance(value, Tensor):
            value = value.detach().cpu()
            value = (value if value.dtype == torch.float64 else value.float()).numpy()
        array = np.asarray(value)
    except (ValueError, RuntimeError) as error:
        raise DataError(
            "its rows differ in length", where=what, hint="give an array of one shape"
        ) from error
    if array.dtype.kind not in "fiu":
        raise DataError(
            f"holds {array.dtype}, not numbers", where=what, hint="give vectors of real numbers"
        )
    return array if array.dtype == np.float64 else array.astype(np.float32)


def chunks(value: Any, dim: int | None, what: str, ranks: tuple[int, ...]) -> np.ndarray:
    """Chunk vectors of unit norm, (…, D) float32.

    Vectors whose norm differs from 1 by more than 1e-3 are normalised with a warning.

    Args:
        value: see :func:`numbers`.
        dim: D; None is any.
        what: what it is, for messages.
        ranks: how many dimensions it may have.

    Raises:
        DataError: another D or rank, NaN, infinity, or a vector of norm 0.
    """
    vectors = numbers(value, what)
    if vectors.ndim not in ranks:
        shapes = " or ".join({2: "(n, D)", 3: "(B, n, D)"}[rank] for rank in ranks)
        raise DataError(f"has shape {vectors.shape}", where=what, hint=f"give {shapes}")
    if dim is not None and vectors.shape[-1] != dim:
        raise DataError(
            f"has vectors of {vectors.shape[-1]} numbers, not {dim}",
            where=what,
            hint="give vectors of the encoder that the training data was encoded by",
        )
    size = np.sqrt(np.einsum("...d,...d->...", vectors, vectors, dtype=np.float64))
    for bad, fault in ((~np.isfinite(size), "NaN or infinity"), (size < SMALLEST, "a vector of 0")):
        if bad.any():
            place = ", ".join(map(str, np.argwhere(bad)[0]))
            raise DataError(f"holds {fault} at [{place}]", where=what, hint="leave it out")
    if size.size and np.abs(size - 1).max() > UNIT_TOLERANCE:
        message = f"{what}: vectors of norm {size.min():.4g} to {size.max():.4g} are normalised"
        warnings.warn(message, stacklevel=4)
        vectors = vectors / size[..., None]  # in float64, so that no square leaves float32
    exact = not size.size or np.abs(size - 1).max() <= EXACT_TOLERANCE
    return vectors.astype(np.float32, copy=False) if exact else unit(vectors)


def unit_rows(value: Any, dim: int, store: str) -> np.ndarray:
    """Vectors of any norm as (N, D) float32 of unit norm, without a warning; ``store`` is whose
    space they are to lie in, for messages."""
    rows = numbers(value, "vectors")
    if rows.ndim == 2 and rows.shape[1] != dim:
        raise DataError(
            f"has vectors of {rows.shape[1]} numbers, those of {store} have {dim}",
            where="vectors",
            hint="give vectors of its encoder",
        )
    return chunks(directions(rows), dim, "vectors", (2,))


def directions(rows: np.ndarray) -> np.ndarray:
    """Vectors (…, D) divided by their norms, without a warning; those that have no direction stay
    as they are, for :func:`chunks` to refuse."""
    norms = np.linalg.norm(rows.astype(np.float64), axis=-1, keepdims=True)
    there = np.isfinite(norms) & (norms >= SMALLEST)
    return (rows / np.where(there, norms, 1)).astype(np.float32)


def pool_of(value: Any, dim: int, contexts: int | None) -> np.ndarray:
    """Candidates of unit norm: (N, D), the same for all contexts, or each context's own, (B, N, D).
    One context without B has one list: B is None."""
    pool = chunks(value, dim, "candidates", (2,) if contexts is None else (2, 3))
    if pool.ndim == 3 and len(pool) != contexts:
        raise DataError(
            f"there are {len(pool)} lists for {contexts} contexts",
            where="candidates",
            hint="give one list for each context, or one (N, D) for all",
        )
    return pool


def contexts(value: Any, dim: int | None, length: int) -> tuple[np.ndarray, bool]:
    """Windows (B, K, D) float32 of unit norm from what was read before, and whether that is one
    context without B.

    Of (k, D), (B, k, D) or a sequence of (k, D) the last ``length`` chunks count; where k is less,
    the oldest is repeated in front. ``dim`` is D, None any.
    """
    if isinstance(value, list | tuple) and (not value or np.ndim(value[0]) == 2):
        if value and dim is None:
            dim = np.shape(value[0])[-1]
        each = [
            filled(chunks(item, dim, f"context {number}", (2,)), length, f"context {number}")
            for number, item in enumerate(value)
        ]
        return np.stack(each) if each else np.empty((0, length, dim or 0), np.float32), False
    rows = chunks(value, dim, "context", (2, 3))
    single = rows.ndim == 2
    return filled(rows[None] if single else rows, length, "context"), single


def filled(rows: np.ndarray, length: int, what: str) -> np.ndarray:
    """The last ``length`` chunks of (…, k, D), the oldest repeated in front where k is less."""
    rows = rows[..., -length:, :]
    if not rows.shape[-2]:
        raise DataError("has no chunk", where=what, hint="give at least one chunk")
    missing = length - rows.shape[-2]
    if not missing:
        return rows
    return np.concatenate([np.repeat(rows[..., :1, :], missing, axis=-2), rows], axis=-2)


def through(transform: Transform, rows: np.ndarray, what: str) -> np.ndarray:
    """Unit chunks (…, D) after a transform; a DataError where nothing is left of one."""
    if not rows.size:
        return rows
    transformed = transform(rows.reshape(-1, rows.shape[-1])).reshape(rows.shape)
    lost = np.isnan(transformed).any(axis=-1)
    if lost.any():
        place = ", ".join(map(str, np.argwhere(lost)[0]))
        raise DataError(
            f"nothing is left of the vector at [{place}] after transform {transform.name}",
            where=what,
            hint="leave it out",
        )
    return transformed
