"""What a loss or a ranker sees, and what a model or a decoder returns.

Torch and NumPy appear only in annotations.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from lvmctl.core.chunks import Chunks

if TYPE_CHECKING:
    import numpy as np
    import torch
    from torch import Tensor

FIELDS: dict[str, str] = {
    "context": "(B, K, D) chunks of the window, oldest first, unit norm",
    "target": "(B, D) the h-th unseen chunk, unit norm",
    "last": "(B, D) newest chunk of the window, x_{s+K-1}",
    "second_last": "(B, D) the chunk before it, x_{s+K-2} (needs K >= 2)",
    "article": "(B,) int64 index of the window's article in its split",
    "position": "(B,) int64 position of the window's first chunk in its article",
    "negatives": "(B, M, D) chunks of the same article outside the window and not the target",
    "negative_mask": "(B, M) bool, true where there is a negative and its text is not the target's",
    "in_batch_mask": "(B, B) bool, true where target j may serve as a negative of row i",
    "future": "(B, R, D) the target and R - 1 chunks after it, each h further on",
    "future_mask": "(B, R) bool, true where the article reaches that far",
}
"""The batch fields of core by name, with their shapes. Plugins add others (``BatchFieldSpec``)."""


class Batch:
    """Named tensors of B windows. Reading a field that was not asked for says so.

    Args:
        fields: tensors by name; the names and shapes are those of :data:`FIELDS` and of plugins'
            fields.
        owner: who reads it, for an error.
        hidden: names of fields that there are, and that the owner did not declare.
        ranked: of a model that reads more than vectors or whose scores a loss reads: the window's
            chunks (B, K) and, where there are negatives, the target and those (B, 1 + M), else
            None.
    """

    __slots__ = ("_fields", "_hidden", "_owner", "ranked")

    def __init__(
        self,
        fields: Mapping[str, Tensor],
        owner: str | None = None,
        hidden: Iterable[str] = (),
        ranked: tuple[Chunks, Chunks | None] | None = None,
    ) -> None:
        self._fields = dict(fields)
        self._owner = owner
        self._hidden = frozenset(hidden)
        self.ranked = ranked

    def __getattr__(self, name: str) -> Tensor:
        try:
            return self._fields[name]
        except KeyError:
            pass
        known = dict.fromkeys([*FIELDS, *self._fields, *sorted(self._hidden)])
        if name not in known:
            raise AttributeError(f"a batch has no field {name!r}; it has {', '.join(known)}")
        who = self._owner or "this code"
        raise AttributeError(f"{who} reads batch.{name} without declaring it; add it to `needs`")

    def __contains__(self, name: str) -> bool:
        return name in self._fields

    def __iter__(self) -> Iterator[str]:
        """The names of the fields that are there."""
        return iter(self._fields)

    def __len__(self) -> int:
        return len(next(iter(self._fields.values())))

    def only(self, names: Iterable[str], owner: str) -> Batch:
        """The same tensors, restricted to what ``owner`` declared it needs. A field of a plugin may
        be qualified (``p8/order_pairs``)."""
        shown = {bare: self._fields[bare] for bare in map(bare_name, names)}
        return Batch(shown, owner, self._fields)

    def rows(self, index: slice) -> Batch:
        """Some of its windows; of a mask over pairs of windows, their rows."""
        fields = {name: tensor[index] for name, tensor in self._fields.items()}
        ranked = None
        if self.ranked is not None:
            window, listed = self.ranked
            ranked = window[index], listed and listed[index]
        return Batch(fields, self._owner, self._hidden, ranked)

    def having(self, **fields: Tensor) -> Batch:
        """The same tensors and these."""
        return Batch(self._fields | fields, self._owner, self._hidden, self.ranked)


def bare_name(name: str) -> str:
    """A field's name in a batch, without the plugin that declares it."""
    return name.rpartition("/")[2]


@dataclass(frozen=True, slots=True)
class Prediction:
    """What a model returns for B contexts.

    Attributes:
        q: (B, D) unit vectors, the prediction.
        raw: (B, D) the vector before anchoring or normalising, if the model has one.
        weights: (B, K) mixture weights on the simplex, if the model mixes its context.
        rollout: (B, R, D) unit vectors, where a loss asks for them: q, then what the model predicts
            after 1 … R - 1 of its predictions were fed back as the newest chunk.
        scores: (B, 1 + M) what the model's own ``score`` gives the target and the batch's
            negatives, where a loss asks for it; what ``negative_mask`` leaves out has no meaning.
        extras: what else a model says, by name: scalars or (B, …). Their means are logged under
            their names, plotted, and saved with an evaluation.
    """

    q: Tensor
    raw: Tensor | None = None
    weights: Tensor | None = None
    rollout: Tensor | None = None
    scores: Tensor | None = None
    extras: dict[str, Tensor] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Pool:
    """What a ranker chooses from: ``score(context, pool)`` gives (B, N), higher is better.

    Attributes:
        vectors: (N, D) unit chunks, the same for all B contexts; or (B, N, D), each context's own,
            as a training has them.
        candidates: (B, N) bool, true where a chunk is a candidate of that context. Scores of
            others are ignored.
        article: (B,) int64, in training the number of each context's article in the training split,
            so that a model can leave out what it fitted on that article; None elsewhere.
        window: (B, K) chunks of the contexts, of which the model reads what its record declares. A
            model that ``reads`` nothing beside vectors is given them in training alone, so that it
            can remember what it worked out of an article; elsewhere None.
        chunks: (N,) or (B, N), as ``vectors``, those it chooses from.
    """

    vectors: Tensor
    candidates: Tensor
    article: Tensor | None = None
    window: Chunks | None = None
    chunks: Chunks | None = None

    def to(self, device: torch.device | str) -> Pool:
        """The same pool on another device."""
        return Pool(
            self.vectors.to(device),
            self.candidates.to(device),
            None if self.article is None else self.article.to(device),
            self.window and self.window.to(device),
            self.chunks and self.chunks.to(device),
        )

    def for_reader(self, reads: tuple[str, ...]) -> Pool:
        """The pool as it is given to a model that ``reads`` this beside vectors."""
        if not reads:
            return replace(self, window=None, chunks=None)
        if self.window is None or self.chunks is None:
            raise ValueError(f"there is nothing to read {' and '.join(reads)} from")
        window, chunks = (replace(each, reads=reads) for each in (self.window, self.chunks))
        return replace(self, window=window, chunks=chunks)


@dataclass(frozen=True, slots=True)
class Step:
    """Where training stands: ``epoch`` counts from 1, ``index`` from 0 within the epoch."""

    epoch: int
    index: int
    epochs: int
    steps_per_epoch: int


@dataclass(frozen=True, slots=True)
class LossOutput:
    """What a loss returns that has more to say than one value per window.

    Training minimises the sum of the terms' means, each over windows with the weights that sample
    gates give them, times the recipe's weight.

    Attributes:
        terms: by name, (B,) values, one per window; or a scalar for what has no windows, such as a
            penalty on parameters. Logged as ``loss_<name>``, without the recipe's weight.
        metrics: by name, (B,) values or a scalar, averaged and logged under their own name
            (``order_accuracy``), not minimised. They need no ``detach()``.
    """

    terms: dict[str, Tensor]
    metrics: dict[str, Tensor] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Decoded:
    """What N vectors say, as texts.

    Attributes:
        texts: a text for each vector, in their order.
        cosines: (N,) float32, the cosine of each vector to that of its text: how much of it the
            text has. NaN where the text is empty; None where nobody knows.
    """

    texts: list[str]
    cosines: np.ndarray | None = None
