"""Articles in a seeded order: which are taken first, and which are train, val and test; blocks of
separate windows, which share chunks with their neighbours (docs/methods.md#splits)."""

from __future__ import annotations

from collections import Counter
from hashlib import blake2b
from typing import Any

import numpy as np

from lvmctl.core.errors import UsageError, refuse
from lvmctl.data.store.manifest import SPLITS

MAX_BLOCKS = 100
"""Blocks that windows are cut into."""

GAPS = 3
"""A block is as long as so many gaps at least: its ends may be left out, the middle remains."""


def seeded_order(count: int, seed: int, purpose: str) -> np.ndarray:
    """(count,) int64, a permutation of ``range(count)``, the same on every machine and by every
    NumPy. Those of two purposes are independent: no subset is drawn from one of the splits."""
    texts = (f"{purpose}/{seed}/{index}".encode() for index in range(count))
    keys = [blake2b(text, digest_size=8).digest() for text in texts]
    return np.argsort(np.array(keys, "S8").view(">u8"), kind="stable")


def seeded_articles(counts: np.ndarray, wanted: int, seed: int, purpose: str) -> np.ndarray:
    """Numbers of whole articles, in :func:`seeded_order`, until they hold ``wanted`` windows or
    there are no more. ``counts`` (A,) are the windows of each; one that has none is left out."""
    order = seeded_order(len(counts), seed, purpose)
    order = order[counts[order] > 0]
    return order[: int(np.searchsorted(np.cumsum(counts[order]), wanted)) + 1]


def assign_splits(
    articles: list[dict[str, Any]],
    seed: int = 0,
    val: float = 0.1,
    test: float = 0.1,
    stratify: str | None = None,
) -> list[str]:
    """The split of each article: 80/10/10 unless other fractions are given.

    Args:
        val, test: fractions of the articles; a fraction above 0 gives at least one article.
        stratify: split each value of this manifest field apart, so that all have the same shares.
    """
    if not (0 <= val < 1 and 0 <= test < 1 and val + test < 1):
        what = f"the fractions val {val} and test {test} leave nothing for training"
        raise UsageError(what, hint="give fractions whose sum is below 1")
    groups: dict[Any, list[int]] = {}
    for index, article in enumerate(articles):
        groups.setdefault(str(article.get(stratify)) if stratify else None, []).append(index)
    if stratify and not any(stratify in article for article in articles):
        known = sorted({key for article in articles for key in article})
        what, hint = f"no article has the field {stratify!r}", f"there are {', '.join(known)}"
        raise UsageError(what, hint=hint)
    shares = {name: share for name, share in (("val", val), ("test", test)) if share}
    needed = 1 + len(shares)
    what = f"{needed} splits need {needed} articles, not {len(articles)}"
    hint = "give more articles, or train on stores apart, with --train and --val"
    refuse(len(articles) < needed, what, hint=hint)
    splits = ["train"] * len(articles)
    carried = dict.fromkeys(shares, 0.0)
    for members in groups.values():
        ordered = [members[i] for i in seeded_order(len(members), seed, "split")]
        first = 0
        for name, share in shares.items():
            # Rounding is carried from group to group: many small groups keep the overall shares.
            carried[name] += share * len(members)
            count = min(round(carried[name]), len(members) - first)
            carried[name] -= count
            for index in ordered[first : first + count]:
                splits[index] = name
            first += count
    _fill_empty(splits, list(shares))
    return splits


def split_counts(articles: list[dict[str, Any]]) -> dict[str, int]:
    """Articles in each split, in the order of :data:`SPLITS`; those without articles left out."""
    counts = Counter(article.get("split") for article in articles)
    return {name: counts[name] for name in SPLITS if counts[name]}


def _fill_empty(splits: list[str], wanted: list[str]) -> None:
    """Give each wanted split that rounding left empty one article of the largest split."""
    for name in ("train", *wanted):
        if name not in splits:
            largest, _ = Counter(splits).most_common(1)[0]
            splits[splits.index(largest)] = name


def window_gap(manifest: dict[str, Any], lengths: np.ndarray) -> int | None:
    """K + h, from which distance on two windows of one text share no chunk; None for a store of
    articles. ``lengths`` (A,) are the chunks of each."""
    if windows := manifest.get("windows"):
        return windows["context"] + windows["horizon"]
    if manifest.get("separate") is not True:
        return None
    return int(max(lengths, default=0))


def assign_windows(
    count: int, gap: int, seed: int = 0, val: float = 0.1, test: float = 0.1
) -> list[str | None]:
    """The split of each of ``count`` windows, in the order of their text; None for those that lie
    between two splits and are left out.

    Args:
        gap: windows that are left out where one split ends and another begins.
        val, test: shares of the blocks, as of :func:`.assign_splits`.
    """
    blocks = min(MAX_BLOCKS, count // (GAPS * gap))
    needed = 1 + bool(val) + bool(test)
    fewest = needed * GAPS * gap
    what = f"{count} windows cannot make {needed} splits that share no chunk, it takes {fewest}"
    refuse(blocks < needed, what, hint="name separate stores with --train and --val")
    names = assign_splits([{}] * blocks, seed, val, test)
    edges = [count * block // blocks for block in range(blocks + 1)]
    splits: list[str | None] = []
    for name, low, high in zip(names, edges, edges[1:]):
        splits += [name] * (high - low)
    for before, after, edge in zip(names, names[1:], edges[1:]):
        if before != after:
            # Training windows are left out where there are some, they are the most.
            left_out = slice(edge - gap, edge) if before == "train" else slice(edge, edge + gap)
            splits[left_out] = [None] * gap
    return splits
