"""Progress on stderr, only on a terminal."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def progress(what: str, unit: str, total: int | None = None) -> Iterator[Callable[[int], object]]:
    """A bar; the function it gives is told how many ``unit`` were done since the last call."""
    from tqdm import tqdm

    with tqdm(desc=what, unit=f" {unit}", total=total, disable=None, leave=False) as bar:
        yield bar.update
