"""Which chunks score above the target, told by fast products whose error is known.

A way to compare decides what it can and names the pairs that it leaves open. One product of
vectors rounded to bf16 leaves few open, and on processors that multiply bf16 in hardware it is
several times as fast as one in float32. Which ways are tried depends on the processor alone, not on
how busy it is.
"""

from __future__ import annotations

import functools
import math
import warnings
from typing import NamedTuple, Protocol

import torch
from torch import Tensor

from lvmctl.evaluation.retrieval.blocks import (
    BLOCK,
    UNIT,
    Scratch,
    product,
    rounding,
    sample,
    slices,
)
from lvmctl.evaluation.retrieval.ties import TIE

warnings.filterwarnings("ignore", "Sparse CSR tensor support is in beta state")

STRIP = 128
"""Chunks that are looked through together."""

MAX_SHARE = 1 / 16
"""Share of a block's pairs that costs as much in single products as the block does in float32."""

LOSS = 15 * 2.0**-13
"""What rounding to bf16 may take from a unit vector before that is halved: seldom more is lost."""

BELOW_TWO = 2 - 2.0**-8
"""The least float32 number that is rounded to 2 in bf16, or to more."""


class Compared(NamedTuple):
    """What is known of m predictions and n chunks.

    Attributes:
        balance: (m,) how many chunks score above the target less how many below, of those decided.
        row, column: (P,) numbers of the pairs that are not decided, by row.
    """

    balance: Tensor
    row: Tensor
    column: Tensor


class Comparison(Protocol):
    """A way to compare the scores of chunks with those of the targets of W predictions.

    Args:
        q: (W, D) float32 predictions.
        target_score: (W,) float64 score of each prediction's target.
        norm: (W,) float64 norms of q; 0 where there is nothing to compare.
    """

    def __init__(self, q: Tensor, target_score: Tensor, norm: Tensor) -> None: ...

    def prepare(self, chunks: Tensor) -> tuple[Tensor, ...]:
        """What :meth:`compare` needs of unit chunks (n, D), each coordinate off by 2 units."""

    def compare(self, part: slice, chunks: tuple[Tensor, ...], scratch: Scratch) -> Compared | None:
        """Compare predictions ``part`` with chunks. None if too much would be left open to pay.

        No pair is decided that may be a tie, see :mod:`lvmctl.evaluation.retrieval.ties`.
        """


class Float32:
    """:class:`Comparison` by float32 products, which always pays."""

    def __init__(self, q: Tensor, target_score: Tensor, norm: Tensor) -> None:
        self.q, self.target_score = q, target_score.float()[:, None]
        self.reach = reach(rounding(q.shape[1]), target_score, norm)

    def prepare(self, chunks: Tensor) -> tuple[Tensor, ...]:
        return (chunks,)

    def compare(self, part: slice, chunks: tuple[Tensor, ...], scratch: Scratch) -> Compared:
        gap, spare = scratch.pair(part.stop - part.start, len(chunks[0]))
        product(self.q[part], chunks[0], gap, spare).sub_(self.target_score[part])
        row, column = within(torch.abs(gap, out=spare), self.reach[part])
        gap[row, column] = 0
        return Compared(gap.sign_().sum(dim=1), row, column)


class Bfloat16:
    """:class:`Comparison` by one product of bf16 vectors, then single float32 products of the pairs
    that it leaves open (docs/methods.md#exact-ranks).

    Vectors are scaled so that a result of at least 2, after its own rounding to bf16, has the sign
    of the exact gap. That is bit 14 of a bf16 number, beside its sign in bit 15: the two bits tell
    above, below and open.
    """

    def __init__(self, q: Tensor, target_score: Tensor, norm: Tensor) -> None:
        self.q, self.target_score = q, target_score.float()
        self.compared = norm > 0
        self.reach = reach((q.shape[1] + 8) * UNIT, target_score, norm)
        self.left = torch.empty(len(q), q.shape[1] + 3, dtype=torch.bfloat16)
        largest = scale(q.shape[1])
        for part in slices(len(q), BLOCK):
            factor = torch.where(self.compared[part], largest / norm[part], 0)[:, None]
            some = torch.where(factor > 0, q[part].double() * factor, 0)
            rounded, share = halved(some, largest)
            offset = torch.where(factor > 0, -share.double() * factor * target_score[part, None], 0)
            self.left[part] = torch.cat([rounded, *parts(offset.float(), 3)], dim=1)

    def prepare(self, chunks: Tensor) -> tuple[Tensor, ...]:
        rounded, share = halved(chunks, 1)
        return torch.cat([rounded, share, share, share], dim=1), chunks

    def compare(self, part: slice, chunks: tuple[Tensor, ...], scratch: Scratch) -> Compared | None:
        rounded, exact = chunks
        gap = scratch.half(part.stop - part.start, len(rounded))
        torch.mm(self.left[part], rounded.T, out=gap)
        twice, row, column = above_and_below(gap)
        balance = twice / 2
        compared = self.compared[part]
        if not compared.all():
            balance *= compared
            row, column = (each[compared[row]] for each in (row, column))
        if len(row) > MAX_SHARE * gap.numel():
            return None
        if len(row):
            near = pairs(self.q[part], exact, row, column) - self.target_score[part][row]
            is_open = near.abs() <= self.reach[part][row]
            balance.index_add_(0, row, near.masked_fill_(is_open, 0).sign_())
            row, column = row[is_open], column[is_open]
        return Compared(balance, row, column)


def reach(error: float, target_score: Tensor, norm: Tensor) -> Tensor:
    """(W,) float32: gaps up to here are open, by a product that is off by ``error`` of ‖q‖‖x‖; -1
    where there is nothing to compare."""
    size = TIE * norm + error * (norm + target_score.abs())
    return torch.where(norm > 0, size, -1).float()


def scale(dim: int) -> float:
    """Norm of scaled predictions: with it all errors of a gap add up to less than BELOW_TWO, and so
    do those of one that is a tie (docs/methods.md#exact-ranks)."""
    loss = LOSS * (1 + 2.0**-12) + 2.0**-22  # as measured in float32
    sums = 2.02 * (dim + 4) * UNIT
    return BELOW_TWO / (loss * (2 + 2.0**-8) + sums + 2.0**-22 + 4 * TIE)


def halved(exact: Tensor, norm: float) -> tuple[Tensor, Tensor]:
    """Rows (n, D) of a norm in bf16, and the powers of two (n, 1), at most 1, that they were
    multiplied by, so that none loses more than :data:`LOSS` of the norm."""
    rounded = exact.bfloat16()
    lost = torch.linalg.vector_norm(rounded.to(exact.dtype).sub_(exact), dim=1, keepdim=True)
    share = torch.exp2(-(lost / (LOSS * norm)).log2().ceil().clamp(min=0)).bfloat16()
    return rounded.mul_(share), share


def parts(x: Tensor, count: int) -> list[Tensor]:
    """``count`` bf16 tensors whose sum is nearly ``x``; of three, exactly."""
    terms = []
    for _ in range(count):
        terms.append(x.bfloat16())
        x = x - terms[-1].float()
    return terms


def above_and_below(gap: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Of bf16 gaps (m, n), which are used up: twice how many are 2 or more less how many are -2 or
    less, (m,) float32; rows and columns (P,) of the others."""
    wide = gap.shape[1] % 4 == 0
    bits, together = (torch.int64, 4) if wide else (torch.int16, 1)
    words = gap.view(bits)
    words &= mask(0xC000, together)  # as numbers: 2, 0, -0, -2
    twice = sums(gap)
    words &= mask(0x4000, together)
    where = torch.from_numpy((words.numpy() != mask(0x4000, together)).ravel().nonzero()[0])
    group, inside = (gap.view(-1, together)[where] == 0).nonzero(as_tuple=True)
    flat = where[group] * together + inside
    row = flat.div(gap.shape[1], rounding_mode="floor")
    return twice, row, flat - row * gap.shape[1]


def mask(bits: int, together: int) -> int:
    """16 bits, repeated in a signed word of ``together`` numbers."""
    return int.from_bytes(bits.to_bytes(2, "little") * together, "little", signed=True)


@functools.cache
def ones(columns: int) -> Tensor:
    """(n, n / 256) bf16: 1 where a column belongs to a group. A sum of 256 numbers of 2 is exact in
    bf16, one of more is not."""
    groups = torch.arange(columns) // 256
    return (groups[:, None] == torch.arange(groups[-1] + 1)).bfloat16()


def sums(tile: Tensor) -> Tensor:
    """Sums (m,) float32 of the rows of bf16 numbers (m, n) that are 2, 0 or -2."""
    return torch.mm(tile, ones(tile.shape[1])).float().sum(dim=1)


def pairs(q: Tensor, chunks: Tensor, row: Tensor, column: Tensor) -> Tensor:
    """Dot products (P,) of rows of ``q`` (m, D) and ``chunks`` (n, D); ``row`` ascends.

    Each is a sum of D products in whatever order, so off by at most D·2⁻²⁴·‖q‖‖x‖.
    """
    starts = torch.searchsorted(row, torch.arange(len(q) + 1))
    size = len(q), len(chunks)
    wanted = torch.sparse_csr_tensor(
        starts, column, q.new_zeros(len(row)), size, check_invariants=False
    )
    return torch.sparse.sampled_addmm(wanted, q, chunks.T, beta=0).values()


def within(distance: Tensor, reach: Tensor) -> tuple[Tensor, Tensor]:
    """Rows and columns (P,) where ``distance`` (m, n) is at most its row's ``reach`` (m,).

    There are few, so strips of columns that have none are put aside first.
    """
    width = math.gcd(distance.shape[1], STRIP)
    strips = distance.unflatten(1, (-1, width))
    row, strip = (strips.amin(dim=2) <= reach[:, None]).nonzero(as_tuple=True)
    which, column = (strips[row, strip] <= reach[row, None]).nonzero(as_tuple=True)
    return row[which], strip[which] * width + column


@functools.cache
def fastest_first(dim: int) -> tuple[type[Comparison], ...]:
    """Ways to try, the last of which always pays."""
    return (Bfloat16, Float32) if multiplies_bf16() and sound(dim) else (Float32,)


def multiplies_bf16() -> bool:
    """Whether the processor multiplies bf16 in hardware, by dot products or matrix units."""
    there = getattr(torch.cpu, "get_capabilities", dict)()
    return bool(there.get("avx512_bf16") or there.get("amx_bf16"))


def sound(dim: int) -> bool:
    """Whether bf16 products are as exact here as promised: one may round more than it says."""
    q, chunks = sample(dim, 64)
    exact = q.double() @ chunks.double().T
    way = Bfloat16(q, exact.diagonal(), torch.ones(len(q), dtype=torch.float64))
    rounded, _ = way.prepare(chunks)
    gap = torch.mm(way.left, rounded.T).double()
    share = -way.left[:, dim:].double().sum(dim=1) / exact.diagonal()
    off = gap - (exact - exact.diagonal()[:, None]) * share[:, None] * rounded[:, -1].double()
    return bool((off.abs() <= BELOW_TWO + 2.0**-8 * gap.abs()).all())
