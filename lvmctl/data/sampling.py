"""Which windows and negatives a step sees: pure functions of their seed.

Nothing is remembered between steps, so training resumes anywhere by asking for the same step
again.
"""

from __future__ import annotations

import numpy as np

PURPOSES = ("order", "batch", "process")


def generator(seed: int, purpose: str, *key: int) -> np.random.Generator:
    """A generator of its own for every purpose and key, whatever the key's length."""
    # Numbers in a list would not do: to a seed sequence, [1, 2] and [1, 2, 0] are the same.
    spawn_key = (PURPOSES.index(purpose), *key)
    return np.random.default_rng(np.random.SeedSequence(seed, spawn_key=spawn_key))


def epoch_order(windows: int, seed: int, epoch: int) -> np.ndarray:
    """The order in which epoch ``epoch`` visits ``windows`` windows: a permutation, (W,) int64."""
    return generator(seed, "order", epoch).permutation(windows)


def step_windows(order: np.ndarray, batch_size: int, step: int) -> np.ndarray:
    """The windows of step ``step`` (from 0); the last step of an epoch may be smaller."""
    return order[step * batch_size : (step + 1) * batch_size]


def steps_per_epoch(windows: int, batch_size: int) -> int:
    """Steps that visit every window once."""
    return -(-windows // batch_size)


def draw_negatives(
    rng: np.random.Generator,
    lengths: np.ndarray,
    position: np.ndarray,
    context_length: int,
    target_offset: int,
    count: int,
) -> tuple[np.ndarray, np.ndarray]:
    """Same-article negatives: chunks outside the window and not the target, without repetition.

    Args:
        rng: source of randomness.
        lengths: (B,) chunks of each window's article.
        position: (B,) position of each window's first chunk in its article.
        context_length: K.
        target_offset: the target's position minus the window's first.
        count: M, negatives wanted per window.

    Returns:
        Positions in the article (B, M), and a mask (B, M) that is false where the article has
        fewer than M such chunks (the position is then the window's own first chunk).
    """
    allowed = lengths - context_length - 1
    drawn = np.empty((len(lengths), count), dtype=np.int64)
    for m in range(count):
        rank = rng.integers(0, np.maximum(allowed - m, 1))
        # Step over what was drawn before, so that none repeats: of those in ascending order, the
        # i-th is stepped over where fewer than rank + 1 are left below it.
        left = np.sort(drawn[:, :m], axis=1) - np.arange(m)
        drawn[:, m] = rank + (left <= rank[:, None]).sum(axis=1)
    real = np.arange(count) < allowed[:, None]
    first = position[:, None]
    chosen = drawn + np.where(drawn >= first, context_length, 0)
    chosen += chosen >= first + target_offset
    return np.where(real, chosen, first), real
