"""First tier: which plugins are installed. Reads metadata, imports nothing."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import metadata

import lvmctl

GROUP = "lvmctl"
"""The entry-point group plugins register in."""

UNPACKAGED = "unpackaged"
"""The version of a plugin that is a file and no distribution."""


@dataclass(frozen=True)
class Origin:
    """Where a plugin comes from: an entry point that is installed, or a file.

    Attributes:
        name: the entry point's name, the plugin's own word for itself.
        distribution: name of the distribution that installed it.
        version: that distribution's version.
        module: dotted name of its torch-free declaration module.
    """

    name: str
    distribution: str
    version: str
    module: str

    def __str__(self) -> str:
        return f"{self.name} ({self.distribution} {self.version})"

    def known_as(self, name: str) -> bool:
        """Whether ``name`` means this plugin: its own name or its distribution's."""
        return name in (self.name, self.distribution)


CORE = Origin("core", "lvmctl", lvmctl.__version__, "lvmctl.builtin")
"""Core's own records, declared by the same hooks from a module that needs no entry point."""


def find() -> list[Origin]:
    """Every installed plugin, by distribution and name. Damaged metadata hides only itself."""
    seen: dict[str, list[Origin]] = {}
    for distribution in metadata.distributions():
        try:
            if f"[{GROUP}]" not in (distribution.read_text("entry_points.txt") or ""):
                continue
            name = distribution.metadata.get("Name") or "unknown"
            version = distribution.metadata.get("Version") or "unknown"
        except (OSError, ValueError):  # unreadable or not text
            continue
        # An earlier place on the path hides a later one, as it does for imports; `-`, `_` and `.`
        # are the same in a distribution's name.
        seen.setdefault(
            re.sub(r"[-_.]+", "-", name).lower(), list(_points(distribution, name, version))
        )
    return sorted(
        (origin for group in seen.values() for origin in group),
        key=lambda origin: (origin.distribution.lower(), origin.name),
    )


def _points(distribution: metadata.Distribution, name: str, version: str) -> Iterator[Origin]:
    try:
        points = list(distribution.entry_points)
    except Exception as error:  # not in the format: shown as a plugin that cannot load
        yield Origin(name, name, version, f"entry_points.txt: {error}")
        return
    for point in points:
        if point.group == GROUP:
            yield Origin(point.name, name, version, point.value.strip())
