"""What ``--data`` may name: a store, one split of it, an NPZ file or a synthetic world."""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from pathlib import Path
from urllib.parse import parse_qsl, quote, unquote_plus

import numpy as np

from lvmctl.config import bind
from lvmctl.core.errors import DataError, UsageError, did_you_mean, nearest, refuse
from lvmctl.core.paths import WORLD, typed
from lvmctl.data.npz.importing import write_npz
from lvmctl.data.store.arrays import release
from lvmctl.data.store.manifest import SPLITS
from lvmctl.data.store.store import LEVELS, Store
from lvmctl.data.store.writer import Create, StoreWriter, made, write_store
from lvmctl.data.synthetic.worlds import VIEWS, World, write_world

PREFIX = WORLD
VIEWED = re.compile(
    rf"(?P<head>{PREFIX}[^?]*\?(?:.*&)?store=)(?P<store>[^&]+)(?P<rest>.*)", re.DOTALL
)


@dataclass(frozen=True)
class Source:
    """A parsed ``--data`` text: the source itself and the split after ``@``, if any."""

    text: str
    split: str | None = None

    @classmethod
    def parse(cls, text: str) -> Source:
        """Parse ``STORE``, ``STORE@val``, ``file.npz`` or ``synth:NAME?key=value&…``.

        The split of a store that is viewed, ``synth:shuffled?store=STORE@val&seed=1``, is the
        split of the view.
        """
        viewed = VIEWED.fullmatch(text)
        if viewed and (store := cls.parse(unquote_plus(viewed["store"]))).split:
            whole = cls.parse(f"{viewed['head']}{quote(store.text)}{viewed['rest']}")
            if whole.split not in (None, store.split):
                raise UsageError(f"{text} names two splits", hint="leave one of them out")
            return cls(whole.text, store.split)
        head, at, tail = text.rpartition("@")
        if not (head if at and tail in SPLITS else text).strip():
            raise UsageError(f"{text!r} names no data", hint="give a store, or leave it out")
        if not at or "/" in tail or "?" in tail or Path(text).exists():
            return cls(text)
        if tail not in SPLITS:
            close = nearest(tail, list(SPLITS))
            hint = f"did you mean {head}@{close}?" if close else f"use {', '.join(SPLITS)}"
            raise DataError(f"there is no split {tail!r}", where=text, hint=hint)
        return cls(head, tail)

    @property
    def path(self) -> Path | None:
        """The directory of the store; None for an NPZ file or a synthetic world."""
        bare = self.text.startswith(PREFIX) or self.text.endswith(".npz")
        return None if bare else Path(self.text)

    @property
    def level(self) -> str | None:
        """The name of the level that it is in a store, if it is one."""
        if self.path is None or Path(os.path.abspath(self.text)).parent.name != LEVELS:
            return None
        return self.path.name

    @property
    def whole(self) -> Path | None:
        """The directory of the store that it is, or is a level of."""
        return self.path and (self.path if self.level is None else self.path.parent.parent)

    def open(self) -> Store:
        """The store; NPZ files and synthetic worlds become a temporary one."""
        if self.text.startswith(PREFIX):
            return temporary_store(self.text, lambda create: write_synth(create, self.text))
        if self.text.endswith(".npz"):
            return temporary_store(self.text, self._write_npz)
        return Store.open(self.text)

    def _write_npz(self, create: Create) -> list[str]:
        segments = write_npz(create, [Path(self.text)])
        return [line for segment in segments for line in segment.lines()]


def temporary_store(name: str, write: Callable[[Create], list[str] | None]) -> Store:
    """A store that lives as long as its arrays: its files are removed once they are mapped.

    Args:
        name: how messages call it.
        write: writes it, and returns what a user should hear, one line each.
    """
    with tempfile.TemporaryDirectory(prefix="lvmctl-", ignore_cleanup_errors=True) as directory:
        path = Path(directory) / "store"
        notices = write(lambda dim, dtype="float32": write_store(path, dim, dtype)) or ()
        store = Store.open(path, name)
        return replace(store, path=Path(name), notices=(*notices, *store.notices))


@dataclass(frozen=True)
class View:
    """What a view may be given: the store that it reorders, and the seed of ``shuffled``."""

    store: str = ""
    seed: int = 0

    def __post_init__(self) -> None:
        if self.seed < 0:
            raise UsageError(f"seed is {self.seed}, it must be at least 0")


def write_synth(create: Create, text: str) -> None:
    """Make the world or view that ``synth:NAME?key=value&…`` describes; a UsageError for a name,
    key or value that cannot be."""
    name, _, query = text.removeprefix(PREFIX).partition("?")
    parameters = dict(parse_qsl(query, keep_blank_values=True))
    # The name of a world stands before its parameters.
    known = [each.name for each in fields(View if name in VIEWS else World) if each.name != "name"]
    for key in parameters:
        if key not in known:
            hint = did_you_mean(key, known)
            raise UsageError(f"there is no parameter {key!r}", where=text, hint=hint)
    if name in VIEWS:
        view = bind(View, [(text, parameters)]).options
        if not view.store:
            raise UsageError("names no store", where=text, hint=f"write {PREFIX}{name}?store=PATH")
        source = Source.parse(view.store)
        store = source.open()
        with create(store.dim, store.vectors.dtype) as writer:
            write_view(writer, store, name, view.seed, source.split)
        return
    world = bind(World, [(text, parameters)], base=World(name)).options
    with create(world.dim, "float32") as writer:
        write_world(writer, world)


def write_view(writer: StoreWriter, store: Store, view: str, seed: int, split: str | None) -> None:
    """Write the articles of ``store``, or those of a ``split``, ``shuffled`` (by ``seed``) or
    ``reversed``; they keep their length, order, splits and titles, and lose their texts."""
    in_split = [split in (None, article.get("split")) for article in store.articles]
    what = f"has no articles in split {split!r}"
    hint = f"assign splits with lvmctl data split {typed(store.path)}"
    refuse(not any(in_split), what, store.path, hint)
    what = "holds separate windows, whose order cannot be changed"
    refuse(store.window_shape is not None, what, store.path, "use a store of articles")
    for key in ("encoder", "note"):
        if key in store.manifest:
            writer.manifest[key] = store.manifest[key]
    details = ({"seed": seed} if view == "shuffled" else {}) | ({"split": split} if split else {})
    writer.manifest["made"] = made(
        f"synth {view}", store=str(store.path), content_hash=store.content_hash, **details
    )
    for index in np.flatnonzero(in_split):
        article = store.articles[index]
        low, high = store.offsets[index], store.offsets[index + 1]
        rows = np.array(store.vectors[low:high])
        if view == "reversed":
            rows = rows[::-1]
        else:
            rows = np.random.default_rng((seed, int(index))).permutation(rows)
        writer.article(article, rows)
        release(store.vectors)
