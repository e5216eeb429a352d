"""From the options of P1 to P6 to their models, losses and curricula."""

from __future__ import annotations

from dataclasses import fields

from lvmctl.nn.sequence.options import SequenceOptions
from lvmctl.plugins import Composition, Part, TrainingOptions
from lvmctl_classic.options import (
    DistinctOptions,
    ForwardPreferenceOptions,
    GuardOptions,
    P1Options,
    P2Options,
    P3Options,
    P4Options,
    P5Options,
    P6Options,
    P51Options,
    RampOptions,
    ResidualOptions,
    RolloutOptions,
    WindowDropoutOptions,
)

MSE = Part("core/mse")


def p1(options: P1Options) -> Composition:
    """P1: free head, squared error."""
    return compose(options, free(options), MSE)


def p2(options: P2Options) -> Composition:
    """P2: a step from the newest chunk; squared error, and guards from epoch 6."""
    model = part("classic/residual", ResidualOptions, options)
    return compose(options, model, MSE, guard(options))


def p3(options: P3Options) -> Composition:
    """P3: free head; squared error, and guards and window dropout from epoch 6."""
    model = part("classic/window-dropout", WindowDropoutOptions, options)
    return compose(options, model, MSE, guard(options))


def p4(options: P4Options) -> Composition:
    """P4: free head; squared error, and that of a rollout from epoch 4."""
    rollout = part("classic/rollout", RolloutOptions, options, options.w_rollout)
    return compose(options, free(options), MSE, rollout)


def p5(options: P5Options) -> Composition:
    """P5: free head that is told positions; squared error; distinct windows first."""
    return compose(options, ramp(options), MSE, gates=(distinct(options),))


def p51(options: P51Options) -> Composition:
    """P5.1: P5, a ramp that grows, and a soft preference of the target over last."""
    forward = part(
        "classic/forward-preference", ForwardPreferenceOptions, options, options.w_forward
    )
    return compose(options, ramp(options), MSE, forward, gates=(distinct(options),))


def p6(options: P6Options) -> Composition:
    """P6: free head, squared error, the chunk after next."""
    return compose(options, free(options), MSE)


def compose(
    options: TrainingOptions, model: Part, *losses: Part, gates: tuple[Part, ...] = ()
) -> Composition:
    """What all of them have in common."""
    return Composition(model, losses, gates=gates, run_name={"c": options.context})


def part(name: str, record: type, options: TrainingOptions, weight: float | str = 1.0) -> Part:
    """A part that has the recipe's values for its own options."""
    return Part(name, {f.name: getattr(options, f.name) for f in fields(record)}, weight)


def free(options: TrainingOptions) -> Part:
    return part("core/free", SequenceOptions, options)


def guard(options: P2Options | P3Options) -> Part:
    return part("classic/guard", GuardOptions, options, options.w_guard)


def ramp(options: P5Options) -> Part:
    return part("classic/ramp", RampOptions, options)


def distinct(options: P5Options) -> Part:
    return part("classic/distinct", DistinctOptions, options)
