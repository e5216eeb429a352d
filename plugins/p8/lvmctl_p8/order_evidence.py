"""The ceiling of order accuracy: which of two chunks comes first? (docs/methods.md#arrow,
#protocol)

An antisymmetric bilinear form sees the antisymmetric part of the correlation of chunks, at all
distances inside a window at once, and the drift of their mean. A reversible process has neither.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from lvmctl import Windows, fit_held_out
from lvmctl_p8.pairs import draw_pairs

BATCH = 1024
RANK = 32
PAIRS = 2
MAX_WINDOWS = 20_000

FOLDS = 5
"""One of so many training articles is held out while the penalty is chosen."""

PENALTIES = tuple(10.0**power for power in range(-4, 3))
"""Tried, as multiples of the features' mean square."""

SAMPLE, DRAWN = 0, 1
"""What is drawn from a seed: the windows that are used, and the pairs of a block."""

Score = Callable[[np.ndarray, np.ndarray], np.ndarray]
"""First and second chunks (n, D) → (n,), positive where the second comes later."""


def ceiling(train: Windows, windows: Windows) -> np.ndarray:
    """What the classifier fitted on ``train`` has on ``windows``: its accuracy on each, (W,)."""
    return order_accuracy(fit_order(train), windows)


class OrderClassifier:
    """score(a, b) = ãᵀ M b̃ with Mᵀ = -M, so that score(b, a) = -score(a, b).

    ã holds the principal components of a, and a 1 by which the form sees the drift of the mean.

    Attributes:
        mean: (D,) of the chunks it was fitted on.
        components: (D, r) orthonormal.
        form: M, (r + 1, r + 1).
        penalty: the one of :data:`PENALTIES` that was chosen.
    """

    def __init__(
        self, mean: np.ndarray, components: np.ndarray, form: np.ndarray, penalty: float
    ) -> None:
        self.mean, self.components, self.form, self.penalty = mean, components, form, penalty

    def __call__(self, first: np.ndarray, second: np.ndarray) -> np.ndarray:
        """Evidence (n,) float64 that ``second`` (n, D) comes later than ``first`` (n, D)."""
        a, b = (reduced(chunks, self.mean, self.components) for chunks in (first, second))
        return np.einsum("ni,ni->n", a @ self.form, b)


def fit_order(
    windows: Windows,
    *,
    rank: int = RANK,
    pairs: int = PAIRS,
    most: int = MAX_WINDOWS,
    seed: int = 0,
) -> OrderClassifier:
    """The classifier with the least squared error on ±1 plus a penalty, in closed form.

    The penalty is the one that does best on held-out articles; then the form is fitted on all of
    them. A single article leaves nothing to hold out and gets the largest penalty. All in float64.

    Args:
        windows: training windows.
        rank: r, principal components that are kept, at most D.
        pairs: pairs of chunks per window.
        most: windows that are used, a seeded sample of them.
        seed: of the sample, of the pairs and of the articles held out.
    """
    sample = generator(seed, SAMPLE, 0).permutation(len(windows))[:most]
    index = np.sort(sample)
    mean, components = principal(windows, index, rank, pairs, seed)
    size = components.shape[1] + 1
    count = size * (size - 1) // 2
    gram, cross = np.zeros((2, count, count)), np.zeros((2, count, 1))
    held = held_out(windows.article[index], seed)
    for part, first, second, later in order_pairs(windows, index, pairs, seed):
        rows = features(reduced(first, mean, components), reduced(second, mean, components))
        for side in (0, 1):
            mine = np.repeat(held[part] == side, pairs)
            gram[side] += rows[mine].T @ rows[mine]
            cross[side] += rows[mine].T @ later[mine, None]
    parts = 2 if held.any() else 1
    weights, (penalty,) = fit_held_out(gram[:parts], cross[:parts], PENALTIES)
    form = np.zeros((size, size))
    form[np.triu_indices(size, 1)] = weights[:, 0]
    return OrderClassifier(mean, components, form - form.T, float(penalty))


def order_accuracy(
    score: Score,
    windows: Windows,
    index: np.ndarray | None = None,
    *,
    pairs: int = PAIRS,
    seed: int = 0,
) -> np.ndarray:
    """Share of each window's pairs whose order ``score`` tells; a score of 0 is half right.

    Whoever is scored sees the same pairs, drawn as P8's order verifier is trained on: two
    different chunks of a window with its target, in random order, so that chance is one half.

    Args:
        score: the classifier, or a model's own verifier.
        windows: evaluation windows.
        index: (W,) ascending windows; all by default.
        pairs: pairs per window.
        seed: of the pairs.

    Returns:
        (W,) float64 in [0, 1], in the order of ``index``.
    """
    index = np.arange(len(windows)) if index is None else index
    values = np.empty(len(index))
    for part, first, second, later in order_pairs(windows, index, pairs, seed):
        right = (1 + np.sign(score(first, second) * later)) / 2
        values[part] = right.reshape(-1, pairs).mean(axis=1)
    return values


def order_pairs(
    windows: Windows, index: np.ndarray, pairs: int, seed: int
) -> Iterator[tuple[slice, np.ndarray, np.ndarray, np.ndarray]]:
    """Pairs of the windows ``index``, block by block.

    Yields:
        Which windows; first and second chunks (n · pairs, D) float32; and (n · pairs,) +1 where
        the second comes later, else -1.
    """
    for low in range(0, len(index), BATCH):
        part = slice(low, low + BATCH)
        inside = index[part]
        target = windows.target(inside)[:, None]
        chunks = np.concatenate([windows.context(inside), target], axis=1)
        drawn = draw_pairs(generator(seed, DRAWN, low), len(inside), chunks.shape[1], pairs)
        first, second = (
            np.take_along_axis(chunks, places[:, :, None], axis=1).reshape(-1, chunks.shape[2])
            for places in drawn
        )
        yield part, first, second, np.where(drawn[1] > drawn[0], 1.0, -1.0).reshape(-1)


def generator(seed: int, purpose: int, number: int) -> np.random.Generator:
    """A generator of its own for each block that something is drawn for."""
    return np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(purpose, number)))


def principal(
    windows: Windows, index: np.ndarray, rank: int, pairs: int, seed: int
) -> tuple[np.ndarray, np.ndarray]:
    """Mean (D,) and leading principal components (D, r) of the pairs' first chunks, float64."""
    dim = windows.split.dim
    total, square, count = np.zeros(dim), np.zeros((dim, dim)), len(index) * pairs
    for _, first, _, _ in order_pairs(windows, index, pairs, seed):
        chunks = first.astype(np.float64)
        total += chunks.sum(axis=0)
        square += chunks.T @ chunks
    mean = total / count
    _, axes = np.linalg.eigh(square / count - np.outer(mean, mean))
    return mean, axes[:, ::-1][:, :rank]


def reduced(chunks: np.ndarray, mean: np.ndarray, components: np.ndarray) -> np.ndarray:
    """Principal components of ``chunks`` (n, D), and a 1 behind them: (n, r + 1) float64."""
    inside = (chunks - mean) @ components
    return np.hstack([inside, np.ones((len(inside), 1))])


def features(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """a_i b_j - a_j b_i for all i < j, of ``a`` and ``b`` (n, s): (n, s(s-1)/2)."""
    i, j = np.triu_indices(a.shape[1], 1)
    return a[:, i] * b[:, j] - a[:, j] * b[:, i]


def held_out(article: np.ndarray, seed: int) -> np.ndarray:
    """(W,) bool, the windows of a fifth of the articles, at least one; of one article, none."""
    names, place = np.unique(article, return_inverse=True)
    count = max(len(names) // FOLDS, 1) if len(names) > 1 else 0
    return np.isin(place, np.random.default_rng(seed).permutation(len(names))[:count])
