"""Splits that the tests of split parity compare."""

from __future__ import annotations

import numpy as np
from made import split_of

from lvmctl.data import Split, Splits, Windows
from lvmctl.data.store.arrays import unit64
from lvmctl.diagnostics.data.parity.window_traits import Traits, measure


def flat(articles: int, cosine: float, seed: int, chunks: int = 12, dim: int = 16) -> Split:
    """Articles any two of whose chunks have ``cosine`` on average, whatever their lag."""
    rng = np.random.default_rng(seed)
    topic = unit64(rng.standard_normal((articles, 1, dim)))
    x = rng.standard_normal((articles, chunks, dim))
    x = unit64(x - (x * topic).sum(axis=2, keepdims=True) * topic)
    rows = np.sqrt(cosine) * topic + np.sqrt(1 - cosine) * x
    return split_of(rows.reshape(-1, dim), [chunks] * articles, name=f"flat{seed}")


def walk(articles: int, a: float, seed: int, chunks: int = 12, dim: int = 16) -> Split:
    """``ar1``: the mean cosine at lag k is a^k, and at lag 1 every single one is a."""
    rng = np.random.default_rng(seed)
    rows = np.empty((articles, chunks, dim))
    rows[:, 0] = unit64(rng.standard_normal((articles, dim)))
    for t in range(1, chunks):
        u = rng.standard_normal((articles, dim))
        u = unit64(u - (u * rows[:, t - 1]).sum(axis=1, keepdims=True) * rows[:, t - 1])
        rows[:, t] = a * rows[:, t - 1] + np.sqrt(1 - a**2) * u
    return split_of(rows.reshape(-1, dim), [chunks] * articles, name=f"walk{seed}")


def splits_of(train: Split, val: Split, ood: Split | None = None) -> Splits:
    return Splits(train, val, ood, [])


def traits_of(split: Split, context: int = 5, horizon: int = 1) -> Traits:
    return measure(Windows(split, context, horizon))


def some(traits: Traits, index: np.ndarray) -> Traits:
    """The articles numbered ``index``."""
    sums = {name: values[index] for name, values in traits.sums.items()}
    return Traits(traits.windows[index], sums, {}, traits.separate)
