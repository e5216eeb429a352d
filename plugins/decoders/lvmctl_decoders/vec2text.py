"""vec2text: a text is guessed for a vector, encoded again and corrected, some times over."""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor

from lvmctl import DataError, Decoded
from lvmctl_decoders.modules import Corrector, Inversion
from lvmctl_decoders.plugin import Vec2TextOptions

if TYPE_CHECKING:
    from lvmctl import Store

SENTENCES = (
    "The river had risen in the night, and the bridge was gone.",
    "She counted the money twice and put it back into the drawer.",
    "Water boils at a lower temperature on a mountain than at the sea.",
    "The committee will meet again on Tuesday to discuss the new budget.",
)
"""Texts that show how long the encoder's vectors are."""


class Vec2Text:
    """Writes a new text for a vector (Morris et al., EMNLP 2023).

    The models expect vectors of the norm that the encoder gives them, and unit vectors have lost
    theirs: they are given the mean norm of a few sentences. Of all texts that are written on the
    way, the one whose vector is nearest is kept.

    Args:
        options: see :class:`Vec2TextOptions`.
        store: whose vectors are decoded.

    Raises:
        DataError: a model cannot be loaded, or is of vectors of another width.
    """

    def __init__(self, options: Vec2TextOptions, store: Store) -> None:
        self.options = options
        self.device = torch.device(options.device or "cpu")
        self.inversion = Inversion(options.inversion, options.backbone, options.embedder)
        self.inversion.eval().to(self.device)
        refuse_width(self.inversion.dim, store, options.inversion)
        self.corrector = None
        if options.corrector and options.steps:
            self.corrector = Corrector(options.corrector, options.backbone).eval().to(self.device)
            refuse_width(self.corrector.dim, store, options.corrector)
        self.norm = float(np.linalg.norm(self.encode(SENTENCES), axis=1).mean())

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        """The vectors (N, D) of the encoder that is inverted, of whole texts."""
        size = self.options.batch_size
        parts = []
        for low in range(0, len(texts), size):
            with torch.inference_mode(), quiet():
                part = self.inversion.embed(list(texts[low : low + size]), whole=True)
            parts.append(part.float().cpu().numpy())
        return np.concatenate(parts) if parts else np.empty((0, self.inversion.dim), np.float32)

    def decode(self, vectors: np.ndarray) -> Decoded:
        """A text for each of N unit vectors (N, D), and the cosine of each to its text's vector."""
        texts: list[str] = []
        cosines: list[np.ndarray] = []
        for low in range(0, len(vectors), self.options.batch_size):
            with torch.inference_mode(), quiet():
                part = torch.from_numpy(vectors[low : low + self.options.batch_size])
                written, cosine = self.written(part.to(self.device) * self.norm)
            texts += written
            cosines.append(cosine.cpu().numpy())
        return Decoded(texts, np.concatenate(cosines) if cosines else np.empty(0, np.float32))

    def written(self, vectors: Tensor) -> tuple[list[str], Tensor]:
        """The best texts for vectors (B, D), and their cosines (B,)."""
        ids = self.inversion.guess(vectors)
        texts = self.read(ids)
        best, last = texts, self.inversion.embed(texts)
        highest = torch.cosine_similarity(vectors, last)
        for _ in range(self.options.steps):
            if self.corrector is None:
                break
            ids = self.corrector.correct(vectors, last, ids)
            texts = self.read(ids)
            last = self.inversion.embed(texts)
            cosine = torch.cosine_similarity(vectors, last)
            better = (cosine > highest).tolist()
            best = [new if won else old for new, old, won in zip(texts, best, better)]
            highest = torch.maximum(cosine, highest)
            if texts == best and not any(better):
                break  # the same texts lead to the same texts again
        there = torch.tensor([bool(text) for text in best], device=highest.device)
        return best, torch.where(there, highest, torch.nan)

    def read(self, ids: Tensor) -> list[str]:
        """The texts of token ids (B, T)."""
        texts = self.inversion.tokenizer.batch_decode(ids, skip_special_tokens=True)
        return [" ".join(text.split()) for text in texts]


def refuse_width(dim: int, store: Store, model: str) -> None:
    """Refuse a model of vectors of another width than the store's."""
    if dim != store.dim:
        what = f"is of vectors of {dim} numbers, those of {store.name} have {store.dim}"
        raise DataError(what, where=model, hint="use a model of the store's encoder")


@contextmanager
def quiet() -> Any:
    """Without the library's advice on stderr, and without its threads, which fork badly."""
    import transformers

    before = transformers.logging.get_verbosity()
    transformers.logging.set_verbosity_error()
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    try:
        yield
    finally:
        transformers.logging.set_verbosity(before)
