"""Small random data in memory: splits, windows, batches as training gathers them, predictions."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import torch
from torch import Tensor

from lvmctl.core.batch import FIELDS, Batch, Prediction
from lvmctl.core.chunks import TEXT
from lvmctl.data import Split, Splits, Windows
from lvmctl.data.batches import BatchBuilder
from lvmctl.data.chunk_source import Pieces, SplitSource
from lvmctl.data.fields import field_maker
from lvmctl.data.store.arrays import unit64
from lvmctl.registry.specs import Shape
from lvmctl.sphere import cosine, unit

WINDOWS = (1, 4, 2, 7)
"""Windows of each article of a random batch in turn: some articles are too short for negatives and
for a future."""

SIZES = ("several articles", "one article", "one window")
"""How much :func:`windows` has; the last has fewer windows than D."""


def split_of(articles: Sequence[np.ndarray], name: str = "tiny") -> Split:
    """A split of ``articles``, each (n, D), one after another."""
    lengths = np.array([len(article) for article in articles], np.int64)
    return Split(
        vectors=np.concatenate(articles).astype(np.float32),
        starts=np.cumsum(lengths) - lengths,
        lengths=lengths,
        articles=[{"id": f"{name} {number}"} for number in range(len(lengths))],
        name=name,
        source={"path": name, "split": None, "content_hash": name, "encoder": None},
    )


def textlike(
    articles: int = 12, chunks: int = 24, dim: int = 8, seed: int = 0, name: str = "tiny"
) -> Split:
    """Articles of a topic each, whose neighbours are the most alike: their mean cosine is about .7,
    that of distant chunks .35, that of different articles 0."""
    rng = np.random.default_rng(seed)
    made = []
    for _ in range(articles):
        topic, *noise = unit64(rng.standard_normal((chunks + 1, dim)))
        rows = [unit64(topic + noise[0])]
        for step in noise[1:]:
            rows.append(unit64(0.5 * topic + rows[-1] + 1.2 * step))
        made.append(np.stack(rows))
    return split_of(made, name)


def textlike_splits(articles: int = 12) -> Splits:
    """Three splits of :func:`textlike`, of different articles."""
    names = ("train", "val", "ood")
    made = [textlike(articles, seed=seed, name=name) for seed, name in enumerate(names)]
    return Splits(*made, notices=[])


def readable(windows: Windows) -> Windows:
    """The windows, whose store has texts and a level of sentences: see :class:`MadeSource`."""
    windows.source = MadeSource(windows.split)
    return windows


class MadeSource(SplitSource):
    """What a store has that is not on a disk: of each chunk 1 to 4 sentences near it, and a text of
    the words for its largest numbers. Which they are depends on the chunk alone.

    Args:
        split: the chunks.
        turn: (D, D') what sentences are multiplied with, in another space than the chunks.

    Attributes:
        was_read: ``text`` and levels that were asked for.
    """

    def __init__(self, split: Split, turn: Tensor | None = None) -> None:
        super().__init__(split)
        self.turn = turn
        self.was_read: set[str] = set()

    def pieces(self, rows: Tensor, count: int, level: str) -> tuple[Tensor, Tensor]:
        self.was_read.add(level)
        vectors, there = super().pieces(rows, count, level)
        return vectors if self.turn is None else vectors @ self.turn, there

    def _level(self, number: int, level: str) -> Pieces:
        vectors = self.split.vectors
        counts = 1 + (np.abs(vectors[:, 0]) * 997).astype(int) % 4
        place = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
        chunks = unit64(vectors.repeat(counts, axis=0))
        noise = np.sin(np.arange(1, 1 + vectors.shape[1]) * (1 + place[:, None]))
        pieces = unit64(chunks + 0.3 * noise / np.sqrt(vectors.shape[1])).astype(np.float32)
        return Pieces(pieces, np.cumsum(counts) - counts, counts)

    def texts_at(self, rows: np.ndarray) -> list[str]:
        self.was_read.add(TEXT)
        order = np.argsort(-self.split.vectors[rows], axis=1, kind="stable")[:, :3]
        return [" ".join(f"word{place}" for place in each) + "." for each in order]

    def require(self, name: str) -> None:
        """It has every level, and texts."""


def trace(data: Any) -> str:
    """Everything that data holds, or the files beside a path, to see whether it was changed."""
    if isinstance(data, Path):
        files = [path for path in sorted(data.parent.rglob("*")) if path.is_file()]
        return repr([(path, path.read_bytes()) for path in files])
    if isinstance(data, Splits):
        return repr([trace(split) for split in data.by_name.values()])
    if isinstance(data, Split):
        values = [part.tolist() for part in (data.vectors, data.starts, data.lengths)]
        return repr([values, data.articles, data.source, data.name])
    if isinstance(data, Windows):
        values = [part.tolist() for part in (data.rows, data.article, data.position)]
        return repr([values, trace(data.split)])
    if isinstance(data, Batch):
        return repr([getattr(data, name).tolist() for name in data])
    return repr(data)


def windows(shape: Shape, size: str = "several articles") -> Windows:
    """Windows of text-like articles with 8 to 30 chunks, the same ones each time.

    Args:
        shape: D, K and h; articles are as long as K + h at least.
        size: one of :data:`SIZES`: six articles, the first of them, or one with a single window.
    """
    needed = shape.context_length + shape.horizon
    lengths = np.linspace(30, 8, 6).astype(int).clip(min=needed)
    if size != "several articles":
        lengths = lengths[:1] if size == "one article" else [needed]
    articles = [textlike(1, n, shape.dim, seed).vectors for seed, n in enumerate(lengths)]
    return readable(Windows(split_of(articles), shape.context_length, shape.horizon))


def random_batch(
    size: int = 8,
    dim: int = 16,
    k: int = 5,
    *,
    horizon: int = 1,
    negatives: int = 4,
    rollout: int = 3,
    seed: int = 0,
    fields: Mapping[str, Callable[..., Any]] = MappingProxyType({}),
    **counts: int,
) -> Batch:
    """B windows of random articles with every field of core, and ``fields``.

    The fields come from the code that builds the batches of a training, so they fit together, and
    chunks of an article have cosines of about one half, as those of books have. A window of one
    chunk has no ``second_last``.

    Args:
        size: B ≥ 1.
        dim: D.
        k: K ≥ 1.
        horizon: h, how far ahead the target is.
        negatives, rollout: M and R.
        seed: of everything random; the same one gives the same batch.
        fields: targets of plugins' batch fields, by name.
        counts: what is asked of these, by name.
    """
    rng = np.random.default_rng(seed)
    articles: list[np.ndarray] = []
    total = 0
    while total < size or len(articles) < 2:
        more = WINDOWS[len(articles) % len(WINDOWS)]
        total += more
        topic, chunks = rng.standard_normal(dim), rng.standard_normal((k + horizon - 1 + more, dim))
        articles.append(topic + chunks)
    builder = BatchBuilder(
        readable(Windows(split_of(articles), k, horizon)),
        FIELDS,
        fields={name: field_maker(target) for name, target in fields.items()},
        negatives=negatives,
        rollout=rollout,
        seed=seed,
        **counts,
    )
    return builder.batch(rng.permutation(total)[:size])


def random_prediction(batch: Batch, closeness: float = 0.5, seed: int = 0) -> Prediction:
    """A prediction for ``batch`` in which every field is filled, without gradient.

    Args:
        batch: with ``context``, ``target`` and ``future``.
        closeness: cos(q, target), and of each step of the rollout to its own target: 1 is the
            target itself, 0 is at right angles, -1 is opposite.
        seed: of everything random.
    """
    generator = torch.Generator().manual_seed(seed)
    q = _towards(batch.target, closeness, generator)
    later = _towards(batch.future[:, 1:], closeness, generator)
    return _filled(q, torch.cat([q[:, None], later], dim=1), batch)


def constant_prediction(q: Tensor, batch: Batch) -> Prediction:
    """The prediction of unit ``q`` (B, D), which stays the same when it is fed back."""
    return _filled(q, q[:, None].expand(-1, max(1, batch.future.shape[1]), -1).clone(), batch)


def _filled(q: Tensor, rollout: Tensor, batch: Batch) -> Prediction:
    """Every field: ``raw`` has the direction of q and norms from ½ to 2, ``weights`` favour
    chunks near q, ``scores`` are cosines; there is no rollout where the batch has no future, and
    there are no scores where it has no negatives. Extras are a model's own: there are none."""
    norms = torch.linspace(0.5, 2, len(q))[:, None]
    scores = None
    if "target" in batch and "negatives" in batch:
        candidates = torch.cat([batch.target[:, None], batch.negatives], dim=1)
        scores = cosine(candidates, q[:, None])
    return Prediction(
        q=q,
        raw=q * norms,
        weights=(4 * cosine(batch.context, q[:, None])).softmax(dim=-1),
        rollout=rollout if batch.future.shape[1] else None,
        scores=scores,
    )


def _towards(y: Tensor, closeness: float, generator: torch.Generator) -> Tensor:
    """Unit vectors whose cosine to unit ``y`` (…, D) is ``closeness``, else random; D ≥ 2."""
    aside = torch.randn(y.shape, generator=generator)
    for _ in range(2):  # the second time takes away what rounding left along y
        aside = unit(aside - cosine(aside, y)[..., None] * y)
    return closeness * y + (1 - closeness**2) ** 0.5 * aside
