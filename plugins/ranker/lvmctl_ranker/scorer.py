"""From features to a score: linear parts and small networks."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import reduce

import torch
from torch import Tensor, nn
from torch.nn import functional

from lvmctl import sum_over_processes
from lvmctl_ranker.features import Rows

FLOOR = 1e-3

UNKNOWN = 0.3
"""Share of a training's contexts that are scored as if they were not in-domain."""


class Head(nn.Module):
    """w·z + MLP(z), with dropout of z and of the network's first layer in training.

    z is given in parts, which are not put beside each other.

    Shapes: (…, F_1), (…, F_2), …, of which some dimensions may be broadcast → (…).
    """

    def __init__(self, width: int, hidden: int, dropout: float) -> None:
        super().__init__()
        self.dropout = nn.Dropout(dropout)
        self.linear = nn.Linear(width, 1, bias=False)
        self.network = network(width, hidden, dropout) if hidden else None

    def forward(self, *parts: Tensor) -> Tensor:
        if self.network is None:
            return self.begun(self.linear.weight, parts)[..., 0]
        first, rest = self.network[0], self.network[1:]
        assert isinstance(first, nn.Linear)
        # What both begin with is one product.
        begun = self.begun(torch.cat([self.linear.weight, first.weight]), parts)
        return begun[..., 0] + rest(begun[..., 1:] + first.bias)[..., 0]

    def begun(self, weight: Tensor, parts: Sequence[Tensor]) -> Tensor:
        """z·weightᵀ, for a weight (R, F) → (…, R)."""
        weights = weight.split([part.shape[-1] for part in parts], dim=1)
        each = (functional.linear(self.dropout(part), one) for part, one in zip(parts, weights))
        return reduce(torch.add, each)


class Scorer(nn.Module):
    """The mean of what its heads give the standardised features of a candidate.

    What is known of in-domain contexts alone counts as average in others, and one more number says
    which they are. In training some in-domain ones are scored as others, so that the scorer can do
    without.

    Args:
        width: F, the number of features.
        in_domain: E, the number of in-domain features; 0 for none.
        hidden: width of a head's two layers; 0 leaves the linear part alone.
        dropout: of a :class:`Head`.
        far: deviations that count, at most; text of another kind may lie beyond what was seen.
        members: M, the number of heads. They begin apart and are trained beside each other.

    Attributes:
        reads: numbers that it reads of a candidate.

    Shapes: features (…, F), extra (…, E), known (b,), context → (…), see
    :class:`~lvmctl_ranker.features.Rows`. In training all of them are candidates, and where M > 1
    each head's score is given: (…, M).
    """

    def __init__(
        self,
        width: int,
        in_domain: int,
        hidden: int,
        dropout: float,
        far: float = math.inf,
        members: int = 1,
    ) -> None:
        super().__init__()
        self.reads = width + in_domain
        self.standardizer = RunningStandardizer(width, far)
        self.in_domain = RunningStandardizer(in_domain, far) if in_domain else None
        width += in_domain + 1 if in_domain else 0
        self.heads = nn.ModuleList(Head(width, hidden, dropout) for _ in range(members))

    def forward(self, rows: Rows) -> Tensor:
        parts = [self.standardizer(rows.features)]
        if self.in_domain is not None:
            assert rows.extra is not None
            assert rows.known is not None
            known = rows.known
            more = self.in_domain(rows.extra, known[rows.context])
            if self.training:
                known = known & (torch.rand(len(known), device=known.device) >= UNKNOWN)
            mark = known[rows.context][..., None].to(more)
            parts += [more * mark, mark]
        if len(self.heads) == 1:
            return self.heads[0](*parts)
        scores = torch.stack([head(*parts) for head in self.heads], dim=-1)
        return scores if self.training else scores.mean(dim=-1)


class RunningStandardizer(nn.Module):
    """(x - mean)/deviation, of the candidates that were seen in training; in [-far, far].

    Shapes: features (…, F), in training (n, F), of which those ``counted`` (n,) are looked at.
    """

    seen: Tensor
    mean: Tensor
    square: Tensor

    def __init__(self, width: int, far: float = math.inf) -> None:
        super().__init__()
        self.far = far
        self.register_buffer("seen", torch.zeros((), dtype=torch.float64))
        self.register_buffer("mean", torch.zeros(width))
        self.register_buffer("square", torch.zeros(width))

    def forward(self, features: Tensor, counted: Tensor | None = None) -> Tensor:
        if self.training:
            every = counted is None or bool(counted.all())
            self.look(features if every else features[counted])
        deviation = (self.square - self.mean.square()).clamp_min(0).sqrt()
        # Before the first batch there is nothing to standardise by.
        scale = 1 / torch.where(self.seen > 0, deviation + FLOOR, 1.0)
        z = torch.addcmul(-self.mean * scale, features, scale)
        return z if math.isinf(self.far) else z.clamp_(-self.far, self.far)

    @torch.no_grad()
    def look(self, features: Tensor) -> None:
        """Take the ``features`` (n, F) of some candidates into the means, here and in the other
        processes that train."""
        count = features.new_full((1,), len(features))
        sums = [count, features.sum(dim=0), features.square().sum(dim=0)]
        lengths = [len(each) for each in sums]
        count, total, squares = sum_over_processes(torch.cat(sums)).split(lengths)
        if not count:
            return
        self.seen += count[0]
        part = (count.double() / self.seen).to(features)
        self.mean += (total / count - self.mean) * part
        self.square += (squares / count - self.square) * part


def network(width: int, hidden: int, dropout: float) -> nn.Sequential:
    """Features (…, F) → (…, 1), two hidden layers."""
    return nn.Sequential(
        nn.Linear(width, hidden),
        nn.GELU(),
        nn.Dropout(dropout),
        nn.Linear(hidden, hidden),
        nn.GELU(),
        nn.Linear(hidden, 1, bias=False),
    )
