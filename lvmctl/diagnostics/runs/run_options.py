"""Options of the diagnosis of a run."""

from __future__ import annotations

from dataclasses import dataclass

from lvmctl.config.options import MANY, option


@dataclass(frozen=True, kw_only=True)
class RunOptions:
    """How closely a run is looked at."""

    windows: int = option(
        1000, "validation windows whose predictions are looked at, whole articles", low=2, high=MANY
    )
    reference_windows: int = option(
        2000,
        "training windows of the linear prediction that copying is compared with",
        low=2,
        high=MANY,
    )
    batches: int = option(8, "training batches whose gradients are looked at", low=1, high=10_000)
    level: float = option(0.05, "probability of calling noise a change-point", low=1e-4, high=0.5)
    permutations: int = option(
        999, "orders of the epochs that a change-point is compared with", low=19, high=1_000_000
    )
    seed: int = option(0, "of permutations, resamples and batches", low=0, high=2**31 - 1)
