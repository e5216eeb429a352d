"""Core's own records, declared through the hooks any plugin uses."""

from lvmctl.baselines.records import BASELINES
from lvmctl.data.records import FIELDS
from lvmctl.data.text.decoders.records import DECODERS
from lvmctl.data.text.encoders.records import ENCODERS
from lvmctl.diagnostics.records import DIAGNOSTICS
from lvmctl.evaluation.gates.records import GATES, PROFILES
from lvmctl.nn.losses.records import LOSSES
from lvmctl.nn.records import MODELS, RECIPES
from lvmctl.registry.hookspecs import hookimpl
from lvmctl.registry.specs import (
    BaselineSpec,
    BatchFieldSpec,
    DecoderSpec,
    DiagnosticSpec,
    EncoderSpec,
    LossSpec,
    ModelSpec,
    RecipeSpec,
)
from lvmctl.registry.verdict_specs import ProfileSpec, VerdictGate


@hookimpl
def lvmctl_recipes() -> tuple[RecipeSpec, ...]:
    return RECIPES


@hookimpl
def lvmctl_models() -> tuple[ModelSpec, ...]:
    return MODELS


@hookimpl
def lvmctl_batch_fields() -> tuple[BatchFieldSpec, ...]:
    return FIELDS


@hookimpl
def lvmctl_losses() -> tuple[LossSpec, ...]:
    return LOSSES


@hookimpl
def lvmctl_encoders() -> tuple[EncoderSpec, ...]:
    return ENCODERS


@hookimpl
def lvmctl_decoders() -> tuple[DecoderSpec, ...]:
    return DECODERS


@hookimpl
def lvmctl_baselines() -> tuple[BaselineSpec, ...]:
    return BASELINES


@hookimpl
def lvmctl_gates() -> tuple[VerdictGate, ...]:
    return GATES


@hookimpl
def lvmctl_profiles() -> tuple[ProfileSpec, ...]:
    return PROFILES


@hookimpl
def lvmctl_diagnostics() -> tuple[DiagnosticSpec, ...]:
    return DIAGNOSTICS
