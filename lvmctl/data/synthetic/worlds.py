"""Synthetic worlds: exact processes on the unit sphere, whose every metric is known
(docs/methods.md#data).

``u`` is uniform on the unit sphere orthogonal to its argument and x_0 is uniform. Articles are made
in blocks with a generator each, so that memory is bounded and a longer world starts with the same
articles as a shorter one of the same seed.
"""

from __future__ import annotations

import itertools
import math
import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np

from lvmctl.core.errors import OutputError, UsageError, did_you_mean
from lvmctl.data.store.arrays import BLOCK_BYTES, unit64
from lvmctl.data.store.writer import StoreWriter, made

WORLDS = ("ar1", "rotation", "topic", "iid")
VIEWS = ("shuffled", "reversed")
_ENTRY_BYTES = 400
"""Memory of an article's manifest entry, roughly."""


@dataclass(frozen=True)
class World:
    """A synthetic process and its size.

    Attributes:
        name: ``ar1``, ``rotation``, ``topic`` or ``iid``.
        articles, chunks: how many articles, and chunks in each.
        dim: D >= 2; even for ``rotation`` (every axis lies in a plane), >= 3 for ``topic``.
        a: correlation of neighbours before the rotation, in [-1, 1].
        theta: angle of ``rotation`` in degrees, the same in every plane.
        f: share of the article's own direction in ``topic``, in [0, 1].
        seed: of everything random.
    """

    name: str
    articles: int = 400
    chunks: int = 40
    dim: int = 64
    a: float = 0.9
    theta: float = 40.0
    f: float = 0.3
    seed: int = 0

    def __post_init__(self) -> None:
        if self.name not in WORLDS:
            hint = did_you_mean(self.name, [*WORLDS, *VIEWS])
            raise UsageError(f"there is no synthetic world {self.name!r}", hint=hint)
        smallest = {"topic": 3}.get(self.name, 2)
        for key, ok, rule in (
            ("articles", self.articles >= 1, "at least 1"),
            ("chunks", self.chunks >= 1, "at least 1"),
            ("dim", self.dim >= smallest, f"at least {smallest}"),
            ("dim", self.name != "rotation" or self.dim % 2 == 0, "even (planes need two axes)"),
            ("a", -1 <= self.a <= 1, "between -1 and 1"),
            ("theta", math.isfinite(self.theta), "a finite number of degrees"),
            ("f", 0 <= self.f <= 1, "between 0 and 1"),
            ("seed", self.seed >= 0, "at least 0"),
        ):
            if not ok:
                raise UsageError(f"{self.name}: {key} is {getattr(self, key)}, it must be {rule}")

    @property
    def parameters(self) -> dict[str, float | int]:
        """The values that matter to this world."""
        unused = {
            "ar1": ("theta", "f"),
            "rotation": ("f",),
            "topic": ("theta",),
            "iid": ("a", "theta", "f"),
        }[self.name]
        names = [field.name for field in fields(self) if field.name not in ("name", *unused)]
        return {name: getattr(self, name) for name in names}


def simulate(world: World) -> Iterator[np.ndarray]:
    """Blocks of whole articles, (articles in the block, chunks, D) float64 of unit norm."""
    size = max(1, BLOCK_BYTES // (world.chunks * world.dim * 8))
    basis = plane_basis(world) if world.name == "rotation" else None
    for block, low in enumerate(range(0, world.articles, size)):
        rng = np.random.default_rng((world.seed, block))
        # Draw the whole block even when fewer articles are asked for: same seed, same articles.
        yield _articles(world, _Draws(rng, size, world.articles - low), basis)


def plane_basis(world: World) -> np.ndarray:
    """Q (D, D) orthogonal, uniform: plane j of the rotation is spanned by columns 2j and 2j+1."""
    rng = np.random.default_rng((world.seed, world.dim, 0x51))
    q, r = np.linalg.qr(rng.standard_normal((world.dim, world.dim)))
    return q * np.sign(np.diag(r))


def bayes_prediction(world: World, context: np.ndarray, horizon: int = 1) -> np.ndarray:
    """The prediction (B, D) of highest expected cosine, from contexts (B, K, D), for a > 0.

    ``ar1``: x_last. ``rotation``: R^h x_last. Of ``topic``, whose direction must be inferred, and
    ``iid``, which has none, a UsageError.
    """
    last = context[:, -1]
    if world.name == "ar1":
        return last
    if world.name == "rotation":
        basis = plane_basis(world)
        return _rotate(last @ basis, horizon * math.radians(world.theta)) @ basis.T
    raise UsageError(f"{world.name} has no closed-form prediction", hint="use ar1 or rotation")


def write_world(writer: StoreWriter, world: World) -> None:
    """Simulate ``world`` into a store, block by block."""
    _check_size(world, writer.directory)
    writer.manifest["encoder"] = {"name": "synth", "world": world.name, **world.parameters}
    writer.manifest["made"] = made("synth")
    articles = itertools.chain.from_iterable(simulate(world))
    for number, article in enumerate(articles):
        writer.article({"id": number, "title": f"{world.name} {number}"}, article)


def _check_size(world: World, directory: Path) -> None:
    """Refuse a world that the disk of ``directory`` or this machine's memory cannot hold."""
    article = world.chunks * world.dim * 8
    basis = world.dim**2 * 8 if world.name == "rotation" else 0
    entries = world.articles * _ENTRY_BYTES
    # Of a block and of a basis, three copies are alive at a time.
    memory = 3 * (max(article, BLOCK_BYTES) + basis) + entries
    disk = world.articles * article // 2 + entries // 4
    free = shutil.disk_usage(directory).free
    total = _memory()
    if disk > free:
        what = f"needs {disk:,} bytes of disk, {free:,} are free"
    elif total is not None and memory > total:
        what = f"needs {memory:,} bytes of memory, this machine has {total:,}"
    else:
        return
    raise OutputError(what, where=world.name, hint="ask for fewer articles, chunks or dimensions")


def _memory() -> int | None:
    """Bytes of memory in this machine, where the system says."""
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, ValueError, OSError):
        return None


class _Draws:
    """Random rows of a whole block of ``size`` articles, of which the first ``keep`` are kept."""

    def __init__(self, rng: np.random.Generator, size: int, keep: int) -> None:
        self.rng, self.size, self.count = rng, size, min(size, keep)

    def uniform(self, *shape: int, others: tuple[np.ndarray, ...] = ()) -> np.ndarray:
        """Uniform unit vectors (articles, ``*shape``), orthogonal to ``others``, which are
        orthonormal to each other."""
        u = self.rng.standard_normal((self.size, *shape))[: self.count]
        for other in others:
            u -= np.einsum("nd,nd->n", u, other)[:, None] * other
        return unit64(u)


def _articles(world: World, draws: _Draws, basis: np.ndarray | None) -> np.ndarray:
    if world.name == "iid":
        return draws.uniform(world.chunks, world.dim)
    chunks = np.empty((draws.count, world.chunks, world.dim))
    fixed = (draws.uniform(world.dim),) if world.name == "topic" else ()
    chunks[:, 0] = draws.uniform(world.dim, others=fixed)
    noise = math.sqrt(1 - world.a**2)
    for t in range(1, world.chunks):
        mean = chunks[:, t - 1]
        if basis is not None:
            mean = _rotate(mean, math.radians(world.theta))
        new = draws.uniform(world.dim, others=(mean, *fixed))
        chunks[:, t] = unit64(world.a * mean + noise * new)
    for topic in fixed:
        chunks = math.sqrt(world.f) * topic[:, None] + math.sqrt(1 - world.f) * chunks
    # x_0 and u are uniform, so the process may run in the basis of the planes and be turned once.
    return chunks if basis is None else chunks @ basis.T


def _rotate(x: np.ndarray, angle: float) -> np.ndarray:
    """Each pair of coordinates (2j, 2j+1) of ``x`` (n, D) turned by ``angle``."""
    even, odd = x[:, 0::2], x[:, 1::2]
    turned = np.empty_like(x)
    turned[:, 0::2] = math.cos(angle) * even - math.sin(angle) * odd
    turned[:, 1::2] = math.sin(angle) * even + math.cos(angle) * odd
    return turned
