"""Hubs: chunks that are among the nearest neighbours of very many others.

The k-occurrence N_k of a chunk is the number of others that have it among their k nearest by
cosine. Its mean is k; in many dimensions its distribution is skewed to the right: few chunks are
neighbours of very many, and many of none (Radovanović, Nanopoulos and Ivanović, 2010).
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch

from lvmctl.data.store.arrays import unit
from lvmctl.evaluation.retrieval.blocks import nearest


def k_occurrences(
    rows: np.ndarray, k: int, progress: Callable[[int], object] = lambda n: None
) -> np.ndarray:
    """N_k of each of the unit ``rows`` (n, D) float32 among the others: (n,) int64, whose sum is
    n·min(k, n − 1)."""
    counts = np.zeros(len(rows), np.int64)
    for part, neighbours in nearest(torch.from_numpy(rows), k):
        counts += np.bincount(neighbours.flatten().numpy(), minlength=len(rows))
        progress(part.stop - part.start)
    return counts


def skewness(counts: np.ndarray) -> float:
    """Third standardised moment of (n,) counts; 0 where all are equal."""
    return float((standardised(counts) ** 3).mean())


def skewness_terms(counts: np.ndarray) -> np.ndarray:
    """(n,) values whose mean is the skewness γ and whose spread is its uncertainty.

    γ plus its influence function z³ − 3z − γ − 3γ(z² − 1)/2 of the standardised counts z.
    """
    z = standardised(counts)
    skew = float((z**3).mean())
    return z**3 - 3 * z - 1.5 * skew * (z**2 - 1)


def standardised(counts: np.ndarray) -> np.ndarray:
    """(n,) of mean 0 and variance 1; 0 where all are equal."""
    away = counts - counts.mean()
    return away / (np.sqrt((away**2).mean()) or 1.0)


def isotropic_rows(count: int, dim: int, rng: np.random.Generator) -> np.ndarray:
    """(count, dim) float32 chunks uniform on the sphere, in which hubs occur by chance alone."""
    return unit(rng.standard_normal((count, dim), dtype=np.float32))
