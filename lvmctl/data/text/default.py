"""The embedded default data: real text without a download, for a first try (a demonstration)."""

from __future__ import annotations

import hashlib
import json
import shutil
import sys
import sysconfig
import tempfile
from collections.abc import Iterable
from dataclasses import asdict, replace
from pathlib import Path

from lvmctl.core.errors import DataError, OutputError, refuse
from lvmctl.data.splits.assign import assign_splits
from lvmctl.data.splits.sources import temporary_store
from lvmctl.data.store.cache import cache_directory, locked
from lvmctl.data.store.store import CHUNKS, Store
from lvmctl.data.store.writer import Create, made, write_store
from lvmctl.data.text.chunking import Text
from lvmctl.data.text.corpus import Chunked, spool
from lvmctl.data.text.embed import embed_corpus, fit_encoder
from lvmctl.data.text.encoders.records import LsaOptions
from lvmctl.data.text.pydocs import library_articles, prose, topic_articles
from lvmctl.data.text.unfinished import Unfinished

NAME = "default data"
NOTE = (
    "a demonstration: Python's own documentation, embedded by lsa; its figures say nothing about "
    "other text or other encoders"
)
RECIPE = 2
"""Counts changes to how the data is made; part of the cache key."""

OPTIONS = LsaOptions(dim=256)
SHORTEST, LONGEST = 8, 64
"""Chunks an article has: modules with fewer are left out, longer ones cut, so none dominates."""


def default_store() -> Store:
    """The default data, from the cache or built anew (a few seconds)."""
    try:
        path = cache_directory() / f"default-{cache_key()}"
        store = _cached(path)
        if store is None:
            with locked(path.with_name("default.lock")):
                # Another process may have built it while this one waited.
                store = _cached(path) or _build_at(path)
    except OutputError as error:
        store = temporary_store(NAME, build)
        unkept = f"the default data could not be cached ({error})"
        store = replace(store, notices=(unkept, *store.notices))
    notice = f"the default data is {NOTE}; give your own with --data STORE"
    return replace(store, notices=(*store.notices, notice))


def build(create: Create) -> None:
    """Write the default data: docstrings are train and val, help topics are ood.

    The encoder is fitted on the train articles alone, as a new corpus would meet it.
    """
    seen: set[str] = set()
    library = _articles(library_articles(), seen)
    topics = _articles(topic_articles(), seen)
    what = f"this Python comes without its library's sources ({len(library)} modules found)"
    refuse(len(library) < 20, what, sysconfig.get_path("stdlib"), "give --data STORE")
    splits = assign_splits([article.entry for article in library], seed=0, val=0.1, test=0.0)
    for article, split in zip(library, splits):
        article.entry.update(split=split, source="docstrings")
    for article in topics:
        article.entry.update(split="ood", source="help topics")
    from lvmctl.data.text.encoders.lsa import Lsa

    encoder = Lsa(OPTIONS)
    with tempfile.TemporaryDirectory(prefix="lvmctl-") as place:
        corpus = spool(library + topics, Path(place) / CHUNKS)
        begun = Unfinished(Path(place))
        fitted_on = fit_encoder(encoder, corpus)
        begun.begin({}, fitted_on)
        how = made("default data", recipe=RECIPE, python=sys.version, encoder_fitted_on=fitted_on)
        embed_corpus(create, corpus, encoder, {"note": NOTE, "made": how}, begun)


def cache_key() -> str:
    """A key of everything the default data depends on: this Python, the recipe, the encoder."""
    python = [sys.version, sys.implementation.name, sysconfig.get_path("stdlib")]
    parts = [RECIPE, python, asdict(OPTIONS), SHORTEST, LONGEST]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:16]


def _articles(texts: Iterable[Text], seen: set[str]) -> list[Chunked]:
    """Articles of paragraphs that are not ``seen`` yet, which they are from then on.

    Modules copy docstrings from each other: without this, val would hold text of train.
    """
    articles = []
    for text in texts:
        chunks = [part for part in prose(text.text) if part not in seen][:LONGEST]
        if len(chunks) >= SHORTEST:
            seen.update(chunks)
            articles.append(Chunked(dict(text.entry), chunks))
    return articles


def _cached(path: Path) -> Store | None:
    """The store in the cache; None when it is not there, damaged, or lacks its manifest."""
    try:
        store = Store.open(path, NAME)
    except DataError:
        return None
    made_by = store.manifest.get("made")
    return store if isinstance(made_by, dict) and made_by.get("recipe") == RECIPE else None


def _build_at(path: Path) -> Store:
    shutil.rmtree(path, ignore_errors=True)
    build(lambda dim, dtype="float32": write_store(path, dim, dtype))
    return Store.open(path, NAME)
