"""What is fitted on the training text, for text of its own kind."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn
from torch.nn.functional import normalize

from lvmctl import Pool, Shape
from lvmctl_ranker.fitting import FOLDS, distance, fit_axes, fold_of, guessed_from
from lvmctl_ranker.whitening import centre

if TYPE_CHECKING:
    from lvmctl import Windows

AXES = 128
"""Most axes that are kept."""


class InDomain(nn.Module):
    """Axes along which chunks of the training text agree with their successors, and a linear guess
    of the next chunk along them.

    What is measured along these axes helps in text like the training text and harms elsewhere. So
    it counts only for windows that are as near to the training chunks as most training windows are
    to the chunks of the other folds.

    Everything along the axes is fitted once without each fold of the articles and once on all of
    them; the first index of a buffer says which.

    Attributes:
        axes: (FOLDS + 1, D, R), see :meth:`~lvmctl_ranker.fitting.Sums.axes`; R is 128, or D if
            that is less.
        agreement: (FOLDS + 1, R) of successive chunks along each axis, ≥ 0.
        ahead: (FOLDS + 1, 3R, R), see :func:`~lvmctl_ranker.fitting.guessed_from`.
        mean: (D,) of the training chunks.
        root: (D, D), see :func:`~lvmctl_ranker.fitting.distance`.
        limit: the largest distance of an in-domain window; -∞ before anything is fitted.
    """

    axes: Tensor
    agreement: Tensor
    ahead: Tensor
    mean: Tensor
    root: Tensor
    limit: Tensor

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        dim, axes = shape.dim, min(AXES, shape.dim)
        self.register_buffer("axes", torch.zeros(FOLDS + 1, dim, axes))
        self.register_buffer("agreement", torch.zeros(FOLDS + 1, axes))
        self.register_buffer("ahead", torch.zeros(FOLDS + 1, 3 * axes, axes))
        self.register_buffer("mean", torch.zeros(dim))
        self.register_buffer("root", torch.zeros(dim, dim))
        self.register_buffer("limit", torch.tensor(-torch.inf))

    def fit(self, windows: Windows) -> None:
        """Learn from training windows; nothing where :func:`~lvmctl_ranker.fitting.fit_axes` finds
        too few articles, or the same text in several."""
        self.limit.fill_(-torch.inf)
        for name, value in fit_axes(windows, self.agreement.shape[-1]).items():
            getattr(self, name).copy_(value)

    def covers(self, context: Tensor) -> Tensor:
        """(B,) bool: which windows (B, K, D) are in-domain; none of another D is."""
        if context.shape[-1] != len(self.mean):
            return torch.zeros(len(context), dtype=torch.bool, device=context.device)
        return distance(context, self.mean, self.root) <= self.limit


class AxisFeatures:
    """Windows and a pool along fitted axes.

    Args:
        article: (B,) int64, the training articles that the windows are from; what was fitted on
            their fold is then not used. Each window has a pool of its own.

    Attributes:
        known: (B,) bool, the windows that are in-domain.
    """

    def __init__(
        self, learned: InDomain, context: Tensor, pool: Pool, article: Tensor | None = None
    ) -> None:
        self.known = learned.covers(context)
        self.empty = context.new_zeros(1, pool.vectors.shape[-2], axis_features(context.shape[1]))
        if not self.known.any():
            return
        which = torch.tensor([FOLDS]) if article is None else fold_of(article)
        if (which == which[0]).all():
            which = which[:1]
        axes, agreement = learned.axes[which], learned.agreement[which]
        middle = centre(context, pool) @ axes
        window, chunks = context @ axes - middle, pool.vectors @ axes - middle
        weight = agreement.sqrt()[:, None]
        self.window = normalize(window * weight, dim=-1)
        self.near = normalize(chunks * weight, dim=-1)
        self.guess = guessed_from(window) @ learned.ahead[which]
        self.chunks = chunks

    def measures(self, part: slice) -> Tensor:
        """(B, N, K + 2) of some contexts: cosines with the window's chunks, each axis weighted by
        its agreement; cosine and product with the guess. Zeros where no window is known."""
        if not self.known[part].any():
            return self.empty.expand(len(self.known[part]), -1, -1)
        near, chunks = (x if len(x) == 1 else x[part] for x in (self.near, self.chunks))
        guess = self.guess[part]
        columns = [
            self.window[part] @ near.mT,
            normalize(guess, dim=-1) @ normalize(chunks, dim=-1).mT,
            guess @ chunks.mT / guess.shape[-1] ** 0.5,
        ]
        return torch.cat(columns, dim=1).mT


def axis_features(k: int) -> int:
    """Columns of :meth:`AxisFeatures.measures` for windows of ``k`` chunks."""
    return k + 2
