"""From the options of P1 to P6 to their models, losses and curricula."""

from __future__ import annotations

from lvmctl import Composition, Part, TrainingOptions
from lvmctl_classic.options import (
    P1Options,
    P2Options,
    P3Options,
    P4Options,
    P5Options,
    P6Options,
    P51Options,
)

MSE = Part("core/mse")


def p1(options: P1Options) -> Composition:
    """P1: free head, squared error."""
    return compose(options, Part("core/free", options.sequence), MSE)


def p2(options: P2Options) -> Composition:
    """P2: a step from the newest chunk; squared error, and guards from epoch 6."""
    guard = Part("classic/guard", options.guard, options.w_guard)
    return compose(options, Part("classic/residual", options.sequence), MSE, guard)


def p3(options: P3Options) -> Composition:
    """P3: free head; squared error, and guards and window dropout from epoch 6."""
    guard = Part("classic/guard", options.guard, options.w_guard)
    return compose(options, Part("classic/window-dropout", options.sequence), MSE, guard)


def p4(options: P4Options) -> Composition:
    """P4: free head; squared error, and that of a rollout from epoch 4."""
    rollout = Part("classic/rollout", options.rollout, options.w_rollout)
    return compose(options, Part("core/free", options.sequence), MSE, rollout)


def p5(options: P5Options, *losses: Part) -> Composition:
    """P5: free head that is told positions; squared error; distinct windows first."""
    distinct = Part("classic/distinct", options.distinct)
    model = Part("classic/ramp", options.sequence)
    return compose(options, model, MSE, *losses, gates=(distinct,))


def p51(options: P51Options) -> Composition:
    """P5.1: P5, a ramp that grows, and a soft preference of the target over last."""
    preference = options.forward_preference
    return p5(options, Part("classic/forward-preference", preference, options.w_forward))


def p6(options: P6Options) -> Composition:
    """P6: free head, squared error, the chunk after next."""
    return compose(options, Part("core/free", options.sequence), MSE)


def compose(
    options: TrainingOptions, model: Part, *losses: Part, gates: tuple[Part, ...] = ()
) -> Composition:
    """What all of them have in common."""
    return Composition(model, losses, gates=gates, run_name={"c": options.context})
