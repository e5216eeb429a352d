"""lvmctl: train, measure and diagnose latent vector models.

All that users and plugin authors need is a name of this module (docs/python.md, docs/plugins).
Names are imported when they are first used: ``import lvmctl`` loads neither torch nor NumPy.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from lvmctl import sphere as sphere
    from lvmctl import testing as testing
    from lvmctl.api.decoding import Decoder as Decoder
    from lvmctl.api.decoding import load_decoder as load_decoder
    from lvmctl.api.diagnosis import diagnose as diagnose
    from lvmctl.api.embed import embed as embed
    from lvmctl.api.evaluation import compare as compare
    from lvmctl.api.evaluation import evaluate as evaluate
    from lvmctl.api.evaluation import evaluate_baselines as evaluate_baselines
    from lvmctl.api.importing import import_npz as import_npz
    from lvmctl.api.importing import store_from as store_from
    from lvmctl.api.importing import synth as synth
    from lvmctl.api.levels import add_level as add_level
    from lvmctl.api.load import load as load
    from lvmctl.api.model import Model as Model
    from lvmctl.api.predict_file import predict_file as predict_file
    from lvmctl.api.predicting import Predicted as Predicted
    from lvmctl.api.predicting import predict as predict
    from lvmctl.api.ranking import Ranking as Ranking
    from lvmctl.api.run import Run as Run
    from lvmctl.api.run_import import import_run as import_run
    from lvmctl.api.runs import RunSummary as RunSummary
    from lvmctl.api.runs import list_runs as list_runs
    from lvmctl.api.store import Store as Store
    from lvmctl.api.store import open_store as open_store
    from lvmctl.api.training import resume as resume
    from lvmctl.api.training import train as train
    from lvmctl.baselines.least_squares import fit_held_out as fit_held_out
    from lvmctl.config.options import TrainingOptions as TrainingOptions
    from lvmctl.config.options import option as option
    from lvmctl.core.batch import Batch as Batch
    from lvmctl.core.batch import Decoded as Decoded
    from lvmctl.core.batch import LossOutput as LossOutput
    from lvmctl.core.batch import Pool as Pool
    from lvmctl.core.batch import Prediction as Prediction
    from lvmctl.core.batch import Step as Step
    from lvmctl.core.chunks import Chunks as Chunks
    from lvmctl.core.diagnosis import Diagnosis as Diagnosis
    from lvmctl.core.diagnosis import Finding as Finding
    from lvmctl.core.diagnosis import Table as Table
    from lvmctl.core.errors import DataError as DataError
    from lvmctl.core.errors import DivergedError as DivergedError
    from lvmctl.core.errors import Interrupted as Interrupted
    from lvmctl.core.errors import LvmctlError as LvmctlError
    from lvmctl.core.errors import OutputError as OutputError
    from lvmctl.core.errors import PluginError as PluginError
    from lvmctl.core.errors import RunError as RunError
    from lvmctl.core.errors import UsageError as UsageError
    from lvmctl.core.files import write_json as write_json
    from lvmctl.core.formatting import format_number as format_number
    from lvmctl.core.json_input import read_json as read_json
    from lvmctl.core.listening import listen as listen
    from lvmctl.core.reporter import Reporter as Reporter
    from lvmctl.core.schedule import Schedule as Schedule
    from lvmctl.core.tree import get_number as get_number
    from lvmctl.data.splits.open import Splits as Splits
    from lvmctl.data.splits.open import open_split as open_split
    from lvmctl.data.splits.split import Split as Split
    from lvmctl.data.store.writer import write_store as write_store
    from lvmctl.data.text.segmentation import words as words
    from lvmctl.data.windows import Windows as Windows
    from lvmctl.diagnostics.runs.history import History as History
    from lvmctl.diagnostics.runs.history import read_history as read_history
    from lvmctl.evaluation.statistics.intervals import Resampling as Resampling
    from lvmctl.nn.losses.records import PreviousRepelOptions as PreviousRepelOptions
    from lvmctl.nn.sequence.model import sequence_model as sequence_model
    from lvmctl.nn.sequence.options import SequenceOptions as SequenceOptions
    from lvmctl.processes import sum_over_processes as sum_over_processes
    from lvmctl.registry.hookspecs import hookimpl as hookimpl
    from lvmctl.registry.record import CommandSpec as CommandSpec
    from lvmctl.registry.record import NoOptions as NoOptions
    from lvmctl.registry.specs import API_VERSION as API_VERSION
    from lvmctl.registry.specs import BaselineSpec as BaselineSpec
    from lvmctl.registry.specs import BatchFieldSpec as BatchFieldSpec
    from lvmctl.registry.specs import Composition as Composition
    from lvmctl.registry.specs import Curriculum as Curriculum
    from lvmctl.registry.specs import DecoderSpec as DecoderSpec
    from lvmctl.registry.specs import DiagnosticSpec as DiagnosticSpec
    from lvmctl.registry.specs import EncoderSpec as EncoderSpec
    from lvmctl.registry.specs import KillRule as KillRule
    from lvmctl.registry.specs import LossSpec as LossSpec
    from lvmctl.registry.specs import ModelSpec as ModelSpec
    from lvmctl.registry.specs import Part as Part
    from lvmctl.registry.specs import RecipeSpec as RecipeSpec
    from lvmctl.registry.specs import SampleWeight as SampleWeight
    from lvmctl.registry.specs import Shape as Shape
    from lvmctl.registry.verdict_specs import MetricSpec as MetricSpec
    from lvmctl.registry.verdict_specs import ProfileSpec as ProfileSpec
    from lvmctl.registry.verdict_specs import VerdictGate as VerdictGate

_NAMES = {
    # For users.
    "api.diagnosis": "diagnose",
    "api.evaluation": "compare evaluate evaluate_baselines",
    "api.training": "resume train",
    "api.run": "Run",
    "api.runs": "list_runs RunSummary",
    "core.reporter": "Reporter",
    "api.importing": "import_npz store_from synth",
    "api.run_import": "import_run",
    "api.levels": "add_level",
    "api.embed": "embed",
    "api.store": "open_store Store",
    "api.decoding": "Decoder load_decoder",
    "api.model": "Model",
    "api.ranking": "Ranking",
    "baselines.least_squares": "fit_held_out",
    "api.load": "load",
    "api.predicting": "predict Predicted",
    "api.predict_file": "predict_file",
    "core.listening": "listen",
    # For plugin.py: records and their options. None of these loads torch or NumPy.
    "registry.record": "CommandSpec NoOptions",
    "registry.specs": "API_VERSION BaselineSpec BatchFieldSpec Composition Curriculum DecoderSpec "
    "DiagnosticSpec EncoderSpec KillRule LossSpec ModelSpec Part RecipeSpec SampleWeight Shape",
    "registry.verdict_specs": "MetricSpec ProfileSpec VerdictGate",
    "nn.losses.records": "PreviousRepelOptions",
    "nn.sequence.options": "SequenceOptions",
    "config.options": "option TrainingOptions",
    "registry.hookspecs": "hookimpl",
    # What a plugin's parts take and return.
    "core.batch": "Batch Decoded LossOutput Pool Prediction Step",
    "core.chunks": "Chunks",
    "core.diagnosis": "Diagnosis Finding Table",
    "diagnostics.runs.history": "History read_history",
    "evaluation.statistics.intervals": "Resampling",
    "core.schedule": "Schedule",
    "data.splits.split": "Split",
    "data.splits.open": "open_split Splits",
    "data.windows": "Windows",
    "core.formatting": "format_number",
    "core.tree": "get_number",
    "data.text.segmentation": "words",
    "core.json_input": "read_json",
    "nn.sequence.model": "sequence_model",
    "processes": "sum_over_processes",
    "core.files": "write_json",
    "data.store.writer": "write_store",
    # Errors that end as one line.
    "core.errors": "DataError DivergedError Interrupted LvmctlError OutputError PluginError "
    "RunError UsageError",
}
"""Public names by the module that has them, after ``lvmctl.``."""

_HOMES = {name: home for home, names in _NAMES.items() for name in names.split()}

__all__ = sorted(_HOMES)  # type checkers read the imports above


def __getattr__(name: str) -> Any:
    """Import the public name ``name`` when it is first used (PEP 562)."""
    from importlib import import_module

    if name in ("sphere", "testing"):
        return import_module(f"{__name__}.{name}")
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    """The public names, and those that every module has."""
    return sorted({*globals(), *__all__})
