"""What comes next: a trained run asked about texts, windows of a store, or vectors."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from lvmctl.api.arrays import numbers
from lvmctl.api.arrays import pool_of as pool_of_vectors
from lvmctl.api.candidates import Candidates, Listed, Ranked, all_chunks, article_chunks
from lvmctl.api.decoding import Decoder, load_decoder
from lvmctl.api.load import load
from lvmctl.api.model import Model
from lvmctl.api.queries import Queries, vector_queries, window_queries
from lvmctl.api.query_texts import (
    candidate_texts,
    context_texts,
    encode,
    is_texts,
    refuse_blank,
    store_for,
)
from lvmctl.api.store import Store
from lvmctl.core.errors import UsageError
from lvmctl.core.reporter import SILENT, Reporter
from lvmctl.data.store.arrays import open_npy
from lvmctl.evaluation.held_out import ANOTHER_SPACE

Encode: TypeAlias = Callable[[Sequence[str]], np.ndarray]
"""Gives the unit vectors (n, D) of texts."""

if TYPE_CHECKING:
    from lvmctl.api.arrays import Vectors
    from lvmctl.api.store import Source

POOLS = ("article", "global")


@dataclass(frozen=True)
class Candidate:
    """A candidate in its place.

    Attributes:
        rank: its place from 1.
        id: its name, ``ARTICLE:PLACE`` of a chunk of a store.
        score: what it was ranked by, higher is better.
        text: what it says, if that is known.
        next: whether it is what came next.
    """

    rank: int
    id: str
    score: float
    text: str | None
    next: bool


@dataclass(frozen=True)
class Predicted:
    """What a run says comes next after one context.

    Attributes:
        id: name of the query: of a window the chunk that is predicted, ``ARTICLE:PLACE``.
        context: the chunks that were read, oldest first, as texts; None where there are none.
        chunks: how many chunks were read.
        padded: how many of the K chunks are repetitions of the oldest, because the context has
            fewer.
        candidates: the best, the best first.
        size: candidates that were ranked.
        next: what came next: its ``id``, ``text`` and ``rank``, 1 + #better + ½·#ties among all
            candidates; None where nobody knows.
        decoded: what the prediction says in words, ``text`` and ``cosine``; None where no decoder
            was asked.
    """

    id: str
    context: list[str] | None
    chunks: int
    padded: int
    candidates: list[Candidate]
    size: int = 0
    next: dict[str, Any] | None = None
    decoded: dict[str, Any] | None = None

    def to_dict(self) -> dict[str, Any]:
        """As plain data."""
        return {**vars(self), "candidates": [vars(each) for each in self.candidates]}


def predict(
    run: Model | str | os.PathLike[str] | None = None,
    context: str | Path | Sequence[str] | Vectors | None = None,
    candidates: Path | Sequence[Any] | Vectors | None = None,
    *,
    store: Source | None = None,
    article: int | str | None = None,
    at: int | None = None,
    pool: str | None = None,
    top: int = 10,
    decode: str | None = None,
    decoder_options: Mapping[str, Any] | None = None,
    reporter: Reporter = SILENT,
) -> Iterator[Predicted]:
    """Ask a trained run what comes next.

    Args:
        run: the run, as :func:`lvmctl.load` takes it, or its model.
        context: what was read: a text or the path of one, which is cut as the store was; a list of
            chunks; or vectors (k, D) or (B, k, D). None asks about windows of the store.
        candidates: what may come next: texts, records with ``text``, ``id`` and ``next`` (true for
            the one that did), the path of such lines or of a text, or vectors (N, D). None ranks
            chunks of the store.
        store: where windows and candidates are taken from, and whose encoder reads the texts; None
            is the data that the run was trained on.
        article: an article of the store, by its id or its number; its windows, or its chunks as
            candidates of a context.
        at: the chunk of the article to predict, from 0, by what stands before it; None is every
            chunk that has K before it.
        pool: ``article`` (its chunks but those of the context; the default for windows and where
            an article is named) or ``global`` (all chunks of the store but those).
        top: candidates that are returned.
        decode: name of a decoder that says each prediction in words, such as ``nearest``. Texts
            and vectors without candidates, store or article are then decoded only.
        decoder_options: of the decoder, by name.
        reporter: shown whether the store lies in another space than what the run was trained on,
            and how many texts have no word that the encoder knows.

    Returns:
        A prediction for each context, computed as they are taken.

    Raises:
        UsageError: what is asked for does not go together, or there is no such article or chunk.
        DataError: a store of another D or encoder, a text or vector that cannot be used.
        RunError, PluginError: see :func:`lvmctl.load`.

    Example:
        >>> store = lvmctl.open_store("synth:rotation?articles=30&chunks=24&dim=16&theta=20")
        >>> (said,) = lvmctl.predict(run_path, store=store, article=3, at=9, top=2)
        >>> said.id, said.size, len(said.candidates), said.next["id"]
        ('3:9', 19, 2, '3:9')
    """
    refuse_mixed(context, article, at, pool, top)
    refuse_blank(context, candidates)
    model = run if isinstance(run, Model) else load(run)
    alone = context is not None and candidates is not None and decode is None
    data = store_for(model, store, alone)
    if data is not None and (served := model.require_space(data)) is not model:
        reporter.info(ANOTHER_SPACE)
        model = served
    as_vectors = partial(encode, model, data if store is not None else None, reporter)
    decoder = None
    if decode is not None:
        decoder = load_decoder(decode, data, model=model, **(decoder_options or {}))
    queries = asked(model, data, context, article, at, as_vectors)
    asks_for_words = decoder is not None and context is not None
    if asks_for_words and candidates is None and store is None and article is None:
        return answers(model, queries, None, decoder, top)
    if candidates is not None:
        fixed: Candidates = listed(model, data, candidates, as_vectors)
        return answers(model, queries, lambda _: fixed, decoder, top)
    assert data is not None  # only what stands alone needs no store
    if pool == "global" or (pool is None and context is not None and article is None):
        fixed = all_chunks(model, data)
    elif article is not None:
        fixed = article_chunks(model, data, data._number_of(article))
    else:
        own = lru_cache(maxsize=1)(partial(article_chunks, model, data))  # article after article
        return answers(model, queries, own, decoder, top)
    return answers(model, queries, lambda _: fixed, decoder, top)


def refuse_mixed(
    context: Any, article: int | str | None, at: int | None, pool: str | None, top: int
) -> None:
    """Refuse what does not go together."""
    hint = None
    if at is not None and article is None:
        what, hint = "at is the place of a chunk in an article", "name the article, too"
    elif at is not None and context is not None:
        what, hint = "at is the place of a window, and a context is none", "leave one out"
    elif context is not None and pool == "article" and article is None:
        what, hint = "no article is named whose chunks are candidates", "name it, or use global"
    elif pool not in (None, *POOLS):
        what, hint = f"there is no pool {pool!r}", f"use {' or '.join(POOLS)}"
    elif top < 1:
        what, hint = f"top is {top}", "give 1 or more"
    if hint is not None:
        raise UsageError(what, where="predict", hint=hint)


def asked(
    model: Model,
    data: Store | None,
    context: Any,
    article: int | str | None,
    at: int | None,
    encode: Encode,
) -> Iterator[Queries]:
    """The queries of a context, or of windows where there is none."""
    if context is None:
        assert data is not None  # windows are of a store
        return window_queries(data, model.context_length, model.horizon, article, at)
    if not is_texts(context):
        mapped = isinstance(context, np.ndarray)  # one of a file is read as it is needed
        return vector_queries(context if mapped else numbers(context, "context"))
    read = context_texts(context, data)[-model.context_length :]
    return vector_queries(encode(read)[None], read)


def listed(model: Model, data: Store | None, candidates: Any, encode: Encode) -> Listed:
    """The candidates that were listed, as vectors."""
    if isinstance(candidates, Path) and candidates.suffix == ".npy":
        candidates = np.asarray(open_npy(candidates))
    if not is_texts(candidates):
        vectors = pool_of_vectors(candidates, model.dim, None)
        return Listed(model, vectors, [str(number) for number in range(len(vectors))])
    texts = candidate_texts(candidates, data)
    return Listed(model, encode(texts.texts), texts.ids, texts.texts, texts.true)


def answers(
    model: Model,
    queries: Iterator[Queries],
    candidates_of: Callable[[Any], Candidates] | None,
    decoder: Decoder | None,
    top: int,
) -> Iterator[Predicted]:
    """What comes next after each query, in its order; ``candidates_of`` is given the number of the
    article that they are windows of."""
    for some in queries:
        length = some.context.shape[1]
        each = [
            Predicted(
                id=name,
                context=None if some.texts is None else some.texts[row],
                chunks=min(length, model.context_length),
                padded=max(0, model.context_length - length),
                candidates=[],
            )
            for row, name in enumerate(some.ids)
        ]
        if candidates_of is not None:
            candidates = candidates_of(some.article)
            ranking = candidates.rank(some, top)
            each = [with_ranking(one, candidates, ranking, row) for row, one in enumerate(each)]
        if decoder is not None:
            decoded = decoder.decode(model.predict(some.context, read=some.read))
            known = decoded.cosines
            cosines: list[Any] = [None] * len(each) if known is None else known.tolist()
            each = [
                replace(one, decoded={"text": text, "cosine": cosine})
                for one, text, cosine in zip(each, decoded.texts, cosines)
            ]
        yield from each


def with_ranking(one: Predicted, candidates: Candidates, ranking: Ranked, row: int) -> Predicted:
    """A prediction with its candidates in their order, and the one that came next."""
    chosen, true = ranking.indices[row].tolist(), ranking.true[row]
    names, texts = candidates.names(chosen), candidates.texts(chosen)
    best = [
        Candidate(place, name, score, None if texts is None else texts[place - 1], number == true)
        for place, (number, name, score) in enumerate(
            zip(chosen, names, ranking.scores[row].tolist()), 1
        )
    ]
    came = None
    if true is not None:
        texts = candidates.texts([true])
        came = {
            "id": candidates.names([true])[0],
            "text": None if texts is None else texts[0],
            "rank": ranking.ranks[row],
        }
    return replace(one, candidates=best, size=ranking.size, next=came)
