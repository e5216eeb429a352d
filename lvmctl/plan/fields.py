"""The batch fields of plugins that parts read."""

from __future__ import annotations

from collections.abc import Iterable

from lvmctl.core.batch import FIELDS, bare_name
from lvmctl.core.errors import LvmctlError, UsageError, nearest
from lvmctl.plan.plan import PlannedPart
from lvmctl.registry import Entry, Registry

RETIRED = {"weight": "lvmctl weighs what a loss returns, see docs/plugins/versions.md"}
"""Fields of earlier versions, and what takes their place."""


def batch_fields(
    registry: Registry, parts: Iterable[PlannedPart], problems: list[str] | None = None
) -> dict[str, Entry]:
    """The fields of plugins that losses and sample weights read, by their names in a batch.

    Args:
        registry: where they are looked up; a part sees its own plugin's first.
        parts: losses and sample weights.
        problems: errors are appended to it; without it, they are raised.
    """
    fields: dict[str, Entry] = {}
    for part in parts:
        for name in part.entry.record.needs:
            if name in FIELDS:
                continue
            try:
                entry = field_of(registry, part, name)
                if fields.setdefault(entry.name, entry) != entry:
                    both = f"{fields[entry.name].qualified} and {entry.qualified}"
                    raise UsageError(f"{both} are both batch.{entry.name}, leave one out")
            except LvmctlError as error:
                if problems is None:
                    raise
                problems.append(str(error))
    return fields


def field_of(registry: Registry, part: PlannedPart, name: str) -> Entry:
    """The field that a part calls ``name``."""
    known = registry.entries("field")
    if not any(entry.means(name) for entry in known):
        names = [*FIELDS, *(entry.name for entry in known)]
        hint = RETIRED.get(name)
        if hint is None and (close := nearest(bare_name(name), names)):
            hint = f"did you mean {close!r}?"
        raise UsageError(
            f"{part.entry.kind} {part.entry.name} needs batch field {name!r}, which does not exist",
            hint=hint or f"there are {', '.join(names)}",
        )
    return registry.get("field", name, within=part.entry.plugin)
