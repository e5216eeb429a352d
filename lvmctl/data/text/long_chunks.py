"""Chunks longer than an encoder reads: split at sentence ends, or kept, and counted."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from lvmctl.core.formatting import count
from lvmctl.data.text.segmentation import sentences

TOGETHER = 256
"""Texts whose tokens are counted at once, as many as are encoded together."""


class LongChunks:
    """What is done with chunks that an encoder would read in part only.

    Args:
        encoder: says by ``max_length`` how many tokens it reads of a text, and counts those of
            texts by ``lengths(texts)``; one without ``max_length`` reads whole texts.
        name: what it is called in the notice.
        keep: leave long chunks as they are.

    Attributes:
        limit: tokens that are read of a text, 0 is all.
        split, pieces, kept: how many chunks were split into how many, and how many chunks there
            are that are longer.
    """

    def __init__(self, encoder: Any, name: str, keep: bool = False) -> None:
        self.limit: int = getattr(encoder, "max_length", None) or 0
        self.split = self.pieces = self.kept = 0
        self._lengths, self._name, self._keep = getattr(encoder, "lengths", None), name, keep
        # Tokens that frame any text, which are counted once where sentences are put together.
        self._frame = self._count([""])[0] if self.limit else 0

    def fit(self, chunks: list[str], keep: bool = False) -> list[str]:
        """``chunks`` with the long ones in pieces, unless they are to be kept."""
        if not self.limit:
            return chunks
        fitting = []
        for chunk, length in zip(chunks, self._count(chunks)):
            pieces = [chunk] if keep or self._keep or length <= self.limit else self._cut(chunk)
            if len(pieces) > 1:
                self.split += 1
                self.pieces += len(pieces)
                self.kept += sum(each > self.limit for each in self._count(pieces))
            else:
                self.kept += length > self.limit
            fitting += pieces
        return fitting

    def notice(self) -> str | None:
        """One line about what was long; None where nothing was."""
        parts = []
        if self.split:
            parts.append(f"{count(self.split, 'chunk')} split at sentences into {self.pieces:,}")
        if self.kept:
            parts.append(f"{self.kept:,} kept, of which the rest is not read")
        if not parts:
            return None
        return f"longer than the {self.limit:,} tokens that {self._name} reads: {', '.join(parts)}"

    def _cut(self, chunk: str) -> list[str]:
        """A chunk as runs of sentences, each as long as fits; a sentence stays whole."""
        parts = sentences(chunk)
        pieces: list[list[str]] = []
        room = 0
        for sentence, length in zip(parts, self._count([part.strip() for part in parts])):
            room -= length - self._frame
            if room < 0 or not pieces:
                pieces.append([])
                room = self.limit - length
            pieces[-1].append(sentence)
        return ["".join(piece).strip() for piece in pieces]

    def _count(self, texts: Sequence[str]) -> list[int]:
        parts = [texts[low : low + TOGETHER] for low in range(0, len(texts), TOGETHER)]
        return [int(length) for part in parts for length in self._lengths(part)]
