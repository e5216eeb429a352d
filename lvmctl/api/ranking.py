"""Rankings: candidates by score, the best first."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import torch
from torch import Tensor

from lvmctl.evaluation.retrieval.ties import ranks_by_score


class Ranking(NamedTuple):
    """Candidates, the best first.

    Attributes:
        indices: (top,) or (B, top) int64, numbers of the candidates.
        scores: of the same shape, float; what they were ranked by, higher is better.
    """

    indices: Any
    scores: Any

    def rank(self, number: int, cosines: bool = False) -> float:
        """Rank of one candidate, 1 + #better + ½·#ties, where all of one context's are ranked.

        Args:
            number: of the candidate.
            cosines: whether they were ranked by cosines, and not by a ranker's own scores: what is
                a tie depends on it (docs/methods.md#ranks). ``model.rank_in`` knows.
        """
        indices, scores = (torch.as_tensor(each).cpu() for each in self)
        every = torch.ones(1, len(scores), dtype=torch.bool)
        place = (indices == number).nonzero()[0]
        return ranks_by_score(scores[None], every, place, cosines).item()


def best(scores: Tensor, candidates: Tensor, count: int) -> tuple[Tensor, Tensor]:
    """Numbers and scores of the ``count`` best of ``candidates`` (B, N), by scores (B, N), as (B,
    count) each; equal ones in order.

    A score that is not a number is below any that is, and what is no candidate below that.
    """
    lowest = torch.finfo(scores.dtype).min
    order = scores.nan_to_num(nan=lowest, posinf=torch.inf, neginf=lowest)
    order = order.where(candidates, -torch.inf)
    index = order.argsort(dim=1, descending=True, stable=True)[:, :count]
    return index, scores.gather(1, index)


def parts(contexts: int, size: int, most: int, scores: int) -> Iterator[slice]:
    """Slices of contexts, at most so many of them and of their scores of ``size`` candidates at a
    time; one part at least."""
    step = max(1, min(most, scores // max(1, size)))
    for low in range(0, max(1, contexts), step):
        yield slice(low, low + step)
