"""What this distribution declares."""

from __future__ import annotations

from lvmctl import Curriculum, LossSpec, ModelSpec, RecipeSpec, hookimpl
from lvmctl_classic import options


@hookimpl
def lvmctl_recipes() -> list[RecipeSpec]:
    return [
        recipe("p1", "Squared error alone.", "p1", options.P1Options),
        recipe("p2", "A step from the newest chunk, guarded.", "p2", options.P2Options),
        recipe("p3", "Guarded, from windows that lose chunks.", "p3", options.P3Options),
        recipe("p4", "Squared error of rollouts too.", "p4", options.P4Options),
        recipe("p5", "Forward-distinct windows first.", "p5", options.P5Options),
        recipe(
            "p5.1", "P5, with a soft preference of the target over last.", "p51", options.P51Options
        ),
        recipe("p6", "Squared error to the chunk after next.", "p6", options.P6Options),
    ]


@hookimpl
def lvmctl_models() -> list[ModelSpec]:
    return [
        ModelSpec(
            name="residual",
            summary="q = normalise(last + κ·Δ), κ learned from .5.",
            target="lvmctl_classic.residual:Residual",
            options=options.ResidualOptions,
            gives=("raw",),
        ),
        ModelSpec(
            name="window-dropout",
            summary="A free head whose windows lose chunks in training.",
            target="lvmctl_classic.window_dropout:WindowDropout",
            options=options.WindowDropoutOptions,
            gives=("raw",),
        ),
        ModelSpec(
            name="ramp",
            summary="A free head that is told each chunk's position.",
            target="lvmctl_classic.ramp:Ramp",
            options=options.RampOptions,
            gives=("raw",),
        ),
    ]


@hookimpl
def lvmctl_losses() -> list[LossSpec]:
    return [
        LossSpec(
            name="guard",
            summary="Hinge on cos(q, y) - cos(q, second_last).",
            target="lvmctl_classic.guard:Guard",
            options=options.GuardOptions,
            needs=("target", "second_last"),
        ),
        LossSpec(
            name="rollout",
            summary="Squared error of predictions that are fed back.",
            target="lvmctl_classic.rollout:Rollout",
            options=options.RolloutOptions,
            needs=("future", "future_mask"),
            needs_prediction=("rollout",),
        ),
        LossSpec(
            name="forward-preference",
            summary="Soft hinge on cos(q, y) - cos(q, last).",
            target="lvmctl_classic.forward_preference:ForwardPreference",
            options=options.ForwardPreferenceOptions,
            needs=("target", "last"),
        ),
    ]


@hookimpl
def lvmctl_gates() -> list[Curriculum]:
    return [
        Curriculum(
            name="distinct",
            summary="Windows whose target is nearer to last than to older chunks come first.",
            target="lvmctl_classic.distinct:Distinct",
            options=options.DistinctOptions,
        )
    ]


def recipe(name: str, summary: str, function: str, record: type) -> RecipeSpec:
    return RecipeSpec(
        name=name, summary=summary, target=f"lvmctl_classic.recipes:{function}", options=record
    )
