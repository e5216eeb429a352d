"""What splits share and repeat: shared articles, near-duplicate chunks, boilerplate."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Collection
from pathlib import Path
from typing import Any

import numpy as np

from lvmctl.core.errors import DataError
from lvmctl.core.hashes import read_record
from lvmctl.core.inputs import open_data
from lvmctl.data import Split
from lvmctl.data.splits.identity import fingerprints
from lvmctl.data.splits.shared import shared
from lvmctl.data.store.store import CHUNKS
from lvmctl.data.store.text_lines import check_texts
from lvmctl.diagnostics.data.leakage.near_duplicates import Chunks, Repeats, exact
from lvmctl.diagnostics.records import LeakageOptions
from lvmctl.evaluation.statistics.intervals import Resampling

PAIRS = 20_000
"""Random pairs of chunks that say how large an ordinary cosine is."""
ORDINARY = 0.95
"""Quantile of their cosines that the threshold has to be above."""
LISTED = 1000
"""Articles with repeated chunks that the figures list."""
MAX_BOILERPLATE = 50_000
"""Boilerplate chunks, the commonest first, that examples are taken from."""
TEXT = 80
"""Characters of a chunk that are shown."""


class Overlaps:
    """What splits share and repeat, as plain data: ``chunks`` are of all splits, ``repeats`` their
    near-duplicates."""

    def __init__(
        self, chunks: Chunks, names: list[str], repeats: Repeats, options: LeakageOptions
    ) -> None:
        self.chunks, self.names, self.repeats, self.options = chunks, names, repeats, options
        self.common = repeats.articles + 1 >= options.boilerplate
        """(N,) chunks of so many articles that they are boilerplate."""

    def between(self) -> list[dict[str, Any]]:
        """Each split against those before it."""
        pairs = [(held, known) for held in range(len(self.names)) for known in range(held)]
        return [self._pair(held, known) for held, known in pairs]

    def _of(self, part: int, of: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Chunks (n,) of a split, the article (n,) of each, whether (n,) it repeats in ``of``."""
        index = np.flatnonzero(self.chunks.part == part)
        article = self.chunks.article[index] - self.chunks.first_article[part]
        return index, article, self.repeats.cosine[index, of] > -np.inf

    def _pair(self, held: int, known: int) -> dict[str, Any]:
        """What split ``held`` repeats of split ``known``."""
        split, other = self.chunks.splits[held], self.chunks.splits[known]
        index, article, hit = self._of(held, known)
        by_article = np.bincount(article[hit], minlength=len(split.lengths))
        touched = np.argsort(-by_article, kind="stable")[: np.count_nonzero(by_article)]
        common = np.flatnonzero(shared(other, split).articles)
        draws = Resampling(len(split.lengths), self.options.seed)
        return {
            "held": self.names[held],
            "known": self.names[known],
            "articles": len(split.lengths),
            "shared_articles": len(common),
            "shared": [split.articles[a].get("id") for a in common[:LISTED]],
            "chunks": len(index),
            "repeated": int(hit.sum()),
            **share(draws, hit, article),
            "pairs": int(self.repeats.count[index, known].sum()),
            "boilerplate": int((hit & self.common[index]).sum()),
            "touched_articles": len(touched),
            "by_article": [
                {
                    "article": split.articles[a].get("id"),
                    "title": split.articles[a].get("title"),
                    "repeated": int(by_article[a]),
                    "chunks": int(split.lengths[a]),
                }
                for a in touched[:LISTED].tolist()
            ],
            "examples": self._examples(index[hit], known),
        }

    def _examples(self, repeated: np.ndarray, known: int) -> list[dict[str, Any]]:
        """The surest of the chunks ``repeated``, one of each article before a second of any."""
        cosine = self.repeats.cosine[repeated, known]
        order = np.lexsort((repeated, -cosine))
        seen: Counter[int] = Counter()
        turn = np.empty(len(order), np.int64)
        for place, article in zip(order, self.chunks.article[repeated[order]].tolist()):
            turn[place] = seen[article]
            seen[article] += 1
        chosen = repeated[np.lexsort((repeated, -cosine, turn))[: self.options.examples]]
        partner = self.repeats.partner[chosen, known]
        cosines = exact(self.chunks, chosen, partner).tolist()
        return [
            {"cosine": value, "chunk": chunk, "repeats": partner}
            for value, chunk, partner in zip(cosines, self._places(chosen), self._places(partner))
        ]

    def within(self, name: str) -> dict[str, Any]:
        """What a split repeats of itself, and whether its articles lie apart."""
        part = self.names.index(name)
        split = self.chunks.splits[part]
        index, article, again = self._of(part, part)
        order = np.argsort(split.starts, kind="stable")
        starts, ends = split.starts[order], (split.starts + split.lengths)[order]
        overlapping = starts[1:] < np.maximum.accumulate(ends)[:-1]
        alone = np.bincount(article[~again], minlength=len(split.lengths))
        prints = list(fingerprints(split))
        return {
            "articles": len(split.lengths),
            "chunks": len(index),
            "overlapping_articles": int(overlapping.sum()),
            "copied_articles": len(prints) - len(set(prints)),
            "contained_articles": int((alone == 0).sum()),
        }

    def boilerplate(self) -> dict[str, Any]:
        """Chunks that occur in many articles, and the commonest texts among them."""
        index = np.flatnonzero(self.common)
        left = index[np.lexsort((index, -self.repeats.articles[index]))][:MAX_BOILERPLATE]
        chosen: list[int] = []
        while len(left) and len(chosen) < self.options.examples:
            chosen.append(int(left[0]))
            same = exact(self.chunks, np.full(len(left), left[0]), left) > self.options.threshold
            same[0] = True
            left = left[~same]
        places = self._places(np.array(chosen, np.int64))
        articles = (self.repeats.articles[chosen] + 1).tolist()
        return {
            "at_least_articles": self.options.boilerplate,
            "chunks": len(index),
            "share": len(index) / len(self.chunks),
            "examples": [{"articles": n, "chunk": place} for n, place in zip(articles, places)],
        }

    def ordinary(self) -> dict[str, Any]:
        """Cosines of random pairs of different articles; nothing where there is one article."""
        rng = np.random.default_rng(self.options.seed)
        first, second = rng.integers(0, len(self.chunks), (2, PAIRS))
        apart = self.chunks.article[first] != self.chunks.article[second]
        cosine = exact(self.chunks, first[apart], second[apart])
        if not len(cosine):
            return {"pairs": 0}
        median, high = np.quantile(cosine, (0.5, ORDINARY)).tolist()
        return {"pairs": len(cosine), "median": median, "quantile": ORDINARY, "high": high}

    def _places(self, index: np.ndarray) -> list[dict[str, Any]]:
        """Where the chunks ``index`` are, with their text where the store has it."""
        places, parts = [], self.chunks.part[index]
        rows = self.chunks.row[index].tolist()
        texts = {
            part: texts_of(split, {row for row, p in zip(rows, parts) if p == part})
            for part, split in enumerate(self.chunks.splits)
        }
        for chunk, part, row in zip(index.tolist(), parts.tolist(), rows):
            article = self.chunks.article[chunk] - self.chunks.first_article[part]
            place = {
                "split": self.names[part],
                "article": self.chunks.splits[part].articles[article].get("id"),
                "position": int(self.chunks.position[chunk]),
            }
            places.append(place | ({"text": texts[part][row]} if row in texts[part] else {}))
        return places


def share(draws: Resampling, hit: np.ndarray, article: np.ndarray) -> dict[str, Any]:
    """Share (n,) of ``hit`` with its article-clustered interval; ``article`` (n,) of each."""
    value = float(hit.mean()) if len(hit) else float("nan")
    return {"share": value, "ci": list(draws.interval(hit, article))}


def texts_of(split: Split, rows: Collection[int]) -> dict[int, str]:
    """Beginnings of the texts of ``rows``, by row; empty where the store has none.

    A joined or a synthetic split is no directory with texts.
    """
    texts: dict[int, str] = {}
    path = Path(split.source.get("path", "")) / CHUNKS
    if not rows or "joined" in split.source or not path.is_file():
        return texts
    check_texts(path, read_record(path.parent, DataError), len(split.vectors))
    with open_data(path) as lines:
        for row, line in enumerate(lines):
            if row in rows:
                texts[row] = shorten(line)
                if len(texts) == len(rows):
                    break
    return texts


def shorten(line: bytes) -> str:
    """The text of a line of ``chunks.jsonl`` in one printable line of at most TEXT characters."""
    try:
        text = " ".join(str(json.loads(line)).split())
    except (ValueError, RecursionError):
        return ""
    text = "".join(letter if letter.isprintable() else " " for letter in text)
    return text if len(text) <= TEXT else text[: TEXT - 1] + "…"
