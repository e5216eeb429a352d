"""Exact search among chunks, block by block: products whose rounding is known, and float64 where
they cannot tell.

Three searches stand on it: chunks that score above a target (``counting``, for global ranks), pairs
of chunks above a threshold (near-duplicates, recurrences) and nearest neighbours (hubs).
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from torch import Tensor

from lvmctl.data.store.arrays import BLOCK_BYTES, unit64

BLOCK = 1024
"""Rows, and columns, of a block: its scores (4 MiB) are in cache when they are looked at."""

UNIT = 2.0**-24
"""What float32 rounds off, relative to the number."""

PIECE = 384
"""Coordinates that a float32 product sums; longer vectors are summed piece by piece."""


def slices(count: int, step: int) -> Iterator[slice]:
    """Slices of at most ``step`` that cover ``range(count)``."""
    for low in range(0, count, step):
        yield slice(low, min(count, low + step))


# ---------------------------------------------------------------------- products


def product(left: Tensor, right: Tensor, out: Tensor, spare: Tensor) -> Tensor:
    """Dot products of all rows of two float32 matrices, summed piece by piece.

    Args:
        left, right: (m, D) and (n, D).
        out: (m, n), where they are written.
        spare: (m, n), used up where D is above :data:`PIECE`.
    """
    torch.mm(left[:, :PIECE], right[:, :PIECE].T, out=out)
    for low in range(PIECE, left.shape[1], PIECE):
        piece = slice(low, low + PIECE)
        out += torch.mm(left[:, piece], right[:, piece].T, out=spare)
    return out


def rounding(dim: int) -> float:
    """How far a product of :func:`product` can be off, in units of ‖q‖‖x‖.

    A sum of n products is off by at most n·2⁻²⁴·Σ|q_i x_i|, in whatever order it is taken (Higham,
    Accuracy and Stability of Numerical Algorithms, §3.1), and Σ|q_i x_i| ≤ ‖q‖‖x‖. So summing in
    pieces makes 384 + D/384 roundings of D, and a few are the rounded vectors' own. They seldom add
    up, but for vectors of few different values they do, to more than makes a tie
    (docs/methods.md#ranks).
    """
    return (min(PIECE, dim) + -(-dim // PIECE) + 8) * UNIT


class Scratch(threading.local):
    """Memory for two blocks, one in each thread: fresh memory would cost a tenth of the time."""

    def __init__(self) -> None:
        self._blocks = torch.empty(2, BLOCK * BLOCK)

    def pair(self, rows: int, columns: int) -> tuple[Tensor, Tensor]:
        """Two (rows, columns) float32 matrices, which the thread's next call gives again."""
        first, second = self._blocks[:, : rows * columns].view(2, rows, columns)
        return first, second

    def half(self, rows: int, columns: int) -> Tensor:
        """A (rows, columns) bf16 matrix in the same memory."""
        return self._blocks.view(torch.bfloat16).view(-1)[: rows * columns].view(rows, columns)


def sample(dim: int, count: int) -> tuple[Tensor, Tensor]:
    """Unit vectors (count, dim), twice, to try products on."""
    generator = torch.Generator().manual_seed(0)
    return torch.nn.functional.normalize(torch.randn(2, count, dim, generator=generator), dim=2)


def is_float32() -> bool:
    """Whether products keep to :func:`rounding` here, or a switch of the process rounds them."""
    left, right = sample(PIECE, 64)
    exact = (left.double() * right.double()).sum(dim=1)
    computed = product(left, right, *torch.empty(2, len(left), len(right))).diagonal()
    return bool((computed - exact.float()).abs().max() <= rounding(PIECE))


@contextmanager
def float32_products() -> Iterator[None]:
    """Matrix products in float32, even where a switch of the process rounds them to bf16."""
    switches = torch.backends.mkldnn.matmul, torch.backends.cuda.matmul
    before = [switch.fp32_precision for switch in switches]
    if not is_float32():
        switches[0].fp32_precision = "ieee"
    if before[1] != "ieee":
        switches[1].fp32_precision = "ieee"
    try:
        yield
    finally:
        for switch, value in zip(switches, before):
            switch.fp32_precision = value


class ThisThread(Executor):
    """Does what it is given at once. A thread that finds no memory to begin would be waited for
    without end."""

    def submit(self, task: Callable[..., Any], /, *arguments: Any, **named: Any) -> Future:
        """What ``task`` returns, or the exception that it raises."""
        future: Future = Future()
        try:
            future.set_result(task(*arguments, **named))
        except Exception as error:
            future.set_exception(error)
        return future


@contextmanager
def workers() -> Iterator[Executor]:
    """As many threads as torch has, each of which computes alone; this one where it has one.

    A block takes a dozen short steps. Threads that share it wait for each other after every one,
    which on a busy machine takes longer than the steps.
    """
    count = torch.get_num_threads()
    if count == 1:
        yield ThisThread()
        return
    try:
        with ThreadPoolExecutor(count, initializer=torch.set_num_threads, initargs=(1,)) as pool:
            yield pool
    finally:
        torch.set_num_threads(count)  # libraries beneath torch may have one number for all threads


# ---------------------------------------------------------------------- pairs above a threshold

Rows = Callable[[slice], np.ndarray]
"""Gives the stored vectors (n, D) of some of the pairs."""


def exact_cosines(first: Rows, second: Rows, count: int, dim: int) -> np.ndarray:
    """Cosines (count,) float64, at most 1, of pairs of stored vectors of width ``dim``."""
    cosines = np.empty(count)
    for part in slices(count, max(BLOCK_BYTES // (24 * dim), 1)):
        cosine = np.einsum("nd,nd->n", unit64(first(part)), unit64(second(part)))
        cosines[part] = np.minimum(cosine, 1)
    return cosines


def above(
    cosine: np.ndarray, threshold: float, dim: int, exact: Callable[..., np.ndarray]
) -> np.ndarray:
    """Which cosines, in float64, are above ``threshold``.

    Args:
        cosine: of any shape, by :func:`product`; those too near the threshold to tell are replaced.
        dim: D, the width of the vectors.
        exact: gives the cosines, float64, at the indices it is called with.
    """
    is_above = cosine > threshold
    unsure = np.nonzero(np.abs(cosine - threshold) <= rounding(dim))
    sure = exact(*unsure)
    cosine[unsure], is_above[unsure] = sure, sure > threshold
    return is_above


# ---------------------------------------------------------------------- nearest neighbours


def nearest(rows: Tensor, k: int) -> Iterator[tuple[slice, Tensor]]:
    """The k nearest others of each row by dot product, block by block.

    Args:
        rows: (n, D) float32.
        k: neighbours; n − 1 where there are fewer.

    Yields:
        Which rows, and the numbers (m, k) int64 of their neighbours, nearest first. Neighbours that
        are equally near but for rounding stand in either order.
    """
    count = len(rows)
    scores = torch.empty(2, min(BLOCK, count), count)
    with float32_products():
        for part in slices(count, BLOCK):
            index = torch.arange(part.stop - part.start)
            block = product(rows[part], rows, *scores[:, : len(index)])
            block[index, index + part.start] = -torch.inf
            yield part, block.topk(min(k, count - 1), dim=1).indices
