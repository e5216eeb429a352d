"""From the name of a plugin to those of its package; which names can be had."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection
from dataclasses import dataclass

from lvmctl import UsageError
from lvmctl.registry import Registry

LONGEST = 24
"""Characters of a name: with it the longest line of a template has 100."""
NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
PREFIX = "lvmctl-"
RULE = (
    "lower-case letters and digits joined by hyphens, a letter first, at most "
    f"{LONGEST} characters, without {PREFIX} before it"
)


@dataclass(frozen=True)
class Names:
    """What things are called that belong to a plugin called ``name``, such as ``angular-margin``.

    Raises:
        UsageError: ``name`` breaks :data:`RULE`; a name that keeps it is suggested.
    """

    name: str

    def __post_init__(self) -> None:
        if not allowed(self.name):
            close = suggestion(self.name)
            hint = f"did you mean {close}?" if close else "choose another"
            raise UsageError(f"{self.name!r} is not a name for a plugin ({RULE})", hint=hint)

    @property
    def distribution(self) -> str:
        """``lvmctl-angular-margin``, what pip installs."""
        return PREFIX + self.name

    @property
    def package(self) -> str:
        """``lvmctl_angular_margin``, what Python imports."""
        return self.distribution.replace("-", "_")

    @property
    def module(self) -> str:
        """``angular_margin``."""
        return self.name.replace("-", "_")

    @property
    def title(self) -> str:
        """``AngularMargin``, how its class begins."""
        return "".join(word.capitalize() for word in self.name.split("-"))


def allowed(name: str) -> bool:
    """Whether ``name`` keeps :data:`RULE`."""
    fits = len(name) <= LONGEST and not name.startswith(PREFIX)
    return fits and NAME.fullmatch(name) is not None


def suggestion(name: str) -> str | None:
    """The name nearest to ``name`` that keeps :data:`RULE`; None where nothing is left of it."""
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "-", name)
    ascii_only = unicodedata.normalize("NFKD", words).encode("ascii", "ignore").decode()
    hyphened = re.sub(r"[^a-z0-9]+", "-", ascii_only.lower()).strip("-")
    bare = re.sub(rf"^({PREFIX})*[0-9-]*", "", hyphened)[:LONGEST].strip("-")
    return bare if allowed(bare) else None


def refuse_taken(
    registry: Registry, kind: str, names: Names, reserved: Collection[str] = ()
) -> None:
    """Refuse a name that is taken: users would have to qualify it.

    Args:
        reserved: names of this kind that are no plugin's.
    """
    owners = [
        f"plugin {plugin.origin}"
        for plugin in registry.plugins
        if plugin.origin.known_as(names.name) or plugin.origin.known_as(names.distribution)
    ]
    for entry in registry.entries():
        if entry.name == names.name:
            owners.append(f"{entry.kind} {entry.qualified}")
    if names.name in reserved:
        owners.append(f"{kind} {names.name} of lvmctl itself")
    if owners:
        raise UsageError(
            f"the name {names.name!r} is taken by {owners[0]}",
            hint="choose another name, or users must write it with its plugin",
        )
