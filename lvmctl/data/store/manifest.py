"""``store.json``, the manifest of a vector store."""

from __future__ import annotations

import re
from numbers import Integral
from pathlib import Path
from typing import Any

import numpy as np

from lvmctl.core.errors import DataError, refuse
from lvmctl.core.inputs import read_text
from lvmctl.core.json_input import parse_json, require

FORMAT = "lvmctl.store/1"
SPLITS = ("train", "val", "test", "ood")
"""Articles to train on, to choose by and to hold out, and text of another source."""

SCHEMA = {
    "format": str,
    "dim": int,
    "chunks": int,
    "normalized": bool,
    "norms": ([float], None),
    "encoder": ({"name": str, "fingerprint": (dict, None)}, str, None),
    "made": (dict, str, None),
    "note": (str, None),
    "content_hash": str,
    "separate": bool,
    "splits": (dict, str, None),
    "files": [str],
    "articles": [{"id": (Integral, str), "title": (str, int, float, None), "split": (str, None)}],
}
"""Fields that mean something here (see :mod:`lvmctl.core.json_input`)."""

MOST_CHUNKS = 1 << 62
"""Positions of chunks stay below this."""


def split_in_name(name: str) -> str | None:
    """The split that the name of a file or folder contains, None where it contains none.

    ``test`` is the last to be looked for, as in ``test_ood``; ``dev`` is another word for ``val``.
    """
    for pattern in (r"train|val|dev(?![a-z])|ood", "test"):
        if match := re.search(rf"(?<![a-z])({pattern})", name.lower()):
            return {"dev": "val"}.get(match[1], match[1])
    return None


def read_manifest(path: Path) -> dict[str, Any] | None:
    """The manifest at ``path``, None when there is none; a DataError where it is damaged."""
    try:
        text = read_text(path)
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or error
        raise DataError(f"cannot be read: {reason}", where=path) from error
    manifest = parse_json(text, path, DataError, "write it again")
    written = manifest.get("format") if isinstance(manifest, dict) else None
    what = f"has format {written!r}, this lvmctl reads {FORMAT!r}"
    refuse(written != FORMAT, what, path, "import the data again")
    require(manifest, SCHEMA, path, DataError, "correct it there, or write the store again")
    for name in manifest.get("files", ()):
        what = f"lists {name!r} among its files, which is no name of a file beside it"
        refuse(name != Path(name).name or not name, what, path, "write the store again")
    return manifest


def check_manifest(manifest: dict[str, Any], dim: int, chunks: int, count: int, path: Path) -> None:
    """Refuse a manifest that speaks of other arrays than those beside it, which have ``chunks``
    rows of ``dim`` numbers in ``count`` articles."""
    for key, actual in (("dim", dim), ("chunks", chunks)):
        stated = manifest.get(key, actual)
        what = f"says {key} {stated}, the arrays have {actual}"
        hint = "the manifest belongs to another store; write the store again"
        refuse(stated != actual, what, path, hint)
    articles, hint = manifest.get("articles"), "write the store again"
    if not isinstance(articles, list) or not all(isinstance(a, dict) for a in articles):
        raise DataError("has no list of articles", where=path, hint=hint)
    what = f"lists {len(articles)} articles, offsets.npy has {count}"
    refuse(len(articles) != count, what, path, hint)
    for index, article in enumerate(articles):
        if fault := entry_fault(article):
            raise DataError(f"article {index} {fault}", where=path, hint="correct it there")


def entry_fault(article: dict[str, Any]) -> str | None:
    """What is wrong with the fields of an article's entry that mean something here, if anything."""
    if article.get("split") not in (None, *SPLITS):
        return f"is in split {article['split']!r} (splits are {', '.join(SPLITS)})"
    first = article.get("first", 0)
    if type(first) is not int or not 0 <= first < MOST_CHUNKS:
        return f"has {first!r} as first, the position of its first chunk in a longer article"
    return None


def check_windows(manifest: dict[str, Any], lengths: np.ndarray, path: Path) -> None:
    """Refuse a ``windows`` entry that the articles' (A,) ``lengths`` contradict."""
    windows = manifest.get("windows")
    if windows is None:
        return
    shape = windows if isinstance(windows, dict) else {}
    context, horizon = shape.get("context"), shape.get("horizon")
    if not (isinstance(context, int) and isinstance(horizon, int) and context > 0 < horizon):
        raise DataError(f"has a damaged windows entry: {windows!r}", where=path)
    span = f"{lengths.min()} to {lengths.max()} chunks"
    what = f"says that every article is {context} chunks and a target, they have {span}"
    refuse((lengths != context + 1).any(), what, path, "import the data again")


def bare_manifest(dim: int, chunks: int, count: int) -> dict[str, Any]:
    """What stands in for a missing manifest: articles named by number."""
    articles = [{"id": index, "title": f"article {index}"} for index in range(count)]
    return {"format": FORMAT, "dim": dim, "chunks": chunks, "encoder": None, "articles": articles}
