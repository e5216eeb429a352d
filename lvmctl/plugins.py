"""What a plugin's torch-free ``plugin.py`` imports, in one place."""

from lvmctl.config.options import TrainingOptions, option
from lvmctl.hookspecs import hookimpl
from lvmctl.spec import (
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
