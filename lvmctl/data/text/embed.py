"""Chunks → vectors → store."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from lvmctl import processes
from lvmctl.core.errors import DataError, content_fault, refuse
from lvmctl.core.files import write_whole
from lvmctl.core.formatting import count
from lvmctl.core.hashes import read_record, require_recorded
from lvmctl.core.reporter import SILENT, Reporter
from lvmctl.data.fingerprint import fingerprint
from lvmctl.data.store.arrays import npz_bytes
from lvmctl.data.store.checks import norms_of
from lvmctl.data.store.writer import ENCODER, Create
from lvmctl.data.text.corpus import Corpus
from lvmctl.data.text.unfinished import Unfinished

TOGETHER = 4096
"""Vectors of an article that are held at once."""


class Encoder(Protocol):
    """What an encoder record's target builds; ``state`` and ``restore`` only if it is fitted,
    ``max_length`` and ``lengths`` only if it reads texts up to a length, ``unknown`` only if it has
    one vector for all texts it can make nothing of."""

    def fit(self, texts: Sequence[str]) -> None: ...

    def encode(self, texts: Sequence[str]) -> np.ndarray: ...

    def recipe(self) -> dict[str, Any]: ...


def fit_encoder(encoder: Encoder, corpus: Corpus) -> str:
    """Fit on the articles of split ``train``, or on ``all`` when there are none; says which."""
    training = corpus.training
    encoder.fit(corpus.chunks if training is None else training)
    return "all" if training is None else "train"


def embed_corpus(
    create: Create,
    corpus: Corpus,
    encoder: Encoder,
    manifest: dict[str, Any],
    begun: Unfinished,
    dtype: str = "float32",
    reporter: Reporter = SILENT,
) -> None:
    """Encode a corpus into a store, with its texts.

    Processes that share the work encode a part each, and process 0 writes the store.

    A fitted encoder is saved beside the vectors. Vectors that an encoder gives without normalising
    (``"normalized": False`` in its recipe) are stored as unit vectors and their norms beside them.
    ``begun`` takes the vectors as they come, and has those of an earlier attempt.
    """
    recipe = encoder.recipe()
    known = fingerprint(encoder.encode)
    dim = begun.encode(corpus.chunks, encoder, reporter)
    if begun.shared and processes.rank():
        return
    with create(dim, dtype) as writer:
        record = recipe if known is None else {**recipe, "fingerprint": known}
        writer.manifest.update(manifest, encoder=record)
        save_encoder(encoder, writer.directory)
        parts = list(_parts(corpus.lengths))
        read = begun.read([high - low for _, low, high, _ in parts])
        vectors = notice_unknown(encoder, read, reporter, "chunk")
        for (article, low, high, ends), rows in zip(parts, vectors, strict=True):
            norms = None
            if not recipe.get("normalized", True):
                norms = norms_of(rows, lambda i, low=low: f"chunk {low + i}", "the encoder")
                rows = rows / norms[:, None]
            writer.add(rows, corpus.chunks[low:high], norms)
            if ends:
                writer.end_article(corpus.entries[article])


def notice_unknown(
    encoder: Encoder, vectors: Iterable[np.ndarray], reporter: Reporter, what: str = "text"
) -> Iterator[np.ndarray]:
    """The vectors (n, D) that come; a notice counts the texts without any word that the encoder
    knows, which all have one vector."""
    one, blind, total = getattr(encoder, "unknown", None), 0, 0
    for rows in vectors:
        if one is not None:
            blind += int((np.abs(rows - one).max(1, initial=0.0) < 1e-6).sum())
            total += len(rows)
        yield rows
    if blind:
        name = encoder.recipe()["name"]
        have = "has" if blind == 1 else "have"
        of = f"{blind:,} of {count(total, what)} {have} no word that {name} knows"
        reporter.info(f"{of}; such texts all get one vector")


def save_encoder(encoder: Encoder, directory: Path) -> None:
    """Write what a fitted encoder learned."""
    if hasattr(encoder, "state"):
        write_whole(directory / ENCODER, npz_bytes(encoder.state()))


def load_encoder(encoder: Encoder, store: Path) -> None:
    """Make ``encoder`` the one that embedded the store at ``store``, which was saved there."""
    path = store / ENCODER
    saved = path.is_file() and hasattr(encoder, "restore")
    refuse(not saved, "holds no saved encoder", store, "use a store made by lvmctl data embed")
    require_recorded(path, read_record(store, DataError), DataError)
    try:
        with np.load(path, allow_pickle=False) as arrays:
            encoder.restore(dict(arrays))
    except Exception as error:  # whatever the encoder makes of arrays that are not its own
        what = f"is damaged ({content_fault(error)})"
        raise DataError(what, where=path, hint="embed the store again") from error


def _parts(lengths: np.ndarray) -> Iterator[tuple[int, int, int, bool]]:
    """Number of an article, first row and end of a part of it, and whether the article ends."""
    for article, (start, end) in enumerate(pairwise([0, *np.cumsum(lengths).tolist()])):
        for low in range(start, end, TOGETHER):
            high = min(low + TOGETHER, end)
            yield article, low, high, high == end
