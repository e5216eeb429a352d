"""Options, where their values come from, and named experiments."""

from lvmctl.config.bind import Bound, bind, parse_assignments, split_parts
from lvmctl.config.experiments import (
    Experiment,
    Experiments,
    disabled_plugins,
    is_pattern,
    load_experiments,
)
from lvmctl.config.options import TRANSFORMS, OptionInfo, TrainingOptions, describe, option

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
    "option",
    "parse_assignments",
    "split_parts",
]
