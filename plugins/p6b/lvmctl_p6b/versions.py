"""The versions of P6b, as published (docs/methods.md#recipes)."""

from __future__ import annotations

from dataclasses import dataclass, replace


@dataclass(frozen=True)
class Stage:
    """What holds from an epoch on.

    Attributes:
        epoch: first epoch of the stage, counted from 1.
        margin: m, gap asked for.
        share: target of λ_eff·L_dir/MSE.
        cap: what the share may never exceed; None for no cap.
    """

    epoch: int
    margin: float
    share: float
    cap: float | None = None


@dataclass(frozen=True)
class Version:
    """One version of the directional loss.

    Attributes:
        stages: margins and shares by epoch.
        gamma: γ, steepness of the smooth hinge.
        lambda_max: upper clamp of λ_eff; the lower one is :data:`LAMBDA_MIN`.
        ratio_weight: share of the ratio hinge in L_dir, the rest is the gap hinge's.
        skip: when the directional term is left out: ``never``, at ``negative`` cosines, or at
            cosines of ``bad-sign``.
        floor, floor_weight: τ and β of β·relu(τ - cos(q, y))².
        norm_weight: factor of (‖q_raw‖ - 1)².
        orthogonality: factor of cos(q, second_last)².
        confidence: λ_eff grows with cos_next, from nothing at .30 to all at .45.
    """

    stages: tuple[Stage, ...]
    gamma: float
    lambda_max: float
    ratio_weight: float = 0.0
    skip: str = "never"
    floor: float = 0.0
    floor_weight: float = 0.0
    norm_weight: float = 0.0
    orthogonality: float = 0.0
    confidence: bool = False

    def stage(self, epoch: int) -> Stage:
        """What holds in an epoch, counted from 1."""
        return max((s for s in self.stages if s.epoch <= epoch), key=lambda stage: stage.epoch)


LAMBDA_MIN = 1e-4
"""Lower clamp of λ_eff: v1's, kept for the versions that name none."""

RATIO_MARGIN = 0.05
"""Margin of the ratio hinge."""

V1 = Version(
    # The report counts epochs from 0: 0-1, 2-4, from 5.
    stages=(Stage(1, 0.02, 0.10), Stage(3, 0.04, 0.20), Stage(6, 0.05, 0.25)),
    gamma=8.0,
    lambda_max=5e-2,
)
V2 = Version(
    stages=(
        Stage(1, 0.02, 0.10),
        Stage(4, 0.03, 0.15),
        Stage(7, 0.04, 0.20),
        Stage(10, 0.05, 0.25),
    ),
    gamma=4.0,
    lambda_max=0.02,
    skip="negative",
)
V2_1 = replace(
    V2,
    stages=tuple(replace(stage, share=0.15, cap=0.25) for stage in V2.stages),
    ratio_weight=0.3,
    skip="bad-sign",
    floor=0.10,
    floor_weight=1e-3,
    norm_weight=1e-3,
)
V2_2 = replace(
    V2_1,
    stages=(Stage(1, 0.06, 0.15, 0.35), Stage(4, 0.06, 0.25, 0.45), Stage(7, 0.07, 0.35, 0.50)),
    lambda_max=0.03,
    floor=0.12,
    floor_weight=2e-3,
    orthogonality=5e-4,
)
V2_3 = replace(
    V2_2,
    stages=(Stage(1, 0.02, 0.15, 0.30), Stage(4, 0.03, 0.20, 0.35), Stage(7, 0.04, 0.25, 0.40)),
    lambda_max=0.018,
    floor=0.10,
    floor_weight=1e-3,
    orthogonality=1e-4,
    confidence=True,
)

VERSIONS = {"1": V1, "2": V2, "2.1": V2_1, "2.2": V2_2, "2.3": V2_3}
