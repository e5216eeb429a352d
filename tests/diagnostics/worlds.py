"""Small data that diagnostics are tested on."""

from __future__ import annotations

from lvmctl.data import open_splits
from lvmctl.data.splits.open import Splits


def world(name: str, articles: int = 40, chunks: int = 24, dim: int = 8, **more) -> Splits:
    """The splits of a synthetic world."""
    keys = {"articles": articles, "chunks": chunks, "dim": dim, **more}
    query = "&".join(f"{key}={value}" for key, value in keys.items())
    return open_splits(f"synth:{name}?{query}")
