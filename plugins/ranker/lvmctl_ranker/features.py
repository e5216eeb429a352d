"""Measures of candidates as the numbers a scorer reads."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import accumulate, chain, repeat

import torch
from torch import Tensor

from lvmctl_ranker.measures import Measures
from lvmctl_ranker.options import GROUPS

FLAT = 1e-3
"""Deviation within a pool below which a measure does not tell candidates apart."""

FAR = 5.0
"""Deviations from the mean that count, at most."""


@dataclass(frozen=True, slots=True)
class Rows:
    """What a scorer reads of candidates.

    Attributes:
        features: (…, F).
        extra: (…, E), of in-domain text; None where nothing is fitted.
        known: (b,) bool, the contexts that are in-domain; None where nothing is fitted.
        context: int64, of which of the b contexts a candidate is, to be broadcast to (…).
    """

    features: Tensor
    extra: Tensor | None
    known: Tensor | None
    context: Tensor

    def to(self, like: Tensor) -> Rows:
        """The same numbers in the precision of ``like``, and where it is."""
        extra = None if self.extra is None else self.extra.to(like)
        return replace(self, features=self.features.to(like), extra=extra)


@dataclass(frozen=True, slots=True)
class Numbers:
    """What is known of N candidates of b contexts.

    Attributes:
        real: (b, N) bool, which are candidates; of others, numbers are finite and mean nothing.
        measures: (b, N, R), read as they are and standardised within the pool.
        window: (b, 1, W), of the context alone.
        more: (b, N, T), read standardised alone; T may be 0.
        along_axes: (b, N, E), of in-domain text; None where nothing is fitted.
        known: (b,) bool, the contexts that are in-domain.
    """

    real: Tensor
    measures: Tensor
    window: Tensor
    more: Tensor
    along_axes: Tensor | None = None
    known: Tensor | None = None

    def features(self) -> Tensor:
        """(b, N, F)."""
        real, window, more = self.real[..., None], self.window, self.more
        sizes = [self.measures.shape[-1]] * 2 + [window.shape[-1], more.shape[-1]]
        made = self.measures.new_empty(*self.measures.shape[:-1], sum(sizes))
        raw, alone, of_window, further = made.split(sizes, dim=-1)
        raw.copy_(self.measures)
        standardised(self.measures, real, out=alone)
        of_window.copy_(window)
        standardised(more, real, out=further)
        return made

    def extra(self) -> Tensor | None:
        """(b, N, 2E)."""
        if self.along_axes is None:
            return None
        return raw_and_standardised(self.along_axes, self.real[..., None])

    def rows(self) -> Rows:
        """Of all N, (b, N, ·)."""
        context = torch.arange(len(self.real), device=self.real.device)[:, None]
        return Rows(self.features(), self.extra(), self.known, context)

    def real_rows(self) -> Rows:
        """Of what is a candidate alone, (n, ·)."""
        extra = self.extra()
        extra = None if extra is None else extra[self.real]
        return Rows(self.features()[self.real], extra, self.known, self.real.nonzero()[:, 0])


def joined(parts: Sequence[Rows]) -> Rows:
    """Rows (n, ·) of different contexts, one part after the other."""
    if len(parts) == 1:
        return parts[0]
    extra = [part.extra for part in parts if part.extra is not None]
    known = [part.known for part in parts if part.known is not None]
    before = accumulate(map(len, known), initial=0)
    # Where nothing is known, it does not matter which context is which.
    context = [part.context + low for part, low in zip(parts, chain(before, repeat(0)))]
    return Rows(
        torch.cat([part.features for part in parts]),
        torch.cat(extra) if extra else None,
        torch.cat(known) if known else None,
        torch.cat(context),
    )


def features(spaces: Sequence[Measures], groups: Sequence[str]) -> Tensor:
    """The named groups in each space as they are and standardised within the pool, and the window's
    own measures.

    Returns:
        (B, N, F); of what is no candidate, finite numbers without meaning.
    """
    return numbers_of(spaces, groups).features()


def numbers_of(spaces: Sequence[Measures], groups: Sequence[str]) -> Numbers:
    """The named groups in each space, and the window's own measures."""
    raw = torch.cat([getattr(each, name)() for each in spaces for name in groups], dim=-1)
    window, real = spaces[0].window()[:, :1], spaces[0].real[..., 0]
    return Numbers(real, raw, window, raw[..., :0])


def raw_and_standardised(raw: Tensor, real: Tensor) -> Tensor:
    """``raw`` (B, N, E) as it is and standardised within the pool, (B, N, 2E)."""
    return torch.cat([raw, standardised(raw, real)], dim=-1)


def width(groups: Sequence[str], k: int, spaces: int) -> int:
    """F, the number of features for windows of ``k`` chunks."""
    return 2 * spaces * sum(GROUPS[name](k) for name in groups) + 3


def standardised(raw: Tensor, real: Tensor, out: Tensor | None = None) -> Tensor:
    """(x - mean)/deviation of each column of ``raw`` (B, N, F), over the candidates ``real``
    (B, N, 1) of a context; in [-5, 5], and 0 in a column without differences. Where it is written
    into ``out``, nothing is differentiated."""
    share = real.mT / real.sum(dim=1, keepdim=True)  # (B, 1, N): a product with it is a mean
    gap = torch.sub(raw, share.to(raw) @ raw, out=out)
    deviation = (share.to(raw) @ gap.square()).sqrt_().add_(FLAT)
    return gap.div_(deviation).clamp_(-FAR, FAR)
