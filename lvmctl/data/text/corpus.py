"""A corpus: the chunks of all articles, kept in a file, however many there are."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from lvmctl.core.errors import DataError, refuse
from lvmctl.core.files import output_errors
from lvmctl.data.store.text_lines import TextLines
from lvmctl.data.text.chunking import Text, single_spaced
from lvmctl.data.text.long_chunks import LongChunks
from lvmctl.data.text.reading import Faults
from lvmctl.data.text.segmentation import is_visible, units


@dataclass(frozen=True)
class Chunked:
    """An article cut into chunks, with its manifest entry."""

    entry: dict[str, Any]
    chunks: list[str]


@dataclass(frozen=True)
class Corpus:
    """What is to be embedded.

    Attributes:
        entries: the manifest entry of each article.
        lengths: (A,) int64 chunks of each article.
        chunks: the chunks of all articles, in order.
        digest: a hash of all of it.
    """

    entries: list[dict[str, Any]]
    lengths: np.ndarray
    chunks: TextLines
    digest: str

    @property
    def training(self) -> TextLines | None:
        """The chunks of the articles of split ``train``; None where there are none."""
        train = np.array([entry.get("split") == "train" for entry in self.entries])
        rows = np.flatnonzero(np.repeat(train, self.lengths))
        return self.chunks.take(rows) if len(rows) else None


def spool(articles: Iterable[Chunked], path: Path) -> Corpus:
    """Write the chunks of ``articles`` to a new file, article after article."""
    entries, lengths, seen = [], [], hashlib.sha256()
    with output_errors(path):
        path.write_bytes(b"")
    with open(path, "ab") as file:
        for article in articles:
            texts = [json.dumps(chunk, ensure_ascii=False) for chunk in article.chunks]
            lines = [f"{text}\n".encode() for text in texts]
            with output_errors(path):
                file.writelines(lines)
                file.flush()
            entries.append(article.entry)
            lengths.append(len(lines))
            head = json.dumps([article.entry, len(lines)], default=str)
            seen.update(b"".join([head.encode(), b"\n", *lines]))
    refuse(not entries, "there is no text to embed", hint="give files that are not empty")
    return Corpus(entries, np.array(lengths, np.int64), TextLines(path), seen.hexdigest())


def cut(
    texts: Iterable[Text],
    chunk: Callable[[str], list[str]],
    min_words: int = 0,
    faults: Faults | None = None,
    long_chunks: LongChunks | None = None,
) -> Iterator[Chunked]:
    """Cut every article that is not cut yet; chunks of fewer than ``min_words`` words are dropped.

    Args:
        long_chunks: splits those that are too long, but for those that were cut before.
        faults: takes articles without a chunk, and is settled at the end.
    """
    faults = Faults() if faults is None else faults
    for text in texts:
        whole = text.text
        parts = chunk(whole) if isinstance(whole, str) else map(single_spaced, whole)
        chunks = [part for part in parts if len(units(part)) >= min_words]
        if not chunks:
            blank = not (is_visible(whole) if isinstance(whole, str) else whole)
            what = "has no text" if blank else f"has no chunk of {min_words} words"
            faults.add(DataError(what, where=text.where, hint="remove it, or lower --min-words"))
            continue
        if long_chunks is not None:
            chunks = long_chunks.fit(chunks, keep=not isinstance(whole, str))
        yield Chunked(text.entry, chunks)
    faults.settle()
