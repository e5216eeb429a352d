"""Stores from window NPZ files and from synthetic worlds."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from lvmctl.api.store import Store, written
from lvmctl.core.reporter import SILENT, Reporter
from lvmctl.data.npz.importing import write_npz
from lvmctl.data.splits.sources import PREFIX, write_synth
from lvmctl.data.store.writer import write_store


def import_npz(
    files: Sequence[str | os.PathLike[str]],
    out: str | os.PathLike[str],
    *,
    horizon: int | None = None,
    articles: str | os.PathLike[str] | None = None,
    separate: bool = False,
    trust_pickle: bool = False,
    force: bool = False,
    reporter: Reporter = SILENT,
) -> Store:
    """Write a store from window NPZ files.

    Overlapping windows become articles again (docs/methods.md#assembly), with their texts and
    titles where the file has them; the notices of the store say what was found.

    Args:
        files: with splits in them (keys like ``val_contexts``) or one split each, which the name
            of the file says, else train, val, test and ood in this order. One file that names no
            split has none.
        out: the store to write.
        horizon: h of the windows; None is the files' ``p6_offset`` + 1, else 1.
        articles: a bank of chunks with the articles of the windows.
        separate: keep every window an article of its own.
        trust_pickle: unpickle metadata and texts, which can run code in the file.
        force: replace a store at ``out``.

    Raises:
        DataError: files that are damaged, contradict themselves or do not fit together.
        OutputError: ``out`` exists or cannot be written.
    """
    reports = write_npz(
        lambda dim, dtype: write_store(out, dim, dtype, force=force),
        [Path(file) for file in files],
        name_splits=True,
        horizon=horizon,
        bank=None if articles is None else Path(articles),
        trust_pickle=trust_pickle,
        apart=separate,
        reporter=reporter,
    )
    return written(out, [line for report in reports for line in report.lines()])


def synth(world: str, out: str | os.PathLike[str], *, force: bool = False, **values: Any) -> Store:
    """Write a store of a synthetic world, whose every metric has a known answer.

    Args:
        world: ``ar1``, ``rotation``, ``topic`` or ``iid``; or ``shuffled`` or ``reversed``, which
            reorder a ``store`` inside its articles.
        out: the store to write.
        force: replace a store at ``out``.
        values: ``articles``, ``chunks``, ``dim``, ``a``, ``theta``, ``f``, ``seed``, ``store``.

    Raises:
        UsageError: an unknown name, or a value of the wrong type or out of range.
        OutputError: ``out`` exists or cannot be written.
    """
    write_synth(
        lambda dim, dtype: write_store(out, dim, dtype, force=force),
        f"{PREFIX}{world}?{urlencode(values)}",
    )
    return written(out)
