"""Options of core's baselines (torch-free)."""

from __future__ import annotations

from dataclasses import dataclass

from lvmctl.config.options import MANY, option


@dataclass(frozen=True, kw_only=True)
class RidgeOptions:
    """The linear map of the whole window."""

    fit_windows: int = option(
        20_000, "fit on whole articles up to this many windows", low=1, high=MANY
    )
    penalties: tuple[float, ...] = option(
        (1e-4, 1e-3, 0.01, 0.1, 0.3, 1.0, 3.0, 10.0, 100.0, 1e3, 1e4),
        "penalties to choose from, in mean eigenvalues of the windows' second moment; the search "
        "goes uphill from the middle one",
        low=1e-9,
        high=1e9,
    )
    held_out: float = option(0.2, "share of the articles the penalty is chosen on", low=0, high=0.9)
    seed: int = option(0, "seed of which articles are fitted and held out", low=0, high=2**63 - 1)


@dataclass(frozen=True, kw_only=True)
class RandomOptions:
    """A random direction for every window."""

    seed: int = option(0, "seed of the directions", low=0, high=2**63 - 1)
