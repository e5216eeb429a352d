"""What a store writes: its splits, parts of it, exports."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lvmctl.api.articles import find_article
from lvmctl.core.errors import UsageError, refuse
from lvmctl.core.formatting import count
from lvmctl.core.reporter import SILENT, Reporter
from lvmctl.data.npz.export import export_npz
from lvmctl.data.splits.assign import split_counts
from lvmctl.data.splits.assign_store import copy_splits, write_splits
from lvmctl.data.splits.split import Split
from lvmctl.data.store.store import LEVELS
from lvmctl.data.store.store import Store as Stored
from lvmctl.data.store.writer import (
    chosen_articles,
    copy_articles,
    copy_pieces,
    refuse_store,
    write_like,
)
from lvmctl.data.tables.export import export_parquet
from lvmctl.data.windows import Windows

if TYPE_CHECKING:
    import numpy as np

    from lvmctl.api.store import Store


class StoreChanges:
    """The methods of :class:`lvmctl.Store` that write; it has the attributes."""

    name: str
    path: Path
    dim: int
    source: str | None
    articles: list[dict[str, Any]]
    lengths: np.ndarray
    _stored: Stored
    _name: str | None
    _split: Split

    @property
    def levels(self) -> list[str]:
        """The names of its finer levels."""
        raise NotImplementedError

    def _written(self, out: str | os.PathLike[str], notices: Sequence[str] = ()) -> Store:
        """The store that was just written at ``out``."""
        raise NotImplementedError

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
            copy_articles(writer, stored, chosen_articles(stored, chosen.starts))
            writer.manifest["subset"] = {
                **chosen.source["subset"],
                "of": self.source,
                "content_hash": stored.content_hash,
            }
        return self._written(out, notices)

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
        dropped = {find_article(self, article) for article in articles}
        remaining = [index for index in range(len(self.articles)) if index not in dropped]
        refuse(not remaining, "all its articles would be dropped", self.name, "leave some")
        starts = self._split.starts[remaining]
        with write_like(out, self._stored, force=force) as writer:
            copy_articles(writer, self._stored, chosen_articles(self._stored, starts))
        return self._written(out)

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
        hint = f"give it splits with lvmctl data split {self.path}"
        refuse(len(split_counts(stored.articles)) < 2, "has nothing held out", self.name, hint)
        left = deduplicate(stored, threshold, reporter)
        refuse(not left.pieces, "nothing would be left", self.name, "raise the threshold")
        with write_like(out, stored, force=force) as writer:
            copy_pieces(writer, stored, left.pieces)
            source = {"of": self.source, "content_hash": stored.content_hash}
            writer.manifest["dedup"] = {"threshold": threshold, "removed": left.removed, **source}
        return self._written(out, [left.line(threshold)])

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
