"""Options of the direction diagnostic (torch-free)."""

from __future__ import annotations

from dataclasses import dataclass

from lvmctl.config.options import option


@dataclass(frozen=True, kw_only=True)
class DirectionOptions:
    """How a store is read forward and backward."""

    context: int = option(5, "K, chunks that a prediction is made from", low=1, high=1_000)
    windows: int = option(
        20_000,
        "windows of the classifier and the predictors, whole articles",
        low=100,
        high=10_000_000,
    )
    permutations: int = option(
        999, "random reversals of articles behind a p-value", low=19, high=100_000
    )
    refits: int = option(
        199, "random reversals of articles on which the classifier is fitted", low=19, high=10_000
    )
    transformer: bool = option(
        True, "train a small transformer forward and backward too, as an effect size"
    )
    epochs: int = option(3, "passes over the windows of that transformer", low=1, high=1_000)
    seed: int = option(0, "of reversals, folds, weights and resampling", low=0, high=2**31 - 1)
