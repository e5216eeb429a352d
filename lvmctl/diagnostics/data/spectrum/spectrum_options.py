"""Options of the diagnostic ``geometry``."""

from __future__ import annotations

from dataclasses import dataclass

from lvmctl.config.options import option


@dataclass(frozen=True, kw_only=True)
class GeometryOptions:
    """How much is looked at, and in which windows transforms are tried."""

    neighbours: int = option(10, "k, nearest neighbours that hubness counts", low=1, high=1000)
    sample: int = option(5000, "chunks among which hubs are looked for", low=2, high=100_000)
    windows: int = option(
        20_000, "windows, of whole articles, in which transforms are tried", low=1, high=10**9
    )
    context: int = option(5, "K, chunks in a window", low=1, high=1_000_000)
    horizon: int = option(1, "h, the target is the h-th unseen chunk", low=1, high=1_000_000)
    min_article: int = option(
        20, "shortest article, in chunks, of in-article figures", low=2, high=1_000_000
    )
    seed: int = option(0, "seed of samples and intervals", low=0, high=2**63 - 1)
