"""Core's decoder: what a vector says is what the nearest chunk of a store says."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from lvmctl.core.batch import Decoded
from lvmctl.core.errors import DataError

if TYPE_CHECKING:
    from lvmctl.api.store import Store


class Nearest:
    """The text of the chunk of a store whose cosine to a vector is the highest.

    Nothing is made up: a text is one that the store has, and the cosine says how near it is.

    Args:
        store: where chunks are looked for; it needs texts.
        transform: what chunks go through before they are compared, None for nothing.
    """

    def __init__(
        self, store: Store, transform: Callable[[np.ndarray], np.ndarray] | None = None
    ) -> None:
        if not store.has_texts:
            hint = "use a store that was made from texts, or another decoder"
            raise DataError("has no texts to choose from", where=store.name, hint=hint)
        self._store, self._transform = store, transform

    def decode(self, vectors: Any) -> Decoded:
        """The nearest chunk's text of each of N unit vectors (N, D), and the cosines."""
        chunks, cosines = self._store.nearest(vectors, top=1, transform=self._transform)
        return Decoded(self._store.read_texts(chunks[:, 0]), cosines[:, 0])
