"""What a plugin's torch-free ``plugin.py`` imports, in one place."""

from lvmctl.config.options import TrainingOptions, option
from lvmctl.registry.hookspecs import hookimpl
from lvmctl.registry.specs import (
    API_VERSION,
    BaselineSpec,
    BatchFieldSpec,
    CommandSpec,
    Composition,
    Curriculum,
    DiagnosticSpec,
    EncoderSpec,
    KillRule,
    LossSpec,
    ModelSpec,
    NoOptions,
    Part,
    RecipeSpec,
    SampleWeight,
    Shape,
)
from lvmctl.registry.verdict_specs import MetricSpec, ProfileSpec, VerdictGate

__all__ = [
    "API_VERSION",
    "BaselineSpec",
    "BatchFieldSpec",
    "CommandSpec",
    "Composition",
    "Curriculum",
    "DiagnosticSpec",
    "EncoderSpec",
    "KillRule",
    "LossSpec",
    "MetricSpec",
    "ModelSpec",
    "NoOptions",
    "Part",
    "ProfileSpec",
    "RecipeSpec",
    "SampleWeight",
    "Shape",
    "TrainingOptions",
    "VerdictGate",
    "hookimpl",
    "option",
]
