"""A store with texts and a result that names examples of it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from lvmctl.data.store.manifest import FORMAT

HASH = "sha256:" + "4e" * 32
TEXTS = ["one", "two <b>", "three", "four\nlines", "word " * 200]


def example(last: int, target: int, first: int, rank: float) -> dict[str, Any]:
    """An example."""
    rows = {"last": last, "target": target, "first": first}
    return {"article": "Of & on", **rows, "rank": rank, "pool": 1234}


def with_examples(result: dict[str, Any], store: Path) -> dict[str, Any]:
    """``result`` with a hit and a miss of the store at ``store``."""
    result["data"]["val"]["path"] = str(store)
    hits = {"count": 1, "shown": [example(0, 1, 1, 1)]}
    misses = {"count": 2000, "shown": [example(2, 4, 3, 1000.5)]}
    return result | {"examples": {"hits": hits, "misses": misses}}


def write_texts(store: Path, texts: list[str] | None = TEXTS, content_hash: str = HASH) -> Path:
    """What of a store the report reads."""
    store.mkdir()
    manifest = {
        "format": FORMAT,
        "content_hash": content_hash,
        "chunks": len(TEXTS),
        "articles": [],
    }
    (store / "store.json").write_text(json.dumps(manifest), encoding="utf-8")
    if texts is not None:
        lines = "".join(json.dumps(text) + "\n" for text in texts)
        (store / "chunks.jsonl").write_text(lines, encoding="utf-8")
    return store
