"""The hooks a plugin may implement, each a plain function of its ``plugin.py``.

A declaration hook takes no argument and returns an iterable of frozen records. A lifecycle hook is
called by the training loop. The smallest plugin::

    import lvmctl

    @lvmctl.hookimpl
    def lvmctl_losses():
        return [lvmctl.LossSpec(name="angular", summary="Angle to the target.",
                                target="my_package.loss:Angular")]

and in its pyproject::

    [project.entry-points.lvmctl]
    angular = "my_package.plugin"
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import pluggy

if TYPE_CHECKING:
    from lvmctl.registry import specs as spec
    from lvmctl.registry import verdict_specs as verdicts
    from lvmctl.registry.record import CommandSpec

hookspec = pluggy.HookspecMarker("lvmctl")
hookimpl = pluggy.HookimplMarker("lvmctl")


@hookspec
def lvmctl_recipes() -> Iterable[spec.RecipeSpec]:  # type: ignore[empty-body]
    """Recipes, what ``lvmctl train --plugin NAME`` names."""


@hookspec
def lvmctl_models() -> Iterable[spec.ModelSpec]:  # type: ignore[empty-body]
    """Models: context (B, K, D) → :class:`lvmctl.core.batch.Prediction`."""


@hookspec
def lvmctl_losses() -> Iterable[spec.LossSpec]:  # type: ignore[empty-body]
    """Losses: (prediction, batch, step) → one value per window, (B,)."""


@hookspec
def lvmctl_batch_fields() -> Iterable[spec.BatchFieldSpec]:  # type: ignore[empty-body]
    """Batch fields: what losses read of windows beside core's own fields."""


@hookspec
def lvmctl_gates() -> Iterable[verdicts.Gates]:  # type: ignore[empty-body]
    """Gates: verdicts, kill rules, sample weights and curricula."""


@hookspec
def lvmctl_profiles() -> Iterable[verdicts.ProfileSpec]:  # type: ignore[empty-body]
    """Profiles, what ``lvmctl eval 5cat --profile NAME`` names."""


@hookspec
def lvmctl_metrics() -> Iterable[verdicts.MetricSpec]:  # type: ignore[empty-body]
    """Metrics: what is known of figures that losses and models log."""


@hookspec
def lvmctl_diagnostics() -> Iterable[spec.DiagnosticSpec]:  # type: ignore[empty-body]
    """Diagnostics over stores and runs."""


@hookspec
def lvmctl_encoders() -> Iterable[spec.EncoderSpec]:  # type: ignore[empty-body]
    """Encoders: texts → vectors."""


@hookspec
def lvmctl_decoders() -> Iterable[spec.DecoderSpec]:  # type: ignore[empty-body]
    """Decoders: vectors → texts."""


@hookspec
def lvmctl_baselines() -> Iterable[spec.BaselineSpec]:  # type: ignore[empty-body]
    """Baselines: predictors that need no training run."""


@hookspec
def lvmctl_commands() -> Iterable[CommandSpec]:  # type: ignore[empty-body]
    """Commands added to the top level of ``lvmctl``."""


@hookspec
def lvmctl_check_training(options: Any) -> None:
    """Called with the resolved options before a run directory is made; of a plugin that
    ``--set track=`` names, what it raises ends the command."""


@hookspec
def lvmctl_before_run(run: Any) -> None:
    """Called once, when the run directory exists and before the first step."""


@hookspec
def lvmctl_after_epoch(run: Any, epoch: int, metrics: dict[str, Any]) -> str | None:
    """Called after each epoch with its history record; a returned reason stops the training."""


@hookspec
def lvmctl_after_run(run: Any, result: dict[str, Any]) -> None:
    """Called once at the end, also after a stop by a rule."""
