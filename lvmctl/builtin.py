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


@hookimpl
def lvmctl_recipes():
    return RECIPES


@hookimpl
def lvmctl_models():
    return MODELS


@hookimpl
def lvmctl_batch_fields():
    return FIELDS


@hookimpl
def lvmctl_losses():
    return LOSSES


@hookimpl
def lvmctl_encoders():
    return ENCODERS


@hookimpl
def lvmctl_decoders():
    return DECODERS


@hookimpl
def lvmctl_baselines():
    return BASELINES


@hookimpl
def lvmctl_gates():
    return GATES


@hookimpl
def lvmctl_profiles():
    return PROFILES


@hookimpl
def lvmctl_diagnostics():
    return DIAGNOSTICS
