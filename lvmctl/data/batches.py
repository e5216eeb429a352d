"""From window indices to a ``Batch``: rows gathered from the mapped store."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import cache
from types import MappingProxyType

import numpy as np
import torch
from torch import Tensor

from lvmctl.core.batch import Batch
from lvmctl.core.chunks import Chunks
from lvmctl.data.fields import FieldMaker
from lvmctl.data.sampling import draw_negatives, generator
from lvmctl.data.store.arrays import blocks, release, require_mapped
from lvmctl.data.store.many_files import ManyFiles
from lvmctl.data.windows import Windows
from lvmctl.sphere import unit

NEGATIVES = {"negatives", "negative_mask"}
FUTURE = {"future", "future_mask"}


class BatchBuilder:
    """Builds the batch fields that the losses asked for; those that come for free are always there.

    Args:
        windows: the windows of one split.
        needs: names of core's batch fields (see :data:`lvmctl.core.batch.FIELDS`).
        fields: makers of the other fields, by name.
        seed: seed of what is drawn.
        device: where batches live. On a GPU the store is copied there once; on a CPU it stays
            mapped from disk.
        reads: what the model reads of chunks beside their vectors.
        ranked: whether a batch says which chunks it is of, see :class:`lvmctl.core.batch.Batch`;
            where the model reads something it always does.
        share: a builder whose copy of the same store is used instead of another one.
        counts: ``negatives``, M same-article negatives per window; ``rollout``, R chunks of the
            future per window; and what is asked of a field of ``fields``, by its name.
    """

    def __init__(
        self,
        windows: Windows,
        needs: Iterable[str],
        *,
        fields: Mapping[str, FieldMaker] = MappingProxyType({}),
        seed: int = 0,
        device: torch.device | str = "cpu",
        reads: tuple[str, ...] = (),
        ranked: bool = False,
        share: BatchBuilder | None = None,
        **counts: int,
    ) -> None:
        self.windows = windows
        self.needs = frozenset(needs)
        self.fields = dict(sorted(fields.items()))
        self.counts = counts
        self.seed, self.reads, self.ranked = seed, reads, ranked or bool(reads)
        if share is not None and share.windows.split.vectors is windows.split.vectors:
            self.vectors = share.vectors
        elif isinstance(windows.split.vectors, ManyFiles):
            self.vectors = on_device(windows.split.vectors, torch.device(device))
        else:
            with warnings.catch_warnings():
                # The map is read-only and so is every use of it here.
                warnings.filterwarnings("ignore", message=".*not writable.*")
                self.vectors = torch.from_numpy(windows.split.vectors).to(device)
        self.device = torch.device(device)

    def batch(self, index: np.ndarray, *key: int) -> Batch:
        """The windows ``index`` (B,), with what is drawn for ``key``.

        ``key`` is (epoch, step) in training; the same key always draws the same: negatives first,
        then the fields of plugins in the order of their names.

        Raises:
            DataError: the file of the vectors was truncated since it was opened.
        """
        windows, k = self.windows, self.windows.context_length
        require_mapped(windows.split.vectors, windows.split.name)
        rng = generator(self.seed, "batch", *key)
        rows, article = windows.rows[index], windows.article[index]
        position = windows.position[index]
        inside = rows[:, None] + np.append(np.arange(k), windows.target_offset)
        context = self.gather(inside[:, :k])
        fields = {
            "context": context,
            "target": self.gather(inside[:, k]),
            "last": context[:, -1],
            "article": self.tensor(article),
            "position": self.tensor(position),
        }
        if k >= 2:
            fields["second_last"] = context[:, -2]
        ranked = (self.readable(inside[:, :k]), None) if self.ranked else None
        if self.needs & NEGATIVES:
            lengths = windows.split.lengths[article]
            drawn, real = draw_negatives(
                rng, lengths, position, k, windows.target_offset, self.counts.get("negatives", 0)
            )
            drawn_rows = (rows - position)[:, None] + drawn
            negatives = self.gather(drawn_rows)
            if self.ranked:
                listed = np.concatenate([inside[:, k:], drawn_rows], axis=1)
                ranked = (self.readable(inside[:, :k]), self.readable(listed))
            fields["negatives"] = negatives
            fields["negative_mask"] = without_equal(self.tensor(real), fields["target"], negatives)
        for name, make in self.fields.items():
            made = make(windows, index, self.counts.get(name, 0), rng)
            double = made.dtype == np.float64
            fields[name] = self.tensor(made.astype(np.float32) if double else made)
        if self.needs & FUTURE:
            ahead = windows.target_offset + windows.horizon * np.arange(
                self.counts.get("rollout", 0)
            )
            real = (position[:, None] + ahead) < windows.split.lengths[article][:, None]
            fields["future"] = self.gather(np.where(real, rows[:, None] + ahead, rows[:, None]))
            fields["future_mask"] = self.tensor(real)
        if "in_batch_mask" in self.needs:
            apart = in_batch_mask(fields["article"], fields["position"], k, windows.target_offset)
            target = fields["target"]
            fields["in_batch_mask"] = without_equal(apart, target, target[None])
        return Batch(fields, ranked=ranked)

    def readable(self, rows: np.ndarray) -> Chunks:
        """Chunks by their ``rows`` (…) for the model."""
        return replace(self.windows.at(rows).to(self.device), reads=self.reads)

    def gather(self, rows: np.ndarray) -> Tensor:
        """Unit float32 chunks for ``rows`` (…) → (…, D)."""
        if isinstance(self.vectors, ManyFiles):
            flat = torch.from_numpy(self.vectors[rows.reshape(-1)]).float()
        else:
            flat = self.vectors.index_select(0, self.tensor(rows.reshape(-1))).float()
        flat = flat if self.windows.split.exact else unit(flat)
        return flat.view(*rows.shape, flat.shape[-1])

    def tensor(self, values: np.ndarray) -> Tensor:
        return torch.from_numpy(np.ascontiguousarray(values)).to(self.device, non_blocking=True)


def on_device(vectors: ManyFiles, device: torch.device) -> ManyFiles | Tensor:
    """Vectors of many files as they are on a CPU; on a GPU copied to it, block by block."""
    if device.type == "cpu":
        return vectors
    kind = torch.float16 if vectors.itemsize == 2 else torch.float32
    copied = torch.empty(vectors.shape, dtype=kind, device=device)
    for low, high in blocks(len(vectors), vectors.shape[1] * vectors.itemsize):
        copied[low:high] = torch.from_numpy(np.array(vectors[low:high]))
        release(vectors)
    return copied


def without_equal(allowed: Tensor, target: Tensor, others: Tensor) -> Tensor:
    """``allowed`` (B, M), false also where a row of ``others`` (B, M, D) or (1, M, D) is ``target``
    (B, D), bit for bit: the same text elsewhere is no negative."""
    same = allowed & (keys(others) == keys(target)[:, None])  # so that few rows are compared
    row, column = same.nonzero(as_tuple=True)
    if not len(row):
        return allowed
    others = others.expand(len(target), -1, -1)
    same[row, column] = (others[row, column] == target[row]).all(-1)
    return allowed & ~same


def keys(rows: Tensor) -> Tensor:
    """(…,) int64, equal for equal rows (…, D) float32: made of some of their numbers."""
    some = rows[..., :: max(1, rows.shape[-1] // 8)] + 0.0  # which makes -0 a 0
    bits = some.contiguous().view(torch.int32)
    return (bits * key_weights(bits.shape[-1], rows.device)).sum(-1)


@cache
def key_weights(count: int, device: torch.device) -> Tensor:
    """(count,) int64, odd."""
    odd = 2 * torch.arange(1, count + 1, device=device) + 1
    return odd * 0x1E3779B97F4A7C15


def in_batch_mask(article: Tensor, position: Tensor, k: int, target_offset: int) -> Tensor:
    """(B, B), true where the target of row j is no false negative for row i
    (docs/methods.md#recipes).

    False where target j lies in row i's window or within K chunks of row i's target in the same
    article, row i itself included.
    """
    target = position + target_offset
    other, target, first = target[None, :], target[:, None], position[:, None]
    in_window = (other >= first) & (other < first + k)
    near_target = (other - target).abs() <= k
    return ~((article[:, None] == article[None, :]) & (in_window | near_target))
