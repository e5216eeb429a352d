"""Overlapping windows → chains: which window follows which. Indices only, no vectors."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Chains:
    """Windows in the order of the text they were cut from.

    Attributes:
        chain: (W,) int64 a number for each chain, the same for all its windows.
        place: (W,) int64 windows before each one in its chain.
        cuts: windows with several possible followers, none of them the next in the file.
    """

    chain: np.ndarray
    place: np.ndarray
    cuts: int

    @property
    def count(self) -> int:
        """How many chains there are."""
        return int((self.place == 0).sum())


def chain(rows: np.ndarray, horizon: int, group: np.ndarray | None = None) -> Chains:
    """Put windows into chains by what they share.

    Window j follows window i when the chunks of j but its newest are those of i but its oldest,
    and the targets agree: at horizon 1 the newest chunk of j is the target of i, at horizon h it
    is the target of the window h - 1 before i. Of several followers the next in the file is taken,
    else the chain ends. Where windows run in a circle it begins with the first in the file.

    Args:
        rows: (W, K + 1) integers, the K chunks of each window from the oldest and its target;
            equal numbers are equal vectors.
        horizon: h, at least 1.
        group: (W,) integers; windows of different groups are never in one chain.

    Example:
        >>> text = np.array([7, 3, 9, 4, 8])
        >>> windows = np.array([[3, 9, 4], [9, 4, 8], [7, 3, 9]])  # two chunks and the next
        >>> chain(windows, horizon=1).place.tolist()
        [1, 2, 0]

    Source: docs/methods.md#assembly
    """
    windows, context = len(rows), rows.shape[1] - 1
    groups = [] if group is None else [group]
    if horizon == 1:
        ends, begins = rows[:, 1:], rows[:, :-1]
    elif context > 1:
        ends, begins = rows[:, 1:-1], rows[:, : context - 1]
    else:  # one chunk and a target further on: neighbours share nothing
        return Chains(np.arange(windows), np.zeros(windows, np.int64), 0)
    key = numbered(
        [*(np.concatenate([part, part]) for part in groups), *np.concatenate([ends, begins]).T]
    )
    following, cuts = _followers(key[:windows], key[windows:])
    before = _inverse(following)
    if horizon > 1:
        earlier = np.arange(windows)
        for _ in range(horizon - 1):
            earlier = np.where(earlier >= 0, before[earlier], -1)
        known = np.flatnonzero((following >= 0) & (earlier >= 0))
        wrong = rows[earlier[known], -1] != rows[following[known], context - 1]
        following[known[wrong]] = -1
        before = _inverse(following)
    head, place = _heads(before)
    circular = before[head] >= 0
    if circular.any():
        for first in _first_of_circles(before, np.flatnonzero(circular)):
            before[first] = -1
        head, place = _heads(before)
    return Chains(head, place, cuts)


def numbered(columns: Sequence[np.ndarray]) -> np.ndarray:
    """(M,) int64 a number for each row of M-long integer columns; equal rows have one number."""
    number = np.zeros(len(columns[0]), np.int64)
    for column in columns:
        _, code = np.unique(column, return_inverse=True)
        number = number * (int(code.max(initial=0)) + 1) + code.ravel()
        number = np.unique(number, return_inverse=True)[1].ravel()
    return number


def _followers(end: np.ndarray, begin: np.ndarray) -> tuple[np.ndarray, int]:
    """(W,) the window that begins as each one ends, -1 without one; and the ambiguous ones."""
    windows = len(end)
    keys = int(max(end.max(), begin.max())) + 1
    begun = np.bincount(begin, minlength=keys)
    holder = np.zeros(keys, np.int64)
    holder[begin] = np.arange(windows)
    single = (np.bincount(end, minlength=keys)[end] == 1) & (begun[end] == 1)
    index = np.arange(windows)
    following = np.where(single & (holder[end] != index), holder[end], -1)
    next_in_file = np.append(begin[1:] == end[:-1], False)
    several = (begun[end] > 0) & ~single
    following[several & next_in_file] = index[several & next_in_file] + 1
    return following, int((several & ~next_in_file).sum())


def _inverse(following: np.ndarray) -> np.ndarray:
    """(W,) the window that each one follows, -1 for the first of a chain."""
    before = np.full(len(following), -1)
    linked = np.flatnonzero(following >= 0)
    before[following[linked]] = linked
    return before


def _heads(before: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(W,) the first window of each one's chain, and (W,) how many windows lie between; for one in
    a circle the first is some window of the circle, which has one before it."""
    index = np.arange(len(before))
    head = np.where(before >= 0, before, index)
    place = (before >= 0).astype(np.int64)
    for _ in range(len(before).bit_length()):
        place = place + place[head]
        head = head[head]
    return head, place


def _first_of_circles(before: np.ndarray, members: np.ndarray) -> list[int]:
    """The window of each circle that is the first in the file."""
    first, seen = [], set()
    for window in members.tolist():
        if window not in seen:
            first.append(window)
            while window not in seen:
                seen.add(window)
                window = int(before[window])
    return first
