"""When scores are equal, which all ranks ask here (docs/methods.md#ranks)."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import torch
from torch import Tensor

from lvmctl.core.batch import Pool
from lvmctl.core.chunks import TEXT, Chunks

TIE = 1e-6
"""Scores that are nearer to each other than this are equal, in units of their size: 1 of cosines,
of a ranker's scores the larger of the target's and the best one's. What float32 chunks, predictions
and sums say beyond it is rounding: cosines of chunks that have nothing in common are 1e-8 or 1e-7,
of either sign, instead of 0."""

ROWS = 4096
"""Chunks of which keys are made at a time."""

SCORES = 2**18
"""Scores that are looked through at a time (1 MiB): a dozen passes over what is in the cache."""


def sign(gap: np.ndarray, size: np.ndarray | float = 1.0) -> np.ndarray:
    """1, 0 or -1 as scores of this ``size`` are above, like or below those that they differ from by
    ``gap`` (…); NaN stays."""
    return np.sign(np.where(np.abs(gap) <= TIE * size, 0.0, gap))


def ranks_by_score(
    scores: Tensor, candidates: Tensor, target: Tensor, cosines: bool = False
) -> Tensor:
    """Ranks by a ranker's scores, 1 + #better + ½·#ties.

    Args:
        scores: (B, N), of any size. One that is not a number is below any that is.
        candidates: (B, N) bool, those that count.
        target: (B,) int64, which candidate is ranked; one whose score is not a number is the last.
        cosines: whether the scores are cosines, of size 1.

    Returns:
        (B,) float64.
    """
    step = max(SCORES // max(scores.shape[1], 1), 1)
    parts = zip(*(each.split(step) for each in (scores, candidates, target)))
    return torch.cat([_ranks_by_score(*part, cosines) for part in parts])


def _ranks_by_score(scores: Tensor, candidates: Tensor, target: Tensor, cosines: bool) -> Tensor:
    """:func:`ranks_by_score` of a few windows."""
    scores = scores.float()
    own = scores.gather(1, target[:, None])
    size = own.abs().nan_to_num_(0.0, 0.0, 0.0)
    best = scores.masked_fill(~candidates, 0.0).nan_to_num_(0.0, 0.0, 0.0).amax(1, keepdim=True)
    near = TIE * (1.0 if cosines else size.maximum(best))
    gap = scores - own
    better = (gap > near) & candidates
    # Infinite scores are equal, though their gap is not a number.
    tied = ((gap.abs_() <= near) | (scores == own)) & candidates
    above, like, among = (x.sum(dim=1, dtype=torch.int32) for x in (better, tied, candidates))
    ranks = 1 + above.double() + (like.double() - 1) / 2
    return torch.where(own[:, 0].isnan(), among.double(), ranks)


def one_score_for_equals(scores: Tensor, pool: Pool, reads: tuple[str, ...] = ()) -> Tensor:
    """``scores`` (B, N) in which candidates with equal vectors have one score, the best of theirs:
    products round one row like another only where they stand alike.

    Args:
        reads: what the scores were made from beside vectors. Of texts, they have to be equal, too;
            what else a model reads is not compared, and its scores stay as they are.
    """
    if {*reads} - {TEXT}:
        return scores
    first = first_equal(pool.vectors, pool.chunks if reads else None)
    if first is None:
        return scores
    first = first.expand_as(scores)
    masked = scores.masked_fill(~pool.candidates, -torch.inf)
    best = torch.full_like(masked, -torch.inf).scatter_reduce_(1, first, masked, "amax")
    return best.gather(1, first)


@lru_cache(maxsize=1)  # a pool is asked for block by block
def first_equal(vectors: Tensor, texts: Chunks | None) -> Tensor | None:
    """The first chunk that is equal to each of ``vectors`` (N, D) or (B, N, D), by number (1, N) or
    (B, N); None where no two are."""
    grouped = vectors[None] if vectors.dim() == 2 else vectors
    keys = torch.stack([row_keys(each) for each in grouped])
    first = first_of(keys)
    number = torch.arange(keys.shape[1], device=keys.device).expand_as(first)
    if texts is not None and (first != number).any():
        each = texts.texts()
        each = [each] if vectors.dim() == 2 else each
        hashes = torch.tensor([[hash(text) for text in row] for row in each], device=keys.device)
        first = first_of(keys + hashes)
    group, row = (first != number).nonzero(as_tuple=True)
    same = (grouped[group, row] == grouped[group, first[group, row]]).all(dim=-1)
    first[group[~same], row[~same]] = row[~same]
    return first if same.any() else None


def first_of(keys: Tensor) -> Tensor:
    """Number of the first equal key of each row of ``keys`` (G, N), (G, N) int64."""
    ordered, order = keys.sort(dim=1, stable=True)
    place = torch.arange(keys.shape[1], device=keys.device).expand_as(order).clone()
    place[:, 1:][ordered[:, 1:] == ordered[:, :-1]] = 0
    return torch.empty_like(order).scatter_(1, order, order.gather(1, place.cummax(dim=1).values))


def row_keys(rows: Tensor) -> Tensor:
    """(N,) int64, equal for equal rows (N, D) float32, and hardly ever for others."""
    generator = torch.Generator().manual_seed(0)
    odd = 2 * torch.randint(2**62, (rows.shape[1],), generator=generator).to(rows.device) + 1
    keys = torch.empty(len(rows), dtype=torch.int64, device=rows.device)
    for low in range(0, len(rows), ROWS):
        part = rows[low : low + ROWS].float() + 0.0  # which makes -0 a 0
        keys[low : low + ROWS] = (part.contiguous().view(torch.int32).long() * odd).sum(dim=1)
    return keys
