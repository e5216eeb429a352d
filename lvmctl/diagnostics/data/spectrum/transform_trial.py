"""What transforms of the chunks change in the retrieval of ``direct``, window by window."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from lvmctl.core.errors import DataError
from lvmctl.data import Split, Windows
from lvmctl.data.store.arrays import unit
from lvmctl.data.transforms import Transform, apply_transform
from lvmctl.evaluation.retrieval.ranks import in_article_ranks
from lvmctl.evaluation.statistics.intervals import Resampling
from lvmctl.evaluation.statistics.ranking import chance, per_window

SHOWN = ("r@5", "mrr@10")
LEVEL = 0.95


def trial(
    split: Split,
    shape: tuple[int, ...],
    tried: Mapping[str, Transform],
    seed: int,
    progress: Callable[[int], object] = lambda n: None,
) -> dict[str, Any]:
    """In-article filtered figures of ``direct``, and by how much each transform changes them.

    Query and candidates are transformed alike. Differences are taken window by window; their
    intervals and p-values are article-clustered (docs/methods.md#protocol).

    Args:
        split: whole articles that are long enough to be ranked in.
        shape: K and h of the windows, and how many of a long article are enough.
        progress: called with how many more windows are ranked, raw and after each transform.

    Returns:
        ``windows``, ``articles``, ``raw`` (``value``, ``ci`` and ``chance`` of each figure) and
        ``transforms``: of each name and figure ``value``, ``difference``, ``ci``, ``p`` and
        ``sure``, the interval at the level divided by the number of transforms. One of which
        nothing is left of some chunk is not among them.

    Raises:
        DataError: the split holds no such window.
    """
    draws = Resampling(len(split.lengths), seed)
    windows, before, sizes = direct(split, shape, progress)
    article, expected = windows.article, chance(sizes)
    raw = {
        name: {
            "value": float(before[name].mean()),
            "ci": list(draws.interval(before[name], article)),
            "chance": float(expected[name].mean()),
        }
        for name in SHOWN
    }
    gains = {}
    for transform_name, transform in tried.items():
        try:
            _, after, _ = direct(apply_transform(split, transform), shape, progress)
            gains[transform_name] = {
                name: gain(draws, before[name], after[name], article, len(tried)) for name in SHOWN
            }
        except DataError:  # nothing is left of some chunk: no training could use it
            progress(len(windows))
    articles = len(np.unique(article))
    return {"windows": len(windows), "articles": articles, "raw": raw, "transforms": gains}


def gain(
    draws: Resampling, before: np.ndarray, after: np.ndarray, article: np.ndarray, tried: int
) -> dict[str, Any]:
    """What one of ``tried`` transforms changes in a figure (W,), window by window."""
    gained = after - before
    return {
        "value": float(after.mean()),
        "difference": float(gained.mean()),
        "ci": list(draws.interval(gained, article, level=LEVEL)),
        "sure": list(draws.interval(gained, article, level=1 - (1 - LEVEL) / tried)),
        "p": draws.sign_flip(gained, article),
    }


def direct(
    split: Split, shape: tuple[int, ...], progress: Callable[[int], object]
) -> tuple[Windows, dict[str, np.ndarray], np.ndarray]:
    """The split's windows, the figures (W,) of ``direct`` there by name, and the sizes (W,) of the
    pools."""
    windows = Windows(split, *shape)
    q = unit(split.vectors[windows.rows + windows.context_length - 1])
    every = np.arange(len(windows))
    ranks, sizes = in_article_ranks(windows, every, q, ("filtered",), progress)["filtered"]
    return windows, per_window(ranks, sizes), sizes


def best(tried: Mapping[str, Any]) -> str | None:
    """The transform of largest gain in R@5, if that gain is sure whichever had been largest."""
    gains = {name: figures["r@5"] for name, figures in tried["transforms"].items()}
    top = max(gains, key=lambda name: gains[name]["difference"], default=None)
    return top if top is not None and gains[top]["sure"][0] > 0 else None
