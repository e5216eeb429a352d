"""Options of split parity (torch-free)."""

from __future__ import annotations

from dataclasses import dataclass

from lvmctl.config.options import option


@dataclass(frozen=True, kw_only=True)
class SplitParityOptions:
    """Which windows are compared, and which differences matter."""

    context: int = option(5, "K, chunks in a window", low=1, high=1_000_000)
    horizon: int = option(1, "h, the target is the h-th unseen chunk", low=1, high=1_000_000)
    cosine_threshold: float = option(
        0.02, "difference of mean cosines that matters", low=1e-4, high=2.0
    )
    delta_threshold: float = option(
        0.01, "difference of the recency Δ that matters", low=1e-4, high=4.0
    )
    share_threshold: float = option(
        0.05, "difference of the share of windows with Δ > 0 that matters", low=1e-4, high=1.0
    )
    level: float = option(
        0.01, "chance that splits of the same articles are told apart by luck", low=1e-3, high=0.2
    )
    permutations: int = option(
        2000, "permutations of articles; above 50,000 articles fewer", low=99, high=1_000_000
    )
    seed: int = option(
        0, "of permutations, intervals and the energy distance's sample", low=0, high=2**63 - 1
    )
