"""A small store made from texts, for what reads more of chunks than their vectors."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np

from lvmctl.api.embed import embed
from lvmctl.api.levels import add_level
from lvmctl.api.store import Store
from lvmctl.core.chunks import TEXT

WORDS = [f"{head}{tail}" for head in ("ba", "ko", "li", "ru", "te") for tail in "dghlmnrst"]

SHARES = {"train": 0.5, "val": 0.25, "test": 0.25}


def text_store(
    path: Path,
    articles: int = 24,
    chunks: int = 14,
    dim: int = 8,
    reads: Iterable[str] = (TEXT, "sentence"),
    seed: int = 0,
    encoder_from: Path | None = None,
) -> Store:
    """A store of articles whose chunks are 1 to 3 sentences of made-up words, more of which
    neighbours share than others.

    Args:
        path: where it is written.
        reads: what it has beside vectors: it always has texts.
        encoder_from: a store of the same space.
    """
    rng = np.random.default_rng(seed)
    splits = np.repeat([*SHARES], [round(share * articles) for share in SHARES.values()])
    texts = []
    for split in splits:
        start = rng.integers(len(WORDS))
        cut = [paragraph(rng, start + 2 * place) for place in range(chunks)]
        texts.append({"text": cut, "split": str(split)})
    options = {"min_texts": 1, "max_share": 1.0, "dim": dim} if encoder_from is None else None
    store = embed(texts, out=path, encoder_from=encoder_from, options=options)
    for level in sorted({*reads} - {TEXT}):
        add_level(store.path, level)
    return store


def paragraph(rng: np.random.Generator, place: int) -> str:
    """A chunk of words near a place in the list of them."""
    sentences = []
    for _ in range(rng.integers(1, 4)):
        near = place + rng.integers(0, 8, size=rng.integers(3, 7))
        words = [WORDS[number % len(WORDS)] for number in near]
        sentences.append(f"{' '.join(words).capitalize()}.")
    return " ".join(sentences)
