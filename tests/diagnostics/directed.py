"""Small stores whose direction is known."""

from __future__ import annotations

from collections.abc import Iterator

import made
import numpy as np

from lvmctl.data import Split
from lvmctl.data.synthetic.worlds import World, simulate


def split_of(*articles: np.ndarray, **more) -> Split:
    """A split of ``articles`` (n, D)."""
    return made.split_of(np.concatenate(articles), list(map(len, articles)), **more)


def articles_of(split: Split) -> list[np.ndarray]:
    """Its articles' unit chunks, float64."""
    ends = zip(split.starts, split.lengths)
    return [split.unit_rows(low, low + count).astype(np.float64) for low, count in ends]


def draws(
    name: str, count: int, articles: int = 16, chunks: int = 10, dim: int = 6, seed: int = 1, **more
) -> Iterator[Split]:
    """``count`` independent stores of a world; ``shuffled`` is of ``rotation``."""
    world = "rotation" if name == "shuffled" else name
    settings = World(world, articles * count, chunks, dim, seed=seed, **more)
    every = np.concatenate(list(simulate(settings)))
    if name == "shuffled":
        rng = np.random.default_rng(seed)
        every = np.stack([rng.permutation(article) for article in every])
    for low in range(0, len(every), articles):
        yield split_of(*every[low : low + articles])
