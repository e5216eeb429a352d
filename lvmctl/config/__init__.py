"""Options, where their values come from, and named experiments."""

from lvmctl.config.bind import Bound, bind, matches, parse_assignments, suggestion
from lvmctl.config.experiments import (
    Experiment,
    Experiments,
    disabled_plugins,
    is_pattern,
    load_experiments,
)
from lvmctl.config.options import (
    TRANSFORMS,
    OptionInfo,
    TrainingOptions,
    describe,
    option,
    values_of,
    with_values,
)

__all__ = [
    "TRANSFORMS",
    "Bound",
    "Experiment",
    "Experiments",
    "OptionInfo",
    "TrainingOptions",
    "bind",
    "describe",
    "disabled_plugins",
    "is_pattern",
    "load_experiments",
    "matches",
    "option",
    "parse_assignments",
    "suggestion",
    "values_of",
    "with_values",
]
