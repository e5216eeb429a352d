"""Windows to read: what was read, what came next, and what was ranked first."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from lvmctl.core.errors import DataError
from lvmctl.core.hashes import read_record
from lvmctl.core.inputs import open_data
from lvmctl.data.store.manifest import read_manifest
from lvmctl.data.store.store import CHUNKS, MANIFEST
from lvmctl.data.store.text_lines import check_texts
from lvmctl.report.html import render
from lvmctl.report.inputs import Inputs
from lvmctl.report.section import Missing, Section

TITLE = "Hits and misses"
LENGTH = 280
"""Characters of a text that are shown."""

PARTS = ("last", "target", "first")
"""Chunks of an example."""


def section(run: Inputs) -> Section | Missing:
    kinds = run.result.get("examples")
    if kinds is None:
        return Missing(TITLE, "the result names no examples; lvmctl eval 5cat makes one that does")
    shown = [each for kind in kinds.values() for each in kind["shown"]]
    if not shown:
        return Missing(TITLE, "no window is a hit or a miss")
    val = run.result["data"]["val"]
    rows = {each[part] for each in shown for part in PARTS}
    try:
        texts = texts_of(Path(val["path"]), val["content_hash"], rows)
    except (OSError, ValueError, DataError):
        return Missing(TITLE, f"the store {val['path']} is gone or has changed")
    if not texts:
        return Missing(TITLE, "the store has no texts")
    return Section("examples", TITLE, render("examples.html", kinds=kinds, texts=texts), wide=True)


def texts_of(store: Path, content_hash: str, rows: set[int]) -> dict[int, str]:
    """Shortened texts of ``rows`` of a store; empty where it has none.

    Only its manifest says that it is the store that was evaluated: its vectors are not read.

    Raises:
        OSError, ValueError, DataError: it is not there, another, or damaged.
    """
    manifest = read_manifest(store / MANIFEST)
    if manifest is None or manifest.get("content_hash") != content_hash:
        raise ValueError("another store")
    if not (store / CHUNKS).is_file():
        return {}
    check_texts(store / CHUNKS, read_record(store, DataError), manifest.get("chunks", 0))
    with open_data(store / CHUNKS) as lines:
        texts = {n: shortened(json.loads(line)) for n, line in enumerate(lines) if n in rows}
    if len(texts) < len(rows):
        raise ValueError("fewer texts than chunks")
    return texts


def shortened(text: Any) -> str:
    """A text in one line, cut off where it is long."""
    line = " ".join(str(text).split())
    return line if len(line) <= LENGTH else line[: LENGTH - 1].rstrip() + "…"
