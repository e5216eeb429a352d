"""Text → chunks → vectors → store."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from lvmctl.core.errors import DataError, refuse
from lvmctl.core.reporter import SILENT, Reporter
from lvmctl.data.fingerprint import fingerprint
from lvmctl.data.store.checks import norms_of
from lvmctl.data.store.writer import ENCODER, Create, StoreWriter
from lvmctl.data.text.chunking import Text, single_spaced

_BATCH = 2048


class Encoder(Protocol):
    """What an encoder record's target builds; ``state`` and ``restore`` only if it is fitted."""

    def fit(self, texts: Sequence[str]) -> None: ...

    def encode(self, texts: Sequence[str]) -> np.ndarray: ...

    def recipe(self) -> dict[str, Any]: ...


@dataclass(frozen=True)
class Chunked:
    """An article cut into chunks, with its manifest entry."""

    entry: dict[str, Any]
    chunks: list[str]


def cut(
    texts: Iterable[Text], chunk: Callable[[str], list[str]], min_words: int = 0
) -> list[Chunked]:
    """Cut every article that is not cut yet; chunks of fewer than ``min_words`` words are dropped,
    articles without a chunk refused."""
    articles = []
    for text in texts:
        whole = text.text
        parts = chunk(whole) if isinstance(whole, str) else map(single_spaced, whole)
        chunks = [part for part in parts if len(part.split()) >= min_words]
        if not chunks:
            blank = not (whole.strip() if isinstance(whole, str) else whole)
            what = "has no text" if blank else f"has no chunk of {min_words} words"
            raise DataError(what, where=text.where, hint="remove it, or lower --min-words")
        articles.append(Chunked(text.entry, chunks))
    refuse(not articles, "there is no text to embed", hint="give files that are not empty")
    return articles


def fit_encoder(encoder: Encoder, articles: Sequence[Chunked]) -> str:
    """Fit on the articles of split ``train``, or on ``all`` when there are none; says which."""
    train = [article for article in articles if article.entry.get("split") == "train"]
    encoder.fit([chunk for article in train or articles for chunk in article.chunks])
    return "train" if train else "all"


def embed_articles(
    create: Create,
    articles: Sequence[Chunked],
    encoder: Encoder,
    manifest: dict[str, Any],
    dtype: str = "float32",
    reporter: Reporter = SILENT,
) -> None:
    """Encode articles into a store, with their texts.

    A fitted encoder is saved beside the vectors. Vectors that an encoder gives without normalising
    (``"normalized": False`` in its recipe) are stored as unit vectors and their norms beside them.

    Args:
        manifest: keys to add, such as ``made``.
        reporter: shown the chunks that are done.
    """
    recipe = encoder.recipe()
    if known := fingerprint(encoder.encode):
        recipe = {**recipe, "fingerprint": known}
    dim = encoder.encode(articles[0].chunks[:1]).shape[1]
    total = sum(len(article.chunks) for article in articles)
    with create(dim, dtype) as writer, reporter.progress("embed", "chunks", total) as advance:
        writer.manifest.update(manifest, encoder=recipe)
        if hasattr(encoder, "state"):
            np.savez(writer.directory / ENCODER, **encoder.state())
        for group in _groups(articles):
            texts = [chunk for article in group for chunk in article.chunks]
            rows, norms = encoder.encode(texts), None
            if not recipe.get("normalized", True):
                norms = norms_of(rows, lambda i: f"chunk {writer.chunks + i}", "the encoder")
                rows = rows / norms[:, None]
            _write(writer, group, rows, norms)
            advance(len(texts))


def load_encoder(encoder: Encoder, store: Path) -> None:
    """Make ``encoder`` the one that embedded the store at ``store``, which was saved there."""
    path = store / ENCODER
    saved = path.is_file() and hasattr(encoder, "restore")
    refuse(not saved, "holds no saved encoder", store, "use a store made by lvmctl data embed")
    try:
        with np.load(path, allow_pickle=False) as arrays:
            encoder.restore(dict(arrays))
    except Exception as error:  # whatever the encoder makes of arrays that are not its own
        what = f"is damaged ({type(error).__name__}: {error})"
        raise DataError(what, where=path, hint="embed the store again") from error


def _groups(articles: Sequence[Chunked]) -> Iterator[list[Chunked]]:
    """Whole articles together, about _BATCH chunks at a time."""
    group: list[Chunked] = []
    size = 0
    for article in articles:
        group.append(article)
        size += len(article.chunks)
        if size >= _BATCH:
            yield group
            group, size = [], 0
    if group:
        yield group


def _write(
    writer: StoreWriter, group: list[Chunked], rows: np.ndarray, norms: np.ndarray | None
) -> None:
    low = 0
    for article in group:
        high = low + len(article.chunks)
        writer.add(rows[low:high], article.chunks, None if norms is None else norms[low:high])
        writer.end_article(article.entry)
        low = high
