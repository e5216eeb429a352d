"""What is fuzzed: bytes become files, which are read by public doors or refused in one line."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np

import lvmctl
from lvmctl.api.run_card import show_run
from lvmctl.config.experiments import load_experiments
from lvmctl.core.errors import LvmctlError

MARK = b"\n----\n"
"""Between the files of one input."""

MEMBERS = ("contexts", "targets", "article_ids", "target_indices", "concept_texts")
STORE = ("store.json", "vectors.npy", "offsets.npy", "chunks.jsonl")
RUN = ("config.json", "training_history.json", "manifest.json")
FOUND = Path(__file__).parent / "found"
"""Inputs that lvmctl once answered wrongly, a folder for each target."""


def npz(data: bytes, place: Path) -> None:
    """A window NPZ: the whole file, or what its members hold."""
    path = place / "windows.npz"
    if not data.startswith(b"PK"):
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w") as archive:
            for name, member in zip(MEMBERS, data.split(MARK)):
                archive.writestr(f"{name}.npy", member)
        data = buffer.getvalue()
    path.write_bytes(data)
    _read(lvmctl.open_store, path)


def store(data: bytes, place: Path) -> None:
    """The files of a store."""
    _write(STORE, data, place)

    def read(path: Path) -> None:
        opened = lvmctl.open_store(path)
        json.dumps(opened.describe(), allow_nan=False)
        _ = opened.texts

    _read(read, place)


def run(data: bytes, place: Path) -> None:
    """The JSON files of a run."""
    _write(RUN, data, place)
    _read(lambda path: json.dumps(show_run(path), allow_nan=False), place)


def experiments(data: bytes, place: Path) -> None:
    """An experiments file in TOML."""
    path = place / "experiments.toml"
    path.write_bytes(data)

    def read(path: Path) -> None:
        read = load_experiments(path)
        for name in read.names():
            read.get(name)

    _read(read, path)


TARGETS: dict[str, Callable[[bytes, Path], None]] = {
    "npz": npz,
    "store": store,
    "run": run,
    "experiments": experiments,
}


def seeds(target: str) -> list[bytes]:
    """Inputs to begin with, and those that were once answered wrongly."""
    made = {
        "npz": [MARK.join(_arrays(dtype)) for dtype in ("float32", "float16")],
        "store": [MARK.join(_store())],
        "run": [MARK.join(_run())],
        "experiments": [EXPERIMENTS.encode()],
    }[target]
    return made + [path.read_bytes() for path in sorted((FOUND / target).glob("*"))]


EXPERIMENTS = """\
[plugins]
disable = ["p7"]
[one]
recipe = "plain"
summary = "words"
data = "store"
losses = ["cosine:1"]
epochs = 2
lr = 0.001
[two]
extends = "one"
heads.count = 2
"""


def _write(names: tuple[str, ...], data: bytes, place: Path) -> None:
    for name in names:
        (place / name).unlink(missing_ok=True)
    for name, content in zip(names, data.split(MARK)):
        (place / name).write_bytes(content)


def _read(read: Callable[[Path], object], path: Path) -> None:
    try:
        read(path)
    except LvmctlError as error:
        if "\n" in str(error):
            raise AssertionError("an error of more than one line") from error


def _array(value: object, dtype: str) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, np.array(value, dtype))
    return buffer.getvalue()


def _arrays(dtype: str) -> list[bytes]:
    contexts, targets = np.eye(4)[[[0, 1], [1, 2], [2, 3]]], np.eye(4)[[2, 3, 0]]
    vectors = [_array(contexts, dtype), _array(targets, dtype)]
    return [*vectors, _array([0, 0, 1], "int64"), _array([2, 3, 2], "int64")]


def _store() -> list[bytes]:
    articles = [{"id": "a", "title": "A", "split": "train"}, {"id": "b", "split": "val"}]
    manifest = {"format": "lvmctl.store/1", "dim": 4, "chunks": 4, "articles": articles}
    texts = "".join(f'"chunk {number}"\n' for number in range(4))
    arrays = [_array(np.eye(4), "float32"), _array([0, 2, 4], "int64")]
    return [json.dumps(manifest).encode(), *arrays, texts.encode()]


def _run() -> list[bytes]:
    config = {
        "format": "lvmctl.run/2",
        "recipe": "plain",
        "options": {"epochs": 1, "context": 5, "horizon": 1},
        "data": {"data": "synth:topic", "train": [], "val": None, "ood": None},
        "splits": {"train": {"name": "topic", "articles": 3}},
    }
    val = {"loss": 0.5, "cos_next": 0.5, "mrr@10": 0.25, "direct": {"mrr@10": 0.5}}
    history = [{"epoch": 1, "train": {"loss": 0.5}, "val": val}]
    manifest = {"outcome": "finished", "exit_code": 0, "started": "2026-01-01T00:00:00"}
    return [json.dumps(each).encode() for each in (config, history, manifest)]
