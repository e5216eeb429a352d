"""What this distribution declares."""

from __future__ import annotations

from lvmctl import LossSpec, MetricSpec, ProfileSpec, RecipeSpec, VerdictGate, hookimpl
from lvmctl_p6b.gates import GATES, PROFILES
from lvmctl_p6b.options import DirectionalOptions, P6bOptions


@hookimpl
def lvmctl_recipes() -> list[RecipeSpec]:
    return [
        RecipeSpec(
            name="p6b",
            summary="Squared error and a directional loss scaled to it, two chunks ahead.",
            target="lvmctl_p6b.recipe:compose",
            options=P6bOptions,
        )
    ]


@hookimpl
def lvmctl_losses() -> list[LossSpec]:
    return [
        LossSpec(
            name="directional",
            summary="Smooth hinge on cos(q, y) - cos(q, second_last), scaled to the squared error.",
            target="lvmctl_p6b.directional:Directional",
            options=DirectionalOptions,
            needs=("target", "second_last"),
            needs_prediction=("raw",),
            regulariser=True,  # its confidence turns it off at the target
        )
    ]


@hookimpl
def lvmctl_gates() -> tuple[VerdictGate, ...]:
    return GATES


@hookimpl
def lvmctl_profiles() -> tuple[ProfileSpec, ...]:
    return PROFILES


@hookimpl
def lvmctl_metrics() -> list[MetricSpec]:
    return [
        MetricSpec(
            name="loss_share",
            summary="λ_eff·L_dir/MSE, what the directional term has of the squared error.",
            low=0.0,
        ),
        MetricSpec(
            name="loss_share_target",
            summary="The share of the squared error that the stage aims at.",
            low=0.0,
            scheduled=True,
        ),
    ]
