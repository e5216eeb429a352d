"""Chunks by their rows, and what a ranker may read of them beside their vectors.

Torch appears only in annotations.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    import torch
    from torch import Tensor

TEXT = "text"
"""What a model reads that reads the texts of chunks; any other name is that of a finer level."""


def labelled(name: str, reads: Iterable[str]) -> str:
    """The name of a predictor in tables, with what it reads, as in ``p10 (reads text)``."""
    what = " and ".join(reads)
    return f"{name} (reads {what})" if what else name


class ChunkSource(Protocol):
    """Where chunks are from."""

    def pieces(self, rows: Tensor, count: int, level: str) -> tuple[Tensor, Tensor]:
        """See :meth:`Chunks.pieces`."""
        ...

    def texts(self, rows: Tensor) -> Any:
        """See :meth:`Chunks.texts`."""
        ...


@dataclass(frozen=True, slots=True)
class Chunks:
    """Some chunks, of which more than their vectors can be read; nothing is before it is asked for.

    Attributes:
        rows: (…) int64, their rows in ``source``. They serve to remember what was read of a chunk.
            A ranker must not learn from them where a chunk stands: neighbours have adjacent rows.
        source: where they are from; the same object for all chunks of a split.
        reads: what the reader declared, see :class:`lvmctl.registry.specs.ModelSpec`.
    """

    rows: Tensor
    source: ChunkSource
    reads: tuple[str, ...] = ()

    def __getitem__(self, index: Any) -> Chunks:
        """Some of them, as of a tensor of their rows."""
        return replace(self, rows=self.rows[index])

    def to(self, device: torch.device | str) -> Chunks:
        """The same ones, of which tensors are given on another device."""
        return replace(self, rows=self.rows.to(device))

    def texts(self) -> Any:
        """Their texts, in lists nested as ``rows`` is."""
        self._require(TEXT)
        return self.source.texts(self.rows)

    def pieces(self, count: int = 1, level: str = "sentence") -> tuple[Tensor, Tensor]:
        """Their first and last ``count`` pieces at a finer level of the store.

        Returns:
            (…, 2, P, D) float32 of unit norm, the first pieces and the last ones, both in the order
            of the text, and zeros where a chunk has fewer; (…, 2, P) bool, which are there.
        """
        self._require(level)
        return self.source.pieces(self.rows, count, level)

    def _require(self, name: str) -> None:
        if name not in self.reads:
            raise AttributeError(f"it reads {name!r} without declaring it; add it to `reads`")
