"""Vectors as users have them become unit chunks, and go back as what they were."""

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

    Vectors: TypeAlias = ArrayLike | Tensor | Sequence[Tensor]

SMALLEST = 1e-12
"""A vector of a smaller norm has no direction."""


@dataclass(frozen=True)
class Kind:
    """What a user's vectors are: NumPy's or torch's, of which floating type, on which device.

    Attributes:
        dtype: of NumPy or of torch.
        device: of a tensor; None for an array.
    """

    dtype: Any
    device: torch.device | None = None

    @classmethod
    def of(cls, given: Any) -> Kind:
        """The kind of an array, a tensor, or of the first of a sequence of them.

        Numbers that are no floating ones are answered with float32.
        """
        if isinstance(given, list | tuple) and given and not np.isscalar(given[0]):
            return cls.of(given[0])
        if isinstance(given, Tensor):
            floating = given.dtype.is_floating_point
            return cls(given.dtype if floating else torch.float32, given.device)
        dtype = getattr(given, "dtype", None)
        floating = isinstance(dtype, np.dtype) and dtype.kind == "f"
        return cls(dtype if floating else np.dtype(np.float32))

    def give(self, found: Tensor) -> Any:
        """``found`` as an array or a tensor of this kind."""
        if self.device is None:
            numbers = found.numpy()
            return numbers.astype(self.dtype) if numbers.dtype.kind == "f" else numbers
        dtype = self.dtype if found.dtype.is_floating_point else found.dtype
        return found.to(self.device, dtype)


def numbers(given: Any, what: str) -> np.ndarray:
    """An array of real numbers, float32 or float64.

    Args:
        given: an array, a tensor on any device, or nested sequences of numbers.
        what: what it is, for messages.

    Raises:
        DataError: it holds something else than numbers, or rows of different lengths.
    """
    try:
        if isinstance(given, list | tuple) and given and isinstance(given[0], Tensor):
            given = torch.stack(list(given))
        if isinstance(given, Tensor):
            given = given.detach().cpu()
            given = (given if given.dtype == torch.float64 else given.float()).numpy()
        found = np.asarray(given)
    except (ValueError, RuntimeError) as error:
        raise DataError(
            "its rows differ in length", where=what, hint="give an array of one shape"
        ) from error
    if found.dtype.kind not in "fiu":
        raise DataError(
            f"holds {found.dtype}, not numbers", where=what, hint="give vectors of real numbers"
        )
    return found if found.dtype == np.float64 else found.astype(np.float32)


def chunks(given: Any, dim: int, what: str, ranks: tuple[int, ...]) -> np.ndarray:
    """Chunk vectors of unit norm, (…, D) float32.

    Vectors whose norm differs from 1 by more than 1e-3 are normalised with a warning.

    Args:
        given: see :func:`numbers`.
        dim: D.
        what: what it is, for messages.
        ranks: how many dimensions it may have.

    Raises:
        DataError: another D or rank, NaN, infinity, or a vector of norm 0.
    """
    found = numbers(given, what)
    if found.ndim not in ranks:
        shapes = " or ".join({2: "(n, D)", 3: "(B, n, D)"}[rank] for rank in ranks)
        raise DataError(f"has shape {found.shape}", where=what, hint=f"give {shapes}")
    if found.shape[-1] != dim:
        raise DataError(
            f"has vectors of {found.shape[-1]} numbers, the model was trained on {dim}",
            where=what,
            hint="give vectors of the encoder that the training data was encoded by",
        )
    size = np.sqrt(np.einsum("...d,...d->...", found, found, dtype=np.float64))
    for bad, says in ((~np.isfinite(size), "NaN or infinity"), (size < SMALLEST, "a vector of 0")):
        if bad.any():
            place = ", ".join(map(str, np.argwhere(bad)[0]))
            raise DataError(f"holds {says} at [{place}]", where=what, hint="leave it out")
    if size.size and np.abs(size - 1).max() > UNIT_TOLERANCE:
        message = f"{what}: vectors of norm {size.min():.4g} to {size.max():.4g} are normalised"
        warnings.warn(message, stacklevel=4)
        found = found / size[..., None]  # in float64, so that no square leaves float32
    exact = not size.size or np.abs(size - 1).max() <= EXACT_TOLERANCE
    return found.astype(np.float32, copy=False) if exact else unit(found)


def pool_of(given: Any, dim: int, contexts: int | None) -> np.ndarray:
    """Candidates of unit norm: (N, D), the same for all contexts, or each context's own, (B, N, D).

    Args:
        contexts: B; None for one context without B, which has one list.

    Raises:
        DataError: see :func:`chunks`; or another number of lists than of contexts.
    """
    found = chunks(given, dim, "candidates", (2,) if contexts is None else (2, 3))
    if found.ndim == 3 and len(found) != contexts:
        raise DataError(
            f"there are {len(found)} lists for {contexts} contexts",
            where="candidates",
            hint="give one list for each context, or one (N, D) for all",
        )
    return found


def contexts(given: Any, dim: int, length: int) -> tuple[np.ndarray, bool]:
    """Windows of ``length`` chunks from what was read before.

    Args:
        given: (k, D), (B, k, D), or a sequence of (k, D) whose k may differ. Of more than
            ``length`` chunks the last count; fewer are filled up in front by repeating the oldest.
        dim: D.
        length: K.

    Returns:
        (B, K, D) float32 of unit norm, and whether ``given`` is one context without B.

    Raises:
        DataError: see :func:`chunks`; or a context of no chunk.
    """
    if isinstance(given, list | tuple) and (not given or np.ndim(given[0]) == 2):
        each = [
            filled(chunks(one, dim, f"context {number}", (2,)), length, f"context {number}")
            for number, one in enumerate(given)
        ]
        return np.stack(each) if each else np.empty((0, length, dim), np.float32), False
    found = chunks(given, dim, "context", (2, 3))
    single = found.ndim == 2
    return filled(found[None] if single else found, length, "context"), single


def filled(found: np.ndarray, length: int, what: str) -> np.ndarray:
    """The last ``length`` chunks of (…, k, D), the oldest repeated in front where k is less."""
    found = found[..., -length:, :]
    if not found.shape[-2]:
        raise DataError("has no chunk", where=what, hint="give at least one chunk")
    missing = length - found.shape[-2]
    if not missing:
        return found
    return np.concatenate([np.repeat(found[..., :1, :], missing, axis=-2), found], axis=-2)
