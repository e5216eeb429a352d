"""Options of what is measured on windows."""

from __future__ import annotations

from dataclasses import dataclass

from lvmctl.config.options import option


@dataclass(frozen=True, kw_only=True)
class WindowOptions:
    """Which windows, and which articles are ranked in."""

    context: int = option(5, "K, chunks in a window", low=1, high=1_000_000)
    horizon: int = option(1, "h, the target is the h-th unseen chunk", low=1, high=1_000_000)
    min_article: int = option(
        20, "shortest article, in chunks, of in-article retrieval", low=2, high=1_000_000
    )


@dataclass(frozen=True, kw_only=True)
class FeasibilityOptions(WindowOptions):
    """Which gates are asked about."""

    profile: str = option("fair", "whose gates; `lvmctl plugins list --kind profile` has them")
    recipe: str | None = option(None, "only the class of this recipe's model, its K and its h")


@dataclass(frozen=True, kw_only=True)
class MetricOptions(WindowOptions):
    """Which synthetic worlds stand beside the store."""

    articles: int = option(200, "articles of each synthetic world", low=2, high=100_000)
    chunks: int = option(30, "chunks of each of their articles", low=8, high=10_000)
    seed: int = option(0, "of the synthetic worlds", low=0, high=2**31 - 1)
