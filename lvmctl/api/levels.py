"""A store's finer levels: the sentences of its paragraphs, each level a store of its own."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lvmctl.core.errors import DataError, UsageError
from lvmctl.core.reporter import SILENT, Reporter
from lvmctl.core.run_directory import RunDirectory
from lvmctl.core.runs import find_run, trained_on
from lvmctl.data.chunk_source import PIECES
from lvmctl.data.splits.levels import level_names
from lvmctl.data.store.store import LEVELS
from lvmctl.data.text.chunking import chunker

if TYPE_CHECKING:
    from lvmctl.api.store import Store

CUTS = ("sentence", "tokens")
"""How chunks are cut."""


def add_level(
    store: str | os.PathLike[str],
    level: str = "sentence",
    *,
    size: int = 16,
    force: bool = False,
    reporter: Reporter = SILENT,
) -> Store:
    """Cut the chunks of a store further, encode the pieces as the store was, and keep them in it.

    The level is a store at ``STORE/levels/LEVEL`` with the same articles, ids, titles and splits:
    everything that takes a store takes it. Each article's entry lists under ``pieces`` how many of
    its chunks each chunk of ``store`` became. What was interrupted goes on when called again.

    Args:
        store: a store with texts and the encoder that made it.
        level: ``sentence``, or ``tokens`` (``size`` words).
        size: words of a piece of ``tokens``.
        force: replace the level if it is there.
        reporter: shown how many pieces are encoded.

    Raises:
        DataError: the store has no texts, or does not say which encoder made it.
        OutputError: it has this level already, or cannot be written.
        UsageError: an unknown level, or an encoder that is not installed.

    Example:
        >>> texts = ["Rain fell. It rose.\\n\\nThe river rose.", "Bread is baked.\\n\\nIt is sold."]
        >>> store = lvmctl.embed(texts, out=tmp_path / "s", min_texts=1, max_share=1.0)
        >>> sentences = lvmctl.add_level(store.path)
        >>> len(store), len(sentences), sentences.articles[0]["pieces"]
        (4, 5, [2, 1])
    """
    from lvmctl.api.embed import embed
    from lvmctl.api.store import open_store

    if level not in CUTS:
        raise UsageError(
            f"there is no level {level!r}", where=os.fspath(store), hint="use sentence"
        )
    whole = open_store(store)
    if whole.texts is None:
        hint = "only texts can be cut; embed them with lvmctl data embed"
        raise DataError("has no texts", where=whole.path, hint=hint)
    records = list(_articles(whole, level, size))
    out = Path(store) / LEVELS / level
    out.parent.mkdir(exist_ok=True)
    dtype = whole._stored.vectors.dtype.name  # `vectors` would copy those of many files
    return embed(
        records, out=out, encoder_from=whole.path, dtype=dtype, force=force, reporter=reporter
    )


def levels_of(run: str | None, data: str | None) -> list[str]:
    """The levels of data, or of what a run was trained on; the store's own is ``chunk``."""
    if data is None and run is not None:
        directory = RunDirectory.open(find_run(run))
        data = trained_on(directory.read(directory.config))
    return level_names(data)


def check_levels(names: str | None) -> list[str]:
    """The levels of a text like ``sentence,tokens``; a UsageError names what is none."""
    levels = names.split(",") if names else []
    for level in levels:
        if level not in CUTS:
            raise UsageError(f"there is no level {level!r}", hint=f"use {' or '.join(CUTS)}")
    return levels


def _articles(store: Store, level: str, size: int) -> Iterator[dict[str, Any]]:
    """Each article as a record of its pieces."""
    cut, texts, row = chunker(level, size), store.texts or [], 0
    for entry, length in zip(store.articles, store.lengths.tolist()):
        pieces = [cut(text) or [text] for text in texts[row : row + length]]
        row += length
        kept = {key: value for key, value in entry.items() if key != "first"}
        flat = [piece for each in pieces for piece in each]
        yield kept | {"text": flat, PIECES: [len(each) for each in pieces]}
