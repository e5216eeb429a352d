"""From window indices to a :class:`~lvmctl.batch.Batch`: one gather from the mapped store."""

from __future__ import annotations

import warnings
from collections.abc import Iterable

import numpy as np
import torch
from torch import Tensor

from lvmctl.batch import Batch
from lvmctl.data.sampling import draw_negatives, draw_order_pairs
from lvmctl.data.windows import Windows
from lvmctl.geometry import unit

ORDER = {"order_first", "order_second", "order_label"}
NEGATIVES = {"negatives", "negative_mask"}


class BatchBuilder:
    """Builds the batch fields that the losses asked for, and no other.

    Args:
        windows: the windows of one split.
        needs: names of batch fields (see :data:`lvmctl.batch.FIELDS`).
        negatives: M, same-article negatives per window.
        order_pairs: P, order pairs per window.
        seed: seed of the negatives and pairs.
        device: where batches live. On a GPU the store is copied there once; on a CPU it stays
            mapped from disk.
    """

    def __init__(
        self,
        windows: Windows,
        needs: Iterable[str],
        *,
        negatives: int = 0,
        order_pairs: int = 0,
        seed: int = 0,
        device: torch.device | str = "cpu",
    ) -> None:
        self.windows = windows
        self.needs = frozenset(needs)
        self.negatives = negatives if self.needs & NEGATIVES else 0
        self.order_pairs = order_pairs if self.needs & ORDER else 0
        self.seed = seed
        with warnings.catch_warnings():
            # The map is read-only and so is every use of it here.
            warnings.filterwarnings("ignore", message=".*not writable.*")
            self.vectors = torch.from_numpy(windows.split.vectors).to(device)
        self.device = self.vectors.device

    def batch(self, index: np.ndarray, *key: int) -> Batch:
        """The windows ``index`` (B,), with negatives and pairs drawn for ``key``.

        ``key`` is (epoch, step) in training; the same key always draws the same.
        """
        windows, k = self.windows, self.windows.context_length
        rng = np.random.default_rng([self.seed, *key])
        rows, article = windows.rows[index], windows.article[index]
        position = windows.position[index]
        wanted = [rows[:, None] + np.arange(k), rows[:, None] + windows.target_offset]
        if self.negatives:
            negative, real = draw_negatives(
                rng,
                windows.split.lengths[article],
                position,
                k,
                windows.target_offset,
                self.negatives,
            )
            wanted.append((rows - position)[:, None] + negative)
        gathered = self.gather(np.concatenate(wanted, axis=1))
        chunks = gathered[:, : k + 1]
        fields = {"context": chunks[:, :k], "target": chunks[:, k], "last": chunks[:, k - 1]}
        if k >= 2:
            fields["second_last"] = chunks[:, k - 2]
        if self.negatives:
            fields["negatives"] = gathered[:, k + 1 :]
            fields["negative_mask"] = self.tensor(real)
        if self.needs & ORDER:
            first, second = draw_order_pairs(rng, len(index), k + 1, self.order_pairs)
            fields["order_first"] = pick(chunks, self.tensor(first))
            fields["order_second"] = pick(chunks, self.tensor(second))
            fields["order_label"] = self.tensor((second > first).astype(np.float32))
        fields["article"] = self.tensor(article)
        fields["position"] = self.tensor(position)
        if "in_batch_mask" in self.needs:
            fields["in_batch_mask"] = in_batch_mask(
                fields["article"], fields["position"], k, windows.target_offset
            )
        return Batch(fields)

    def gather(self, rows: np.ndarray) -> Tensor:
        """Unit float32 chunks for ``rows`` (B, R) → (B, R, D)."""
        flat = self.vectors.index_select(0, self.tensor(rows.reshape(-1)))
        return unit(flat.float()).view(*rows.shape, -1)

    def tensor(self, values: np.ndarray) -> Tensor:
        return torch.from_numpy(np.ascontiguousarray(values)).to(self.device, non_blocking=True)


def pick(chunks: Tensor, index: Tensor) -> Tensor:
    """``chunks`` (B, R, D) at ``index`` (B, P) → (B, P, D)."""
    return chunks.gather(1, index.unsqueeze(-1).expand(-1, -1, chunks.shape[-1]))


def in_batch_mask(article: Tensor, position: Tensor, k: int, target_offset: int) -> Tensor:
    """(B, B), true where the target of row j is no false negative for row i (METHODS §4).

    False where target j lies in row i's window or within K chunks of row i's target in the same
    article, row i itself included.
    """
    target = position + target_offset
    other, own, first = target[None, :], target[:, None], position[:, None]
    in_window = (other >= first) & (other < first + k)
    near_target = (other - own).abs() <= k
    return ~((article[:, None] == article[None, :]) & (in_window | near_target))
