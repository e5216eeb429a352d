"""Options of core's losses."""

from __future__ import annotations

from dataclasses import dataclass

from lvmctl.config.options import option


@dataclass(frozen=True, kw_only=True)
class PreviousRepelOptions:
    """Options of the previous-repel hinge."""

    margin: float = option(0.07, "margin asked between target and last", low=0.0, high=2.0)
