"""What a split's windows look like: lag curve, recency, coherence (docs/methods.md#data,
#telescoping, #recency).

Read once, in blocks of bounded memory; each chunk is normalised once, and every cosine is one of a
row with a row a fixed distance further on. Tests and intervals work on the sums by article.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from lvmctl.data.store.arrays import BLOCK_BYTES, release, unit
from lvmctl.data.windows import Windows

QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)
SPREAD = ("cos_first", "cos_last", "delta", "coherence")
"""Traits whose quantiles over windows are reported."""


class Pair(NamedTuple):
    """One cosine of a window: of the chunk ``first`` rows after its oldest with the chunk
    ``distance`` rows after that one. ``lag`` is how many chunks lie between them in the text."""

    lag: int
    first: int
    distance: int


@dataclass(frozen=True)
class Traits:
    """Traits of one split's windows.

    Attributes:
        articles: A, articles that hold windows.
        windows: (A,) windows of each.
        sums: by trait, (A,) float64 sums over each article's windows.
        quantiles: by trait of SPREAD, its QUANTILES over windows.
        separate: the store holds separate windows: every window counts as an article.
    """

    windows: np.ndarray
    sums: dict[str, np.ndarray]
    quantiles: dict[str, dict[str, float]]
    separate: bool

    @property
    def articles(self) -> int:
        return len(self.windows)

    def mean(self, name: str) -> float:
        """Mean over windows."""
        return float(self.sums[name].sum() / self.windows.sum())


def lag_name(lag: int) -> str:
    """What the cosine at ``lag`` is called among the traits."""
    return f"lag_{lag}"


def pairs(windows: Windows) -> list[Pair]:
    """The cosines of the lag curve, by ascending lag.

    From lag h on they are of a chunk of the window and the target: h is cos(c_last, y) and
    K - 1 + h is cos(c_0, y). Below h, where nothing in the window is so near to the target, they
    are of x_last and the chunk ``lag`` before it, as far as the window reaches.
    """
    k, h = windows.context_length, windows.horizon
    inside = [Pair(lag, k - 1 - lag, lag) for lag in range(1, min(h, k))]
    older = [Pair(k - 1 - i + h, i, windows.target_offset - i) for i in reversed(range(k))]
    return inside + older


def measure(windows: Windows, done: Callable[[int], object] = lambda count: None) -> Traits:
    """Traits of all windows, in one pass over their chunks.

    Traits, each a value per window and in [-1, 1] unless given:

    - ``lag_1`` …: cosine of two chunks so far apart; see :func:`pairs`.
    - ``delta``: recency Δ = cos(c_last, y) - cos(c_0, y), in [-2, 2]; K >= 2.
    - ``delta_positive``: 1 where Δ > 0, else 0; K >= 2.
    - ``coherence``: mean cosine of the context's adjacent chunks; K >= 2.
    - ``forward``: cos(c_last, y) - cos(c_last, c_second_last), in [-2, 2]; K >= 2. At h = 1 its sum
      over an article telescopes to the last adjacent cosine minus the first
      (docs/methods.md#telescoping).

    ``done`` is called with how many more windows were read.
    """
    split, chosen = windows.split, pairs(windows)
    names = [lag_name(pair.lag) for pair in chosen]
    spread = SPREAD[:2]
    if windows.context_length > 1:
        names += ["delta", "delta_positive", "coherence", "forward"]
        spread = SPREAD
    sums = {name: np.zeros(len(split.lengths)) for name in names}
    values = {name: np.empty(len(windows), np.float32) for name in spread}
    for low, high in window_blocks(windows):
        block = block_traits(windows, chosen, low, high)
        article = windows.article[low:high]
        first = article[0]
        for name in names:
            part = np.bincount(article - first, block[name])
            sums[name][first : first + len(part)] += part
        for name in spread:
            values[name][low:high] = block[name]
        release(split.vectors)
        done(high - low)
    counts = np.bincount(windows.article, minlength=len(split.lengths))
    used = counts > 0
    return Traits(
        windows=counts[used],
        sums={name: part[used] for name, part in sums.items()},
        quantiles={
            name: dict(zip(map(str, QUANTILES), np.quantile(part, QUANTILES).tolist()))
            for name, part in values.items()
        },
        separate=split.separate,
    )


def window_blocks(windows: Windows) -> Iterator[tuple[int, int]]:
    """Bounds of consecutive windows whose chunks fill BLOCK_BYTES as float32, or little more."""
    fresh = np.diff(windows.rows, prepend=-2) != 1
    rows = np.cumsum(1 + windows.target_offset * fresh)
    most = max(1, BLOCK_BYTES // (4 * windows.split.dim))
    low = 0
    while low < len(windows):
        read = rows[low - 1] if low else 0
        high = max(low + 1, int(np.searchsorted(rows, read + most, side="right")))
        yield low, high
        low = high


def block_traits(
    windows: Windows, chosen: list[Pair], low: int, high: int
) -> dict[str, np.ndarray]:
    """Every trait of the windows ``low:high``, (high - low,) each."""
    chunks, place = block_chunks(windows, low, high)
    k, h = windows.context_length, windows.horizon
    distances = {pair.distance for pair in chosen} | ({1} if k > 1 else set())
    cosine = {
        distance: np.einsum("nd,nd->n", chunks[:-distance], chunks[distance:]).astype(np.float64)
        for distance in distances
    }
    traits = {lag_name(pair.lag): cosine[pair.distance][place + pair.first] for pair in chosen}
    traits["cos_first"] = traits[lag_name(k - 1 + h)]
    traits["cos_last"] = traits[lag_name(h)]
    if k > 1:
        traits["delta"] = traits["cos_last"] - traits["cos_first"]
        traits["delta_positive"] = (traits["delta"] > 0).astype(np.float64)
        total = np.concatenate([[0.0], np.cumsum(cosine[1])])
        traits["coherence"] = (total[place + k - 1] - total[place]) / (k - 1)
        traits["forward"] = traits["cos_last"] - cosine[1][place + k - 2]
    return traits


def block_chunks(windows: Windows, low: int, high: int) -> tuple[np.ndarray, np.ndarray]:
    """The chunks that the windows ``low:high`` and their targets need, once each.

    Returns:
        Unit chunks (n, D) float32, and (high - low,) where each window's oldest one is among them;
        its others and its target follow it.
    """
    rows = windows.rows[low:high]
    heads = np.flatnonzero(np.diff(rows, prepend=-2) != 1)
    starts = rows[heads]
    count = np.diff(heads, append=len(rows))
    length = count + windows.target_offset
    shift = np.cumsum(length) - length - starts
    index = np.arange(length.sum()) - np.repeat(shift, length)
    if len(heads) == 1:  # one run of rows is read without a copy
        return unit(windows.split.vectors[index[0] : index[-1] + 1]), rows + shift[0]
    return unit(windows.split.vectors[index]), rows + np.repeat(shift, count)
