"""Stores as users have them: what is read of them, and what is written from them."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from lvmctl.api.opened_store import OpenedStore
from lvmctl.core.errors import UsageError, refuse
from lvmctl.core.formatting import count
from lvmctl.core.paths import typed
from lvmctl.core.reporter import SILENT, Reporter
from lvmctl.data.npz.export import export_npz
from lvmctl.data.splits.assign import split_counts
from lvmctl.data.splits.assign_store import copy_splits, short_splits, write_splits
from lvmctl.data.splits.levels import at_level
from lvmctl.data.splits.open import open_source, with_splits
from lvmctl.data.store.store import LEVELS
from lvmctl.data.store.store import Store as Stored
from lvmctl.data.store.writer import copy_articles, copy_pieces, refuse_store, write_like
from lvmctl.data.tables.export import export_parquet
from lvmctl.data.windows import Windows

if TYPE_CHECKING:
    Source: TypeAlias = "Store | str | os.PathLike[str]"
    Sources: TypeAlias = "Source | Sequence[Source]"


class Store(OpenedStore):
    """Chunk vectors in article order: a whole store, or one split of it.

    Made by :func:`lvmctl.open_store`, :func:`lvmctl.embed` and the other functions that write one.

    Attributes:
        source: the text that opens it again, ``books@val``; None is the demonstration data.
        path: its directory; of an NPZ file or a synthetic world, its name.
        name: what it is called in messages and results.
        dim: D, the width of a vector.
        articles: the manifest's entry of each article in order: ``id``, ``title``, ``split``, ….
        lengths: (A,) int64, chunks of each article.
        encoder: what the manifest says about the encoder, None where that is unknown.
        notices: what you should know about it, one line each.

    Example:
        >>> store = lvmctl.open_store("synth:ar1?articles=20&chunks=12&dim=8")
        >>> len(store), store.dim, store.splits
        (240, 8, {})
        >>> windows = store.split("val").windows(context=5)
        >>> windows.context(np.arange(3)).shape
        (3, 5, 8)
    """

    def assign_splits(
        self,
        *,
        val: float = 0.1,
        test: float = 0.1,
        stratify: str | None = None,
        seed: int = 0,
        force: bool = False,
    ) -> dict[str, int]:
        """Write into ``store.json`` which split each article is in. Separate windows are assigned
        in blocks, so that no chunk is in two splits; those between two blocks are in none.

        Args:
            val, test: shares of the articles, in [0, 1).
            stratify: split each value of this field of the articles alike.
            seed: of the choice of articles.
            force: replace the splits it has.

        Returns:
            Articles by split. Open the store again to use them.

        Raises:
            DataError: fewer articles than splits.
            OutputError: it has splits and ``force`` is not given.
            UsageError: it is one split of a store, or no directory; shares that leave nothing for
                training; an unknown field.
        """
        if self._name is not None or not self.path.is_dir():
            raise UsageError(
                "is not a whole store: its manifest cannot change",
                where=self.name,
                hint="open the directory of the whole store",
            )
        counts = write_splits(self._stored, seed, val, test, stratify, force)
        if levels := self.levels:
            assigned = Stored.open(self.path)  # which reads every row, once for all levels
            for level in levels:
                copy_splits(assigned, Stored.open(self.path / LEVELS / level))
        return counts

    def subset(
        self,
        out: str | os.PathLike[str],
        windows: int,
        *,
        context: int = 5,
        horizon: int = 1,
        seed: int = 0,
        force: bool = False,
    ) -> Store:
        """Write a store of whole articles, in a seeded order, until they hold ``windows`` windows;
        of each split at least one.

        Args:
            out: the store to write.
            windows: how many to reach; all articles where there are fewer, which a notice says.
            context, horizon: K and h of the windows.
            seed: of the choice of articles.
            force: replace a store at ``out``.

        Raises:
            DataError: no article is long enough.
            OutputError: ``out`` exists or cannot be written.
        """
        plain, chosen = (
            self._split.subset(windows, context, horizon, seed, every_split=keep)
            for keep in (False, True)
        )
        amount = len(Windows(chosen, context, horizon))
        notices = [f"{self.name} has only {count(amount, 'window')}"] if amount < windows else []
        if added := len(chosen.lengths) - len(plain.lengths):
            notices.append(f"{count(added, 'article')} more, so that every split has one")
        if lost := split_counts(self._split.articles).keys() - split_counts(chosen.articles):
            names = ", ".join(sorted(lost))
            notices.append(f"no article of {names} holds a window: the subset has none of them")
        stored = self._stored
        with write_like(out, stored, force=force) as writer:
            copy_articles(writer, stored, chosen.starts)
            writer.manifest["subset"] = {
                **chosen.source["subset"],
                "of": self.source,
                "content_hash": stored.content_hash,
            }
        return written(out, notices)

    def drop(
        self, out: str | os.PathLike[str], articles: Sequence[int | str], *, force: bool = False
    ) -> Store:
        """Write a store at ``out`` without some of its articles.

        Args:
            articles: ids, or numbers in :attr:`articles`.
            force: replace a store at ``out``.

        Raises:
            DataError: nothing would be left.
            OutputError: ``out`` exists or cannot be written.
            UsageError: there is no such article.
        """
        dropped = {self._number_of(article) for article in articles}
        remaining = [index for index in range(len(self.articles)) if index not in dropped]
        refuse(not remaining, "all its articles would be dropped", self.name, "leave some")
        with write_like(out, self._stored, force=force) as writer:
            copy_articles(writer, self._stored, self._split.starts[remaining])
        return written(out)

    def dedup(
        self,
        out: str | os.PathLike[str],
        *,
        threshold: float = 0.98,
        force: bool = False,
        reporter: Reporter = SILENT,
    ) -> Store:
        """Write a store at ``out`` without training chunks that are known from what is held out.

        Chunks that repeat in a later split (``train``, ``val``, ``test``, ``ood``) are left out
        and articles are cut there, so that ``diagnose leakage`` finds nothing between splits.

        Args:
            threshold: cosine above which two chunks repeat, in [0, 1].
            force: replace a store at ``out``.
            reporter: shown the search.

        Raises:
            DataError: nothing would be left, or the store has fewer than two splits.
            OutputError: ``out`` exists or cannot be written.
            UsageError: it is one split of a store, or the threshold is no cosine.
        """
        from lvmctl.api.dedup import deduplicate

        if self._name is not None:
            raise UsageError("is one split", where=self.name, hint="name the whole store")
        if not 0 <= threshold <= 1:
            raise UsageError(f"the threshold {threshold} is not from 0 to 1", where="dedup")
        refuse_store(Path(out), force)
        stored = self._stored
        hint = f"give it splits with lvmctl data split {typed(self.path)}"
        refuse(len(split_counts(stored.articles)) < 2, "has nothing held out", self.name, hint)
        left = deduplicate(stored, threshold, reporter)
        refuse(not left.pieces, "nothing would be left", self.name, "raise the threshold")
        with write_like(out, stored, force=force) as writer:
            copy_pieces(writer, stored, left.pieces)
            source = {"of": self.source, "content_hash": stored.content_hash}
            writer.manifest["dedup"] = {"threshold": threshold, "removed": left.removed, **source}
        return written(out, [left.line(threshold)])

    def export_npz(
        self,
        out: str | os.PathLike[str],
        *,
        context: int = 5,
        horizon: int = 1,
        force: bool = False,
        reporter: Reporter = SILENT,
    ) -> dict[str, int]:
        """Write window NPZ files into the folder ``out``, one for each split.

        Returns:
            Windows by file name.

        Raises:
            DataError: no window in a split.
            OutputError: ``out`` exists or cannot be written.
        """
        return export_npz(self._stored, Path(out), context, horizon, force, reporter, self._name)

    def export_parquet(
        self, out: str | os.PathLike[str], *, force: bool = False, reporter: Reporter = SILENT
    ) -> int:
        """Write a Parquet file, a chunk a row: vector, text, article, position, title, split.

        :func:`lvmctl.store_from` makes the same store of it again. Needs ``lvmctl[parquet]``.

        Returns:
            Rows that were written.

        Raises:
            OutputError: ``out`` exists or cannot be written.
            UsageError: pyarrow is not there.
        """
        return export_parquet(self._stored, Path(out), force, reporter, self._name)


def written(out: str | os.PathLike[str], notices: Sequence[str] = ()) -> Store:
    """The store that was just written at ``out``, with what else there is to know about it."""
    stored = Stored.open(out)
    store = Store(stored, os.fspath(out))
    store.notices = (*notices, *short_splits(stored), *store.notices)
    return store


def source_text(source: Source | None) -> str | None:
    """The text that opens a source; None is the demonstration data."""
    if isinstance(source, Store):
        return source.source
    return None if source is None else os.fspath(source)


def source_texts(sources: Sources) -> tuple[str, ...]:
    """The texts that open some sources, or one."""
    if isinstance(sources, Store | str | os.PathLike):
        sources = [sources]
    texts = [source_text(source) for source in sources]
    return tuple(text for text in texts if text is not None)


def named_sources(
    data: Source | None, train: Sources, val: Source | None, ood: Source | None
) -> dict[str, Any]:
    """The texts that open the data of a training, by name."""
    train_, rest = source_texts(train), {"data": data, "val": val, "ood": ood}
    return {name: source_text(source) for name, source in rest.items()} | {"train": train_}


def open_store(source: Source | None = None, level: str | None = None) -> Store:
    """Open chunk vectors.

    Args:
        source: a store's directory, a window NPZ file or a synthetic world such as
            ``synth:rotation?articles=100``; ``SOURCE@val`` is one split of it. None is the
            embedded demonstration data.
        level: open this level of it, see :func:`lvmctl.add_level`; ``chunk`` is its own.

    Returns:
        The store; every row of it was read and checked once.

    Raises:
        DataError: nothing usable is there, or the split has no article, or there is no such level.
        UsageError: the text names no source.

    Example:
        >>> store = lvmctl.open_store("synth:rotation?articles=20&chunks=12&dim=8@train")
        >>> store.name, len(store.articles)
        ('synth:rotation?articles=20&chunks=12&dim=8@train', 16)
    """
    text = at_level(source_text(source), level)
    stored, split = open_source(text)
    if split is None:
        return Store(stored, text)
    return Store(with_splits(stored, 0), text, split)
