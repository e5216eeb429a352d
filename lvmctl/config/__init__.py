"""Options, where their values come from, and named experiments."""

from lvmctl.config.bind import Bound as Bound
from lvmctl.config.bind import bind as bind
from lvmctl.config.bind import matches as matches
from lvmctl.config.bind import parse_assignments as parse_assignments
from lvmctl.config.bind import suggestion as suggestion
from lvmctl.config.experiments import Experiment as Experiment
from lvmctl.config.experiments import Experiments as Experiments
from lvmctl.config.experiments import disabled_plugins as disabled_plugins
from lvmctl.config.experiments import is_pattern as is_pattern
from lvmctl.config.experiments import load_experiments as load_experiments
from lvmctl.config.options import TRANSFORMS as TRANSFORMS
from lvmctl.config.options import OptionInfo as OptionInfo
from lvmctl.config.options import TrainingOptions as TrainingOptions
from lvmctl.config.options import describe as describe
from lvmctl.config.options import option as option
from lvmctl.config.options import values_of as values_of
from lvmctl.config.options import with_values as with_values
