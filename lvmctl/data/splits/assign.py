"""Assigning articles to train, val and test by a seeded order."""

from __future__ import annotations

from collections import Counter
from typing import Any

from lvmctl.core.errors import DataError, UsageError
from lvmctl.data.splits.order import seeded_order
from lvmctl.data.store.manifest import SPLITS


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

    Raises:
        UsageError: fractions that leave nothing for training, or a field no article has.
        DataError: fewer articles than splits.
    """
    if not (0 <= val < 1 and 0 <= test < 1 and val + test < 1):
        raise UsageError(
            f"the fractions val {val} and test {test} leave nothing for training",
            hint="give fractions below 1 in all",
        )
    groups: dict[Any, list[int]] = {}
    for index, article in enumerate(articles):
        groups.setdefault(str(article.get(stratify)) if stratify else None, []).append(index)
    if stratify and not any(stratify in article for article in articles):
        known = sorted({key for article in articles for key in article})
        raise UsageError(
            f"no article has the field {stratify!r}", hint=f"there are {', '.join(known)}"
        )
    shares = {name: share for name, share in (("val", val), ("test", test)) if share}
    needed = 1 + len(shares)
    if len(articles) < needed:
        raise DataError(
            f"{len(articles)} article(s) cannot make {needed} splits",
            hint="name stores apart with --train and --val",
        )
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
