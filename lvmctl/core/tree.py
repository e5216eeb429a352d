"""Reading nested mappings, such as a result or a history record, by dotted paths."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from typing import Any


def get(tree: Any, path: str, default: Any = None) -> Any:
    """What stands at a dotted path of nested mappings, such as ``val.margin.last``; a key that
    holds dots itself is found too. ``default`` where there is nothing; null is something."""
    if not isinstance(tree, Mapping):
        return default
    if path in tree:
        return tree[path]
    key, _, rest = path.partition(".")
    return get(tree.get(key), rest, default) if rest else default


def get_mapping(tree: Any, path: str) -> Mapping[str, Any]:
    """The mapping at a path, empty where there is none."""
    value = get(tree, path)
    return value if isinstance(value, Mapping) else {}


def get_number(tree: Any, path: str, default: Any = None) -> Any:
    """The finite number at a path, ``default`` where there is none; true and false are none."""
    value = get(tree, path)
    return value if is_number(value) else default


def get_interval(tree: Any, path: str, default: Any = None) -> tuple[Any, Any]:
    """Lower and upper end of the 95 % interval of the metric at a path, which ``ci`` beside it
    holds; an end that is not known is ``default``."""
    parent, dot, name = path.rpartition(".")
    ends = get(tree, f"{parent}{dot}ci.{name}")
    low, high = ends if isinstance(ends, list | tuple) and len(ends) == 2 else (None, None)
    return low if is_number(low) else default, high if is_number(high) else default


def is_number(value: Any) -> bool:
    """Whether this is a number that a float can hold, and finite."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    try:
        return math.isfinite(value)
    except OverflowError:  # JSON has whole numbers of any length
        return False


def nested(flat: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    """``("margin.last", 1)`` pairs as ``{"margin": {"last": 1}}``."""
    tree: dict[str, Any] = {}
    for path, value in flat:
        *parents, name = path.split(".")
        place = tree
        for parent in parents:
            place = place.setdefault(parent, {})
        place[name] = value
    return tree


def leaves(tree: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """All that nested mappings hold, each with its dotted path."""
    left = [("", tree)]
    while left:
        before, inner = left.pop()
        for key, value in inner.items():
            if isinstance(value, Mapping):
                left.append((f"{before}{key}.", value))
            else:
                yield f"{before}{key}", value
