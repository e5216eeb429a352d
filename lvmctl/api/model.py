"""A trained run put to use: what comes next, as a vector or as a choice among candidates."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, overload

import numpy as np
import torch
from torch import Tensor, nn

from lvmctl.api.arrays import Kind, chunks, contexts, pool_of, through
from lvmctl.api.ranking import Ranking, best, parts
from lvmctl.api.readable import pool_part, readable, readable_window
from lvmctl.api.training_encoder import clean, training_encoder
from lvmctl.core.batch import Pool
from lvmctl.core.errors import DataError, UsageError
from lvmctl.data.text.embed import Encoder
from lvmctl.data.text.encoders.build import encode_units
from lvmctl.evaluation.held_out import in_one_space
from lvmctl.evaluation.predictors import own_score
from lvmctl.evaluation.retrieval.ties import one_score_for_equals
from lvmctl.evaluation.trained import Trained

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from lvmctl.api.arrays import Vectors
    from lvmctl.api.readable import Readable
    from lvmctl.api.store import Store
    from lvmctl.core.chunks import Chunks

BATCH, SCORES = 1024, 4_000_000
"""Contexts that are predicted, and scores that are held, at a time."""


class Model:
    """A trained model, by its weights of the best epoch; made by :func:`lvmctl.load`.

    Vectors may be NumPy arrays, tensors on any device or nested sequences, of any real numbers;
    they are read as unit vectors, and what comes back is of the same kind. Vectors whose norm is
    not 1 are normalised with a warning. A context holds chunks oldest first. Where it has more
    than K of them, the last K are read; where it has fewer, the oldest is repeated in front.

    Attributes:
        path: the run directory.
        recipe: name of the recipe that trained it.
        dim: D, the width of a chunk vector; one that serves any space (a ranker by cosines, such as
            P9) takes others too, and knows nothing there that it was fitted to.
        context_length: K, the chunks that a prediction is made from.
        horizon: h; what is predicted is the h-th chunk after the context.
        has_score: whether it ranks by a score of its own, and not by cosine.
        reads: what that score reads of chunks beside vectors: ``text``, or a finer level.
        q_reads: whether its prediction reads that, too.
    """

    def __init__(self, trained: Trained) -> None:
        self._trained = trained
        self.path: Path = trained.run.path
        self.recipe: str = trained.plan.recipe
        self.dim: int = trained.dim
        self.context_length: int = trained.plan.options.context
        self.horizon: int = trained.plan.options.horizon
        self.has_score: bool = hasattr(trained.model, "score")
        spec: Any = trained.plan.model.entry.record
        self.reads: tuple[str, ...] = spec.reads
        self.q_reads: bool = spec.q_reads
        self._width = None if spec.any_space and trained.transform is None else self.dim

    def __repr__(self) -> str:
        return f"<lvmctl.Model {self.path} K={self.context_length} D={self.dim}>"

    @overload
    def predict(
        self,
        context: Tensor | Sequence[Tensor],
        normalize: bool = True,
        read: Readable | None = None,
    ) -> Tensor: ...

    @overload
    def predict(
        self,
        context: ArrayLike | Sequence[np.ndarray],
        normalize: bool = True,
        read: Readable | None = None,
    ) -> np.ndarray: ...

    def predict(self, context: Any, normalize: bool = True, read: Readable | None = None) -> Any:
        """Predict the vector of the chunk that follows.

        Args:
            context: (K, D), (B, K, D), or a sequence of contexts (k, D) of different lengths.
            normalize: False gives the vector before it is normalised, if the model has one.
            read: for a model whose prediction reads more than vectors, the chunks or the texts of
                the contexts, as for :meth:`rank`.

        Returns:
            (D,) or (B, D) of unit norm, of the kind of ``context`` (float32 for integers). Where
            the run has a transform, it lies among transformed chunks: compare it with
            :meth:`transform` of vectors.

        Raises:
            DataError: another D, NaN, infinity, a vector of 0, or a context of no chunk.
            UsageError: the model reads more, and ``read`` is missing.

        Example:
            >>> model = lvmctl.load(run_path)
            >>> q = model.predict(np.eye(model.dim, dtype="float32")[:5])
            >>> q.shape == (model.dim,), round(float(np.linalg.norm(q)), 3)
            (True, 1.0)
        """
        rows, single = contexts(context, self._width, self.context_length)
        window = readable_window(read, rows) if self.q_reads and read is not None else None
        q = self._predict(self._transformed(rows, "context"), normalize, window)
        return Kind.of(context).give(q[0] if single else q)

    @overload
    def transform(self, vectors: Tensor | Sequence[Tensor]) -> Tensor: ...

    @overload
    def transform(self, vectors: ArrayLike) -> np.ndarray: ...

    def transform(self, vectors: Any) -> Any:
        """Put chunk vectors through what the run's chunks went through before training.

        Args:
            vectors: (n, D).

        Returns:
            (n, D) of unit norm, of the same kind; without a transform, the vectors themselves.

        Raises:
            DataError: see :meth:`predict`; or nothing is left of a vector.
        """
        rows = self._transformed(chunks(vectors, self.dim, "vectors", (2,)), "vectors")
        return Kind.of(vectors).give(torch.from_numpy(rows))

    def rank(
        self,
        context: Vectors,
        candidates: Vectors,
        top: int | None = 10,
        without: ArrayLike | None = None,
        read: tuple[Readable | None, Readable | None] | None = None,
    ) -> Ranking:
        """Rank candidates for the place after a context.

        A model with a score of its own (a ranker, such as P9's) ranks by it, others by the cosine
        of candidate and prediction. Equal scores keep the order of the candidates.

        Args:
            context: as in :meth:`predict`.
            candidates: (N, D), the same for all contexts; or (B, N, D), each context's own.
            top: how many are returned; None is all.
            without: numbers (S,) or (B, S) of candidates to leave out, such as a window's own
                chunks among those of its article.
            read: for a model that reads more than vectors, the chunks of a store
                (``windows.at(rows)``) or the texts of the context (k,) or (B, k), and those of the
                candidates (N,) or (B, N).

        Returns:
            Numbers of the candidates and their scores, (top,) or (B, top), the best first; of
            fewer candidates all. They are arrays or tensors as ``context`` is.

        Raises:
            DataError: see :meth:`predict`; or another number of contexts and lists of candidates.
            UsageError: ``top`` is below 1, or the model reads more, and ``read`` is missing.

        Example:
            >>> model = lvmctl.load(run_path)
            >>> chunks = np.eye(model.dim, dtype="float32")
            >>> model.rank(chunks[:5], chunks[5:9], top=2).indices.shape
            (2,)
        """
        if top is not None and top < 1:
            raise UsageError(f"top is {top}", where="rank", hint="give 1 or more, or None for all")
        rows, single = contexts(context, self._width, self.context_length)
        pool = pool_of(candidates, rows.shape[-1], None if single else len(rows))
        more = readable(read, self.reads, rows, pool)
        rows, pool = self._transformed(rows, "context"), self._transformed(pool, "candidates")
        left_out = np.asarray([] if without is None else without, np.int64)
        left_out = np.broadcast_to(left_out, (len(rows), left_out.shape[-1]))
        size = pool.shape[-2] - left_out.shape[1]
        count = size if top is None else min(top, size)
        each = [
            self._best(rows[part], pool_part(pool, left_out, more, part), count)
            for part in parts(len(rows), pool.shape[-2], BATCH, SCORES)
        ]
        indices, scores = (torch.cat(of) for of in zip(*each))
        kind = Kind.of(context)
        return Ranking(*(kind.give(each[0] if single else each) for each in (indices, scores)))

    def rank_in(self, ranking: Ranking, number: int) -> float:
        """Rank of a candidate, 1 + #better + ½·#ties, in a ``ranking`` of all of one context's."""
        return ranking.rank(number, cosines=not self.has_score)

    def rank_texts(
        self, before: str | Sequence[str], candidates: Sequence[str], top: int | None = 10
    ) -> Ranking:
        """Rank texts for the place after what was read, by the encoder of the training data.

        Args:
            before: the chunks read so far, oldest first; the last K count.
            candidates: texts that might come next, each a chunk.
            top: how many are returned; None is all.

        Returns:
            Numbers of the candidates and their scores, (top,) each, the best first.

        Raises:
            DataError: an empty text, or the training data is gone, has changed, or does not have
                the encoder that made it.
            UsageError: the encoder is not installed.
        """
        read = clean([before] if isinstance(before, str) else before, "before")
        read = read[-self.context_length :]
        if not read:
            raise DataError("there is no text", where="before", hint="give at least one chunk")
        vectors = encode_units(self.encoder, [*read, *clean(candidates, "candidates")])
        context, pool = vectors[: len(read)], vectors[len(read) :]
        return self.rank(context, pool, top, read=(read, list(candidates)))

    @cached_property
    def encoder(self) -> Encoder:
        """The encoder that made the training data: ``encode(texts)`` is (n, D).

        Raises:
            DataError, UsageError: see :meth:`rank_texts`.
        """
        return training_encoder(self._trained)

    @property
    def module(self) -> nn.Module:
        """The network, in evaluation mode: transformed contexts (B, K, D) to a ``Prediction``."""
        return self._trained.model

    @property
    def transformed(self) -> bool:
        """Whether chunks go through a transform, so that predictions lie among transformed ones."""
        return self._trained.transform is not None

    def require_space(self, store: Store) -> Model:
        """The model as it serves a store: what was fitted to another space counts as unknown.

        Raises:
            DataError: it needs its own space, and the store has another D or fingerprint.
        """
        same = in_one_space(store._split, self._trained)
        return self if same else Model(self._trained.in_space(False))

    def _transformed(self, rows: np.ndarray, what: str) -> np.ndarray:
        """Unit chunks (…, D) after the run's transform, if it has one."""
        transform = self._trained.transform
        return rows if transform is None else through(transform, rows, what)

    def _serving(self, rows: np.ndarray) -> Trained:
        """The run for chunks of this width; of another than the training's it knows less."""
        return self._trained if rows.shape[-1] == self.dim else self._elsewhere

    @cached_property
    def _elsewhere(self) -> Trained:
        return self._trained.in_space(False)

    def _predict(
        self, rows: np.ndarray, normalize: bool = True, window: Chunks | None = None
    ) -> Tensor:
        """q (B, D) float32 for transformed contexts (B, K, D) of the chunks ``window`` (B, K), or
        ``raw``, where there is one."""
        predictions, trained = [torch.empty(0, rows.shape[-1])], self._serving(rows)
        for low in range(0, len(rows), BATCH):
            part = slice(low, low + BATCH)
            made = trained.predict(torch.from_numpy(rows[part]), window and window[part])
            predictions.append(made.q if normalize or made.raw is None else made.raw)
        return torch.cat(predictions).float()

    def _best(self, rows: np.ndarray, pool: Pool, count: int) -> tuple[Tensor, Tensor]:
        """The ``count`` best candidates of a pool for contexts (B, K, D)."""
        vectors = pool.vectors
        if not pool.candidates.numel():
            scores = torch.empty(pool.candidates.shape)
        elif not self.has_score:
            q = self._predict(rows, window=pool.window)
            scores = q @ vectors.T if vectors.dim() == 2 else (vectors @ q[:, :, None])[:, :, 0]
            scores = one_score_for_equals(scores, pool)
        else:
            score: Any = own_score(self._trained.plan.model.entry, self._serving(rows).model)
            with torch.inference_mode():
                scores = score(torch.from_numpy(rows), pool)
            scores = scores.float().cpu()
        return best(scores, pool.candidates, count)
