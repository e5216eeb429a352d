"""The arrow of time at second order: what a lagged product keeps when it is transposed.

Γ(k) = E[x_t x_{t+k}ᵀ], the store's mean subtracted; A_k = ‖Γ(k) - Γ(k)ᵀ‖_F / ‖Γ(k)‖_F, in [0, 2]
(docs/methods.md#arrow). Reversing an article transposes its part of Γ: the symmetric part of all
stays, the antisymmetric part is Σ s_a Δ_a with signs s_a, whose norm is sᵀGs for the Gram matrix G
of the Δ_a. A thousand random reversals are one product with G.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from statistics import NormalDist
from typing import Any, NamedTuple

import numpy as np

from lvmctl.data.splits.split import Split
from lvmctl.data.store.arrays import BLOCK_BYTES
from lvmctl.diagnostics.estimates import estimate_record
from lvmctl.evaluation.statistics.intervals import Interval

LAGS = (1, 2, 3)

GROUPS = 1024
"""Articles beyond this many are reversed in groups of neighbours."""
WORK = 500_000
"""Groups times dimensions: bounds the time of G, which is their product squared."""

MEMORY = 4 * BLOCK_BYTES
"""Bytes of the blocks worked on at a time, or one row of each S_a where that is more."""

TIE = 1e-9
"""Relative rounding below which a reversal counts as reaching what was observed."""


class LaggedSums(NamedTuple):
    """What all figures of one lag are made of, over g groups of articles.

    Attributes:
        gram: G (g, g), ⟨Δ_a, Δ_b⟩ of the groups' sums Δ_a = Σ_t x_t x_{t+k}ᵀ - x_{t+k} x_tᵀ.
        shares: (g,) ⟨S_a, ΣS⟩ of the groups' sums S_a = Σ_t x_t x_{t+k}ᵀ; they add up to ‖ΣS‖².
        squares: (g,) ‖S_a‖².
        pairs: terms of all sums.
    """

    gram: np.ndarray
    shares: np.ndarray
    squares: np.ndarray
    pairs: int


def antisymmetry(
    split: Split, permutations: int = 999, seed: int = 0
) -> tuple[dict[int, dict[str, Any]], float]:
    """A_k of the :data:`LAGS` that some article is long enough for.

    The null hypothesis are independent articles that are as likely forward as backward; then every
    p is exact. The random reversals are the same for all lags.

    Returns:
        By lag: ``A`` as measured, in [0, 2] and never 0, for noise is not symmetric; ``null_mean``
        and ``null_std`` of A over the reversals; ``p``, the share of reversals that reach A, itself
        among them; ``corrected``, the effect of :func:`corrected`; ``pairs`` of chunks. And one p
        of all lags together: of the largest A² in its own null's standard deviations; 1 where there
        is no lag.
    """
    signs = np.random.default_rng(seed).integers(0, 2, (permutations, groups_of(split)[-1] + 1))
    signs = np.vstack([np.ones(signs.shape[1]), 2.0 * signs - 1])
    records, scores = {}, []
    for lag, sums in lagged_sums(split, LAGS).items():
        # ‖Σ s_a Δ_a‖² as it is and of each reversal.
        norms = np.einsum("ng,ng->n", signs @ sums.gram, signs)
        symmetric = sums.shares.sum() - norms[0] / 4
        with np.errstate(invalid="ignore", divide="ignore"):
            values = np.nan_to_num(np.sqrt(norms.clip(0) / (symmetric + norms / 4)))
        records[lag] = {
            "A": float(values[0]),
            "null_mean": float(values[1:].mean()),
            "null_std": float(values[1:].std()),
            "p": share_reaching(norms, TIE * abs(norms[0])),
            "corrected": estimate_record(*corrected(sums)),
            "pairs": sums.pairs,
        }
        scale = norms.std()
        scores.append((norms - norms.mean()) / scale if scale > 0 else np.zeros(len(norms)))
    return records, share_reaching(np.max(scores, axis=0), TIE) if scores else 1.0


def share_reaching(values: np.ndarray, tie: float) -> float:
    """(1 + #{v ≥ v_0}) / (1 + n) for ``values`` v_0 … v_n."""
    return float((values >= values[0] - tie).mean())


def corrected(sums: LaggedSums) -> tuple[float, Interval]:
    """A_k without the noise of either norm, and its 95 % interval; NaN for fewer than three groups.

    It is the root of (‖ΣΔ_a‖² - Σ‖Δ_a‖²) over ‖ΣS_a‖² - Σ‖S_a‖², 0 where the first is negative.
    The second counts as at least half of ‖ΣS_a‖², so that noise is never divided by noise. The
    first is a U-statistic: the jackknife sees the part of its variance that is linear in the groups
    once and the remainder twice, so the remainder is taken off once.
    """
    count, whole = len(sums.gram), sums.shares.sum()
    if not whole > 0:
        return 0.0, (float("nan"), float("nan"))
    others = sums.shares - sums.squares
    if others.sum() < whole / 2:
        others = sums.shares / 2
    whole = others.sum()
    products = sums.gram - np.diag(np.diag(sums.gram))
    ratio = products.sum() / whole
    effect = root(ratio)
    if count < 3:
        return effect, (float("nan"), float("nan"))
    rows = products.sum(axis=1)
    linear = rows / (count - 1)
    remainder = products - linear[:, None] - linear + linear.mean()
    np.fill_diagonal(remainder, 0)
    degenerate = 2 * (remainder**2).sum()
    jackknife = 4 * ((rows - ratio * others) ** 2).sum()
    error = np.sqrt(max(jackknife - degenerate, degenerate)) / whole
    reach = student_quantile(0.975, count - 1) * error
    return effect, (root(ratio - reach), root(ratio + reach))


def root(squared: float) -> float:
    """An effect from its square, which an estimate may put below 0 or above 4."""
    return float(np.sqrt(np.clip(squared, 0, 4)))


def student_quantile(share: float, freedom: int) -> float:
    """Of Student's t, to 1 % from five degrees of freedom on (Fisher's expansion)."""
    z = NormalDist().inv_cdf(share)
    first = (z**3 + z) / 4
    second = (5 * z**5 + 16 * z**3 + 3 * z) / 96
    third = (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384
    return z + first / freedom + second / freedom**2 + third / freedom**3


def groups_of(split: Split) -> np.ndarray:
    """(A,) ascending group of each article: its own while there are few enough of them."""
    groups = min(len(split.lengths), GROUPS, max(WORK // split.dim, 64))
    return np.arange(len(split.lengths)) * groups // len(split.lengths)


def lagged_sums(split: Split, lags: Sequence[int]) -> dict[int, LaggedSums]:
    """The sums of every lag that has pairs. Memory: G of each lag, and blocks of :data:`MEMORY`."""
    lags = [lag for lag in lags if (split.lengths > lag).any()]
    mean, dim = split.mean(), split.dim
    count = int(groups_of(split)[-1]) + 1
    squares, shares = ({lag: np.zeros(count) for lag in lags} for _ in range(2))
    grams = {lag: np.zeros((count, count)) for lag in lags}
    step = max(1, MEMORY // max(1, 4 * 2 * count * dim * len(lags)))
    for low in range(0, dim, step):
        high = min(low + step, dim)
        # Rows low:high of every group's S_a and of its transpose.
        shape = (2, count, high - low, dim)
        blocks = {lag: np.zeros(shape, np.float32) for lag in lags}
        for group, lag, before, after in pairs_of(split, mean, lags):
            blocks[lag][0, group] = before[:, low:high].T @ after
            blocks[lag][1, group] = after[:, low:high].T @ before
        for lag, (products, transposed) in blocks.items():
            flat = products.reshape(count, -1)
            squares[lag] += np.einsum("gi,gi->g", flat, flat)
            shares[lag] += flat @ flat.sum(axis=0)
            # Of Δ from the diagonal on: what is left of it is the same but for a sign.
            turned = products[:, :, low:] - transposed[:, :, low:]
            turned[:, :, high - low :] *= np.float32(np.sqrt(2))
            turned = turned.reshape(count, -1)
            grams[lag] += turned @ turned.T
    pairs = {lag: int(np.maximum(split.lengths - lag, 0).sum()) for lag in lags}
    return {lag: LaggedSums(grams[lag], shares[lag], squares[lag], pairs[lag]) for lag in lags}


def pairs_of(
    split: Split, mean: np.ndarray, lags: Sequence[int]
) -> Iterator[tuple[int, int, np.ndarray, np.ndarray]]:
    """Group, lag k, and the group's x_t and x_{t+k}, (n, D) float32 each, ``mean`` subtracted."""
    group = groups_of(split)
    bounds = np.searchsorted(group, np.arange(group[-1] + 2))
    for number, (first, last) in enumerate(pairwise(bounds)):
        ends = zip(split.starts[first:last], split.lengths[first:last])
        articles = [split.unit_rows(start, start + length) - mean for start, length in ends]
        for lag in lags:
            long = [chunks for chunks in articles if len(chunks) > lag]
            if len(long) == 1:
                yield number, lag, long[0][:-lag], long[0][lag:]
            elif long:
                before = np.concatenate([chunks[:-lag] for chunks in long])
                yield number, lag, before, np.concatenate([chunks[lag:] for chunks in long])
