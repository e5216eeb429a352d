"""Options of the diagnostic ``leakage``."""

from __future__ import annotations

from dataclasses import dataclass

from lvmctl.config.options import option


@dataclass(frozen=True, kw_only=True)
class LeakageOptions:
    """What counts as repeated text, and how much of it is shown."""

    threshold: float = option(0.98, "cosine above which two chunks repeat", low=0.0, high=1.0)
    tolerated: float = option(
        0.0, "share of held-out chunks that may repeat in training", low=0.0, high=1.0
    )
    boilerplate: int = option(
        3, "articles that hold a chunk which counts as boilerplate", low=2, high=10**9
    )
    context: int = option(5, "K, chunks in a window", low=1, high=1_000_000)
    horizon: int = option(1, "h, the target is the h-th unseen chunk", low=1, high=1_000_000)
    examples: int = option(10, "articles and chunks shown of each kind", low=0, high=10_000)
    seed: int = option(0, "seed of intervals and of the random pairs", low=0, high=2**63 - 1)
