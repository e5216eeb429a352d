"""What diagnostics are asked about: tiny stores, splits and histories, usual and odd ones."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from lvmctl.core.files import write_json
from lvmctl.data import Split, Splits
from lvmctl.testing.inputs.gate_inputs import evaluations, record
from lvmctl.testing.inputs.splits import split_of, textlike, textlike_splits

ARTICLES = 12


def usual(takes: str, place: Path) -> Any:
    """A subject without peculiarities: ``store``, ``splits``, or the history of a ``run`` of five
    epochs, which is written into ``place``."""
    if takes == "store":
        return textlike(2 * ARTICLES)
    if takes == "splits":
        return textlike_splits(ARTICLES)
    return written(place, [record(epoch, learning(epoch)) for epoch in range(1, 6)])


def odd(takes: str) -> dict[str, Callable[[Path], Any]]:
    """Subjects that are easily overlooked, by what they are."""
    if takes == "run":
        return histories()
    stores = {
        "one article": textlike(1),
        "articles of one chunk": textlike(chunks=1),
        "vectors of two numbers": textlike(4, dim=2),
        "chunks that are all the same": split_of([np.tile(np.eye(8)[0], (24, 1))] * 3),
    }
    if takes == "store":
        return {name: lambda place, s=split: s for name, split in stores.items()}
    return {name: lambda place, s=s: Splits(s, s, None, []) for name, s in stores.items()}


def histories() -> dict[str, Callable[[Path], Any]]:
    """Histories that are easily overlooked."""
    numbers = evaluations()["with every figure nan"]
    return {
        "a run of one epoch": lambda place: written(place, [record(1, learning(1))]),
        "a run that was never evaluated": lambda place: written(place, [record(1, {})]),
        "a run without any number": lambda place: written(place, [record(1, numbers)] * 3),
        "a run without an epoch": lambda place: written(place, []),
        "a directory with a history alone": lambda place: usual("run", place).parent,
        "a directory without a history": lambda place: place,
        "a history that is cut short": damaged,
        "a history that is no list of records": lambda place: written(place, [1, "a", None]),
        "a path where nothing is": lambda place: place / "nothing",
    }


def learning(epoch: int) -> dict[str, Any]:
    """An evaluation that is a little better in each epoch."""
    val = dict(evaluations()["as usual"])
    return val | {"loss": 1 / epoch, "cos_next": 0.5 - 0.3 / epoch, "cos_anchor": 0.6}


def written(place: Path, history: Any) -> Path:
    """The path of a bare ``training_history.json`` in ``place``."""
    path = place / "training_history.json"
    write_json(path, history)
    return path


def damaged(place: Path) -> Path:
    """The path of a history that a crash cut short."""
    path = usual("run", place)
    path.write_text(path.read_text(encoding="utf-8")[:-100], encoding="utf-8")
    return path


def trace(subject: Any) -> str:
    """A hash of all that a subject holds."""
    digest = hashlib.sha256()
    if isinstance(subject, Path):
        folder = subject if subject.is_dir() else subject.parent
        for path in sorted(folder.rglob("*")):
            digest.update(str(path).encode() + (path.read_bytes() if path.is_file() else b""))
        return digest.hexdigest()
    for split in [subject] if isinstance(subject, Split) else subject.by_name.values():
        for values in (split.vectors, split.starts, split.lengths):
            digest.update(np.ascontiguousarray(values).tobytes())
        digest.update(repr((split.articles, split.source, split.name)).encode())
    return digest.hexdigest()
