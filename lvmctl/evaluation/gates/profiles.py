"""Profiles: named sets of verdict gates, and how many of them a model has to pass (METHODS §3)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lvmctl.core.errors import UsageError, nearest
from lvmctl.registry.specs import GateSpec

if TYPE_CHECKING:
    from lvmctl.registry import Entry


@dataclass(frozen=True)
class Profile:
    """What a model is judged by.

    Attributes:
        name: what ``--profile`` takes; its gates carry it.
        summary: one line about it.
        needed: how many of its tests have to pass; None means all.
        source: whose rules these are.
    """

    name: str
    summary: str
    needed: int | None = None
    source: str = ""


PROFILES = (
    Profile(
        "p6b",
        "5CAT: three of its five tests pass, four are expected; deployment bounds beside it.",
        needed=3,
        source="P6b implementation notes",
    ),
    Profile("strict", "5CAT as the original's production gate.", source="METHODS §3"),
    Profile("p7", "Margin, cosine and anchor.", source="P7 implementation notes"),
    Profile("p8", "Margin, retrieval and order.", source="P8 pivot notes"),
    Profile("ship", "Retrieval well above direct, at no more latency.", source="P7 quick start"),
    Profile("fair", "5CAT by the fair rules, against baselines.", source="METHODS §3"),
)
"""The profiles core knows."""


def find_profile(name: str, gates: Iterable[Entry | GateSpec]) -> tuple[Profile, list[GateSpec]]:
    """A profile and its verdict gates, in the order they were declared.

    Args:
        name: one of :data:`PROFILES`, or any profile that a plugin's gates carry; such a profile
            needs all of them.
        gates: entries of the registry or bare records; others than verdicts are passed over.

    Raises:
        UsageError: nothing carries the name; the nearest is suggested.
    """
    records = [gate if isinstance(gate, GateSpec) else gate.record for gate in gates]
    asked = [gate for gate in records if gate.role == "verdict"]
    known = {gate.profile: Profile(gate.profile, "Gates of a plugin.") for gate in asked}
    known |= {profile.name: profile for profile in PROFILES}
    if name not in known:
        close = nearest(name, list(known))
        mend = f"did you mean {close!r}?" if close else f"there are {', '.join(known)}"
        raise UsageError(f"there is no profile {name!r}", mend=mend)
    return known[name], [gate for gate in asked if gate.profile == name]
