"""P6b's options, with the published settings as defaults."""

from __future__ import annotations

from dataclasses import dataclass

from lvmctl import SequenceOptions, TrainingOptions, option
from lvmctl_p6b.versions import VERSIONS


@dataclass(frozen=True, kw_only=True)
class DirectionalOptions:
    """Options of the directional loss: a version, and what to change of it."""

    version: str = option("2.3", "which published version", choices=tuple(VERSIONS))
    margin: float | None = option(None, "gap asked for; none: the version's", low=-2.0, high=2.0)
    share: float | None = option(
        None, "λ_eff·L_dir/MSE aimed at; none: the version's", low=1e-6, high=1e6
    )
    share_cap: float | None = option(
        None, "largest λ_eff·L_dir/MSE; none: the version's", low=0.0, high=1e6
    )
    lambda_max: float | None = option(
        None, "largest λ_eff; none: the version's", low=1e-4, high=1e6
    )
    gamma: float | None = option(
        None, "steepness of the smooth hinge; none: the version's", low=1e-3, high=1e6
    )


@dataclass(frozen=True, kw_only=True)
class P6bOptions(TrainingOptions):
    """Everything `lvmctl train --plugin p6b --set` can change."""

    horizon: int = option(
        2, "h: P6b predicts the chunk after next, so that copying last does not pay", low=2, high=2
    )
    epochs: int = 12
    sequence: SequenceOptions = SequenceOptions()
    directional: DirectionalOptions = DirectionalOptions()
    w_mse: float = option(1.0, "weight of the squared error", low=0.0, high=1e6)
    w_directional: float = option(1.0, "weight of the directional loss", low=0.0, high=1e6)
