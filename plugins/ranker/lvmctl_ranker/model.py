"""P9's model: a mixture of the window as q, and a ranker of what can be chosen."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from lvmctl import Pool, Prediction, Shape
from lvmctl.sphere import mixture
from lvmctl_ranker.features import Numbers, Rows, joined, numbers_of, width
from lvmctl_ranker.in_domain import AxisFeatures, InDomain, axis_features
from lvmctl_ranker.measured_articles import (
    MeasuredArticles,
    Whole,
    articles_with_room,
    wholes_of,
)
from lvmctl_ranker.measures import Measures
from lvmctl_ranker.neighbours import nearest_lists, neighbours
from lvmctl_ranker.options import GROUPS, IN_DOMAIN, RankerOptions
from lvmctl_ranker.scorer import Scorer
from lvmctl_ranker.whitening import whitened, window_left_out

if TYPE_CHECKING:
    from lvmctl import Windows

HELD = 300_000
"""Neighbours of candidates that are held at a time."""

OWN = 4_000_000
"""Numbers of pools of their own that are held at a time."""

FADE = 0.4
"""Weight of a chunk beside that of the next newer one, before training."""


class Ranker(nn.Module):
    """q = normalise(Σ α_k c_k), α = softmax of K learned numbers; and a score for candidates.

    The score is :class:`~lvmctl_ranker.scorer.Scorer` of :class:`~lvmctl_ranker.measures.Measures`,
    in which nothing depends on D or on any text; and, in text like the training text, of what
    :class:`~lvmctl_ranker.in_domain.InDomain` knows.

    A subclass may know more of a candidate: :meth:`numbers` then gives ``more`` features.

    Shapes: context (B, K, D) → q (B, D), weights α (B, K) on the simplex.

    Attributes:
        kept: of the training articles, those before this number are measured once.
    """

    kept: Tensor

    def __init__(
        self, options: RankerOptions, shape: Shape, more: int = 0, far: float = math.inf
    ) -> None:
        super().__init__()
        age = torch.arange(shape.context_length).flip(0)
        self.logits = nn.Parameter(age * math.log(FADE))
        self.groups = [name for name in GROUPS if name not in options.without]
        self.whitened = "whitened" not in options.without
        fitted = not {*IN_DOMAIN} & {*options.without}
        self.in_domain = InDomain(shape) if fitted else None
        wide = width(self.groups, shape.context_length, 1 + self.whitened)
        extra = 2 * axis_features(shape.context_length) if fitted else 0
        self.scorer = Scorer(
            wide + more, extra, options.hidden, options.dropout, far, options.members
        )
        self.measured = MeasuredArticles()
        self.register_buffer("kept", torch.tensor(0))
        self.register_load_state_dict_pre_hook(with_present_names)
        self.register_load_state_dict_post_hook(lambda model, _: model.measured.forget())

    def fit(self, windows: Windows) -> None:
        """Learn what the training text is like, before the scorer is trained."""
        self.measured.forget()
        self.kept.fill_(articles_with_room(windows, self.scorer.reads))
        if self.in_domain is not None:
            self.in_domain.fit(windows)

    def forget_space(self) -> None:
        """Take no window as in-domain, before chunks of another space than the training's."""
        if self.in_domain is not None:
            self.in_domain.limit.fill_(-torch.inf)

    def forward(self, context: Tensor) -> Prediction:
        weights = self.logits.softmax(dim=-1).expand(len(context), -1)
        return Prediction(q=mixture(weights, context), weights=weights)

    def score(self, context: Tensor, pool: Pool) -> Tensor:
        """Scores (B, N) of a pool's chunks, higher is better; see :class:`lvmctl.core.batch.Pool`.

        In training the scorer takes all candidates as one batch, what is no candidate scores 0, and
        where the scorer has several heads, each of them is given: (B, N, M).
        """
        # Ranks of cosines need all their digits.
        with torch.autocast(context.device.type, enabled=False):
            if not self.training:
                blocks = self.blocks(context, pool)
                return torch.cat([self.scorer(each.rows()) for each in blocks])
            rows, *where = self.training_rows(context, pool)
            made = self.scorer(rows)
            scores = context.new_zeros(*pool.candidates.shape, *made.shape[1:])
            return scores.index_put(tuple(where), made)

    @torch.no_grad()
    def training_rows(self, context: Tensor, pool: Pool) -> tuple[Rows, Tensor, Tensor]:
        """What the scorer reads of the candidates of a batch, and in what row of it and where in
        its pools they stand.

        Windows of one whole article are measured together, once, as far as there is room.
        """
        wholes: list[Whole | None] = [None] * len(context)
        if pool.article is not None and pool.chunks is not None and pool.vectors.dim() == 3:
            kept = (pool.article < self.kept).tolist()
            wholes = [whole if keep else None for whole, keep in zip(wholes_of(pool), kept)]
        made = []
        if known := [whole for whole in wholes if whole is not None]:
            made.append(self.measured.rows(known, self.numbers, context, pool))
        if rest := [row for row, whole in enumerate(wholes) if whole is None]:
            index = torch.tensor(rest, device=context.device)
            few = context[index], rows_of(pool, index)
            row, place = few[1].candidates.nonzero(as_tuple=True)
            measured = joined([each.real_rows() for each in self.blocks(*few)])
            made.append((measured, index[row], place))
        rows, row_of, place_of = zip(*made)
        return joined(rows), torch.cat(row_of), torch.cat(place_of)

    def blocks(self, context: Tensor, pool: Pool) -> Iterator[Numbers]:
        """What is known of the candidates, a few contexts at a time.

        What is the same for all contexts is worked out once; where nothing is the same, all of it.
        """
        if pool.vectors.dim() == 2 and window_left_out(context, pool):
            yield from self.numbers(context, pool)
            return
        for part in parts(len(context), OWN // pool.vectors.shape[-2:].numel()):
            yield from self.numbers(context[part], rows_of(pool, part))

    @torch.no_grad()
    def numbers(self, context: Tensor, pool: Pool) -> Iterator[Numbers]:
        """:meth:`blocks` of contexts whose pools are prepared at once."""
        spaces = [Space(context, pool)]
        if self.whitened:
            spaces.append(Space(*whitened(context, pool)))
        along_axes = None
        if self.in_domain is not None:
            article = pool.article if self.training else None
            along_axes = AxisFeatures(self.in_domain, context, pool, article)
        held = sum(space.lists.chunks[0].numel() for space in spaces)
        for part in parts(len(context), HELD // held):
            made = numbers_of([space.measures(part) for space in spaces], self.groups)
            if along_axes is not None:
                extra = along_axes.measures(part).expand(len(made.real), -1, -1)
                made = replace(made, along_axes=extra, known=along_axes.known[part])
            yield made


def with_present_names(ranker: Ranker, state: dict[str, Tensor], *_: object) -> None:
    """Give the values of a model that was saved before the names they have now."""
    for name in list(state):
        present = name.replace("familiar.", "in_domain.").replace(".standard.", ".standardizer.")
        for part in ("linear", "network"):
            present = present.replace(f"scorer.{part}.", f"scorer.heads.0.{part}.")
        state[present] = state.pop(name)
    state.setdefault("kept", torch.zeros_like(ranker.kept))


class Space:
    """Windows and a pool in some coordinates, and the pool's lists of neighbours there."""

    def __init__(self, context: Tensor, pool: Pool) -> None:
        self.context, self.pool = context, pool
        self.lists = nearest_lists(pool, spare=context.shape[1])

    def measures(self, part: slice) -> Measures:
        """Of some contexts."""
        pool = rows_of(self.pool, part)
        near = neighbours(pool.candidates, self.lists.rows(part))
        return Measures(self.context[part], pool, near)


def rows_of(pool: Pool, part: slice | Tensor) -> Pool:
    """The pool of some contexts."""
    shared = pool.vectors.dim() == 2
    return Pool(
        pool.vectors if shared else pool.vectors[part],
        pool.candidates[part],
        None if pool.article is None else pool.article[part],
        pool.window and pool.window[part],
        pool.chunks if shared else pool.chunks and pool.chunks[part],
    )


def parts(count: int, size: int) -> list[slice]:
    """Slices of ``size`` that cover ``count``; of one where ``size`` is less."""
    size = max(1, size)
    return [slice(low, low + size) for low in range(0, count, size)]
