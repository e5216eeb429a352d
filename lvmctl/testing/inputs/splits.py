"""Tiny splits that lie in memory."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from lvmctl.data import Split, Splits
from lvmctl.data.store.arrays import unit64


def split_of(articles: Sequence[np.ndarray], name: str = "tiny") -> Split:
    """A split of ``articles``, each (n, D), one after another."""
    lengths = np.array([len(article) for article in articles], np.int64)
    return Split(
        vectors=np.concatenate(articles).astype(np.float32),
        starts=np.cumsum(lengths) - lengths,
        lengths=lengths,
        articles=[{"id": f"{name} {number}"} for number in range(len(lengths))],
        name=name,
        source={"path": name, "split": None, "content_hash": name, "encoder": None},
    )


def textlike(
    articles: int = 12, chunks: int = 24, dim: int = 8, seed: int = 0, name: str = "tiny"
) -> Split:
    """Articles of a topic each, whose neighbours are the most alike: their mean cosine is about .7,
    that of distant chunks .35, that of different articles 0."""
    rng = np.random.default_rng(seed)
    made = []
    for _ in range(articles):
        topic, *noise = unit64(rng.standard_normal((chunks + 1, dim)))
        rows = [unit64(topic + noise[0])]
        for step in noise[1:]:
            rows.append(unit64(0.5 * topic + rows[-1] + 1.2 * step))
        made.append(np.stack(rows))
    return split_of(made, name)


def textlike_splits(articles: int = 12, chunks: int = 24, dim: int = 8) -> Splits:
    """Three splits of :func:`textlike`, of different articles."""
    names = ("train", "val", "ood")
    made = [textlike(articles, chunks, dim, seed, name) for seed, name in enumerate(names)]
    return Splits(*made, notices=[])
