"""P9's options, and the groups of features it has."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from lvmctl import TrainingOptions, option

GROUPS: dict[str, Callable[[int], int]] = {
    "cosine": lambda k: k,
    "centred": lambda k: k,
    "density": lambda k: 4,
    "csls": lambda k: k,
    "rank": lambda k: k,
    "mutual": lambda k: 2 * k,
    "smooth": lambda k: k,
    "feedback": lambda k: 2,
    "shape": lambda k: 6,
}
"""Numbers in a group of measures for a window of k chunks, by the method of ``Measures``."""

IN_DOMAIN = ("in-domain", "familiar")
"""What is fitted on the training text; the second is what it was called before."""

LIST = 127
"""Same-article negatives per window: with the target, the whole of most articles."""


@dataclass(frozen=True, kw_only=True)
class RankerOptions:
    """Options of the model."""

    hidden: int = option(
        32, "width of the scorer's network; 0 is a linear scorer", low=0, high=4096
    )
    dropout: float = option(
        0.2, "dropout of the features and of the scorer's network", low=0.0, high=0.9
    )
    members: int = option(
        1, "networks that are trained beside each other; the score is their mean", low=1, high=64
    )
    without: tuple[str, ...] = option(
        (),
        "features left out: groups, all of whitened chunks, or those fitted on the training text",
        choices=(*GROUPS, "whitened", *IN_DOMAIN),
    )


@dataclass(frozen=True, kw_only=True)
class ListwiseOptions:
    """Options of the loss of the scores."""

    negatives: int = option(LIST, "same-article negatives per window", low=1, high=100_000)


@dataclass(frozen=True, kw_only=True)
class QueryOptions(ListwiseOptions):
    """Options of the loss of q."""

    temperature: float = option(1.0, "softmax temperature T, in deviations", low=1e-3, high=1e3)


@dataclass(frozen=True, kw_only=True)
class P9Options(TrainingOptions):
    """Everything `lvmctl train --plugin p9 --set` can change."""

    context: int = 8
    epochs: int = 5
    batch_size: int = 64
    lr: float = 2e-3
    lr_end: float = 0.0
    ranker: RankerOptions = RankerOptions()
    query: QueryOptions = option(QueryOptions(), "loss of q; the scores' loss has the same list")
    w_rank: float = option(1.0, "weight of the loss of the scores", low=0.0, high=1e6)
    w_query: float = option(1.0, "weight of the loss of q", low=0.0, high=1e6)
