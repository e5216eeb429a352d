"""What a plugin's torch-free ``plugin.py`` imports, in one place."""

from lvmctl.config.options import TrainingOptions, option
from lvmctl.registry.hookspecs import hookimpl
from lvmctl.registry.specs import (
    API_VERSION,
    BaselineSpec,
    CommandSpec,
    Composition,
    DiagnosticSpec,
    EncoderSpec,
    GateSpec,
    LossSpec,
    ModelSpec,
    NoOptions,
    Part,
    RecipeSpec,
    Shape,
)

__all__ = [
    "API_VERSION",
    "BaselineSpec",
    "CommandSpec",
    "Composition",
    "DiagnosticSpec",
    "EncoderSpec",
    "GateSpec",
    "LossSpec",
    "ModelSpec",
    "NoOptions",
    "Part",
    "RecipeSpec",
    "Shape",
    "TrainingOptions",
    "hookimpl",
    "option",
]
