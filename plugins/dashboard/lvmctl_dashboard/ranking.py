"""What a run ranks first: in an article of a store, or among texts that were pasted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

import lvmctl
from lvmctl_dashboard.catalogue import Unknown

HIT = 5
"""The true next chunk is a hit where it is among so many best."""

AROUND = 20
"""Places before and after the one that is shown whose ranks are shown too."""


@dataclass(frozen=True)
class Candidate:
    """A ranked text.

    Attributes:
        rank: its place from 1; of what is true 1 + #better + ½·#ties.
        score: what it was ranked by; higher is better.
        text: what it says.
        place: its place in the article; None of a pasted text.
        true: whether it is what really follows.
    """

    rank: float
    score: float
    text: str
    place: int | None = None
    true: bool = False


@lru_cache(maxsize=4)
def loaded(path: str, date: int) -> lvmctl.Model:
    """The model of a run whose weights were written at ``date``."""
    return lvmctl.load(path)


def opened(source: str | None) -> tuple[lvmctl.Store, np.ndarray]:
    """A store, and where each of its articles begins."""
    manifest = Path(source or "", "store.json")
    return opened_at(source, manifest.stat().st_mtime_ns if manifest.is_file() else 0)


@lru_cache(maxsize=4)
def opened_at(source: str | None, date: int) -> tuple[lvmctl.Store, np.ndarray]:
    """A store as it was written at ``date``."""
    store = lvmctl.open_store(source)
    return store, np.concatenate([[0], np.cumsum(store.lengths)])


def model_of(run: lvmctl.RunSummary) -> lvmctl.Model:
    """The model of a run.

    Raises:
        RunError: it has no weights yet.
    """
    weights = run.path / "best_model.pt"
    return loaded(str(run.path), weights.stat().st_mtime_ns if weights.is_file() else 0)


class Article:
    """One article of a store as a run reads it.

    Args:
        model: ranks.
        source: opens the store.
        article: its number.

    Raises:
        DataError: the store is of another space. Unknown: there is no such article.
    """

    def __init__(self, model: lvmctl.Model, source: str | None, article: int) -> None:
        store, begins = opened(source)
        model.require_space(store)
        if not 0 <= article < len(store.articles):
            raise Unknown(f"{store.name} has no article {article}")
        self.entry = store.article(str(store.articles[article]["id"]))
        self.number, self.count, self.model = article, len(store.articles), model
        self.chunks = store.at(np.arange(begins[article], begins[article + 1]))
        rows = store.vectors[begins[article] : begins[article + 1]].astype(np.float32)
        self.vectors = rows / np.linalg.norm(rows, axis=1, keepdims=True)

    @property
    def first(self) -> int:
        """The first place that has a whole context before it."""
        return self.model.context_length + self.model.horizon - 1

    @property
    def last(self) -> int:
        """The last place."""
        return len(self.vectors) - 1

    def text(self, place: int) -> str:
        """What a chunk says; its place where the store has no texts."""
        return self.entry["chunks"][place]["text"] or f"chunk {place}"

    def context(self, place: int) -> list[int]:
        """The places that are read before ``place``."""
        end = place - self.model.horizon + 1
        return list(range(end - self.model.context_length, end))

    def pool(self, place: int) -> list[int]:
        """The candidates: all of the article but what is read."""
        read = set(self.context(place))
        return [each for each in range(len(self.vectors)) if each not in read]

    def ranked(self, place: int) -> list[Candidate]:
        """All candidates for ``place``, the best first."""
        pool = self.pool(place)
        context = self.context(place)
        read = (self.chunks[context], self.chunks[pool])
        ranking = self.model.rank(self.vectors[context], self.vectors[pool], top=None, read=read)
        return [
            Candidate(
                self.model.rank_in(ranking, index) if pool[index] == place else order,
                float(score),
                self.text(pool[index]),
                pool[index],
                pool[index] == place,
            )
            for order, (index, score) in enumerate(zip(*ranking), start=1)
        ]

    def direct_rank(self, place: int) -> float:
        """The rank of the true chunk by its cosine to the last chunk that was read."""
        pool = self.pool(place)
        cosines = self.vectors[pool] @ self.vectors[self.context(place)[-1]]
        ranking = lvmctl.Ranking(np.arange(len(pool)), cosines)
        return ranking.rank(pool.index(place), cosines=True)

    def ranks(self, place: int) -> list[tuple[int, float]]:
        """Places around ``place``, each with the rank of the true chunk."""
        places = list(range(max(self.first, place - AROUND), min(self.last, place + AROUND) + 1))
        pools = [self.pool(each) for each in places]
        windows, candidates = np.array([self.context(each) for each in places]), np.array(pools)
        read = (self.chunks[windows], self.chunks[candidates])
        contexts, among = self.vectors[windows], self.vectors[candidates]
        ranking = self.model.rank(contexts, among, top=None, read=read)
        return [
            (each, self.model.rank_in(lvmctl.Ranking(*row), pool.index(each)))
            for each, pool, *row in zip(places, pools, *ranking)
        ]


def ranked_texts(
    model: lvmctl.Model, before: Sequence[str], candidates: Sequence[str]
) -> list[Candidate]:
    """Texts in the order in which they might follow."""
    ranking = model.rank_texts(before, candidates, top=None)
    return [
        Candidate(rank, float(score), candidates[index])
        for rank, (index, score) in enumerate(zip(*ranking), start=1)
    ]


def paragraphs(text: str) -> list[str]:
    """The paragraphs of a text, which blank lines separate; of one paragraph its lines."""
    parts = [part.strip() for part in text.replace("\r\n", "\n").split("\n\n") if part.strip()]
    if len(parts) == 1:
        parts = [line.strip() for line in parts[0].split("\n") if line.strip()]
    return parts


def case(article: Article, place: int) -> dict[str, Any]:
    """One prediction in an article: the true chunk, its cosine to the prediction, its rank."""
    ranked = article.ranked(place)
    rank = next(each.rank for each in ranked if each.true)
    context = article.context(place)
    q = article.model.predict(article.vectors[context], read=article.chunks[context])
    target = article.model.transform(article.vectors[place : place + 1])[0]
    return {
        "article": article.entry["id"],
        "chunk": place,
        "cosine": float(q @ target),
        "rank": rank,
        "candidates": len(ranked),
        "hit": rank <= HIT,
        "expected_text": article.text(place),
        "predicted_text": ranked[0].text,
    }
