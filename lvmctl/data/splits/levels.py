"""The levels of a store by name: its own chunks, and the stores of what they were cut into."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lvmctl.core.errors import DataError, did_you_mean
from lvmctl.data.splits.sources import PREFIX, Source
from lvmctl.data.store.store import LEVELS, MANIFEST

CHUNK = "chunk"
"""What the chunks of a store are called beside its finer levels."""

ALL = "all"
"""Where several levels can be asked for: every level there is."""


def level_names(text: str | None) -> list[str]:
    """The levels of a source: :data:`CHUNK`, then the finer ones by name."""
    whole = None if text is None else Source.parse(text).whole
    return [CHUNK] if whole is None else [CHUNK, *finer_levels(whole)]


def finer_levels(store: Path) -> list[str]:
    """The names of the levels in the store at a path, but for its own."""
    return sorted(manifest.parent.name for manifest in store.glob(f"{LEVELS}/*/{MANIFEST}"))


def at_level(text: str | None, level: str | None) -> str | None:
    """The text that opens a level of a source: ``books@val`` is ``books/levels/sentence@val``.

    Args:
        text: a source; one that is a level already stands for its store. None is the demonstration
            data, which has no finer level.
        level: one of :func:`level_names`; None is the source as it is.
    """
    if level is None:
        return text
    source = Source.parse(text or PREFIX)
    whole = source.whole
    if whole is not None and not whole.exists():
        return text  # refused where it is opened
    if level not in (names := level_names(text)):
        where = "the demonstration data" if text is None else text
        add_it = "add it with lvmctl data level STORE, or use --level chunk"
        what = f"has no level {level!r}, only {', '.join(names)}"
        raise DataError(what, where=where, hint=did_you_mean(level, names, add_it))
    if whole is None:
        return text
    path = os.fspath(whole if level == CHUNK else whole / LEVELS / level)
    return f"{path}@{source.split}" if source.split else path


def at_levels(sources: Mapping[str, Any], level: str | None) -> dict[str, Any]:
    """``data``, ``train``, ``val`` and ``ood`` at a level; ``train`` is several. Where none is
    named, the demonstration data is meant."""
    if level is not None and not any(sources.values()):
        at_level(None, level)
    return {name: several(value, level) for name, value in sources.items()}


def level_of(sources: Mapping[str, Any]) -> str:
    """The level that the sources of a training are of."""
    text = sources.get("data") or next(iter(sources.get("train") or ()), None)
    return (None if text is None else Source.parse(text).level) or CHUNK


def at_level_of(trained_on: Mapping[str, Any], sources: Mapping[str, Any]) -> dict[str, Any]:
    """``sources`` at the level of others, unless one is a level by its own name."""
    level = level_of(trained_on)
    named = [text for value in sources.values() for text in listed(value)]
    if level == CHUNK or any(Source.parse(text).level for text in named):
        return dict(sources)
    return {name: several(value, level) for name, value in sources.items()}


def listed(source: Any) -> list[str]:
    """The texts of a source, of a list of them, or of None."""
    return [] if source is None else [source] if isinstance(source, str) else list(source)


def several(source: Any, level: str | None) -> Any:
    """A source at a level, or a list of them; None stays None."""
    if source is None or isinstance(source, str):
        return source and at_level(source, level)
    return [at_level(each, level) for each in source]
