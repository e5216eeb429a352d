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
    from lvmctl.api.decoding import Decoder, load_decoder
    from lvmctl.api.diagnosis import diagnose
    from lvmctl.api.embed import embed
    from lvmctl.api.evaluation import compare, evaluate, evaluate_baselines
    from lvmctl.api.importing import import_npz, store_from, synth
    from lvmctl.api.levels import add_level
    from lvmctl.api.load import load
    from lvmctl.api.model import Model
    from lvmctl.api.predict_file import predict_file
    from lvmctl.api.predicting import Predicted, predict
    from lvmctl.api.ranking import Ranking
    from lvmctl.api.run import Run
    from lvmctl.api.run_import import import_run
    from lvmctl.api.runs import RunSummary, list_runs
    from lvmctl.api.store import Store, open_store
    from lvmctl.api.training import resume, train
    from lvmctl.baselines.least_squares import fit_held_out
    from lvmctl.config.options import TrainingOptions, option
    from lvmctl.core.batch import Batch, Decoded, LossOutput, Pool, Prediction, Step
    from lvmctl.core.chunks import Chunks
    from lvmctl.core.diagnosis import Diagnosis, Finding, Table
    from lvmctl.core.errors import (
        DataError,
        DivergedError,
        Interrupted,
        LvmctlError,
        OutputError,
        PluginError,
        RunError,
        UsageError,
    )
    from lvmctl.core.files import write_json
    from lvmctl.core.formatting import number as format_number
    from lvmctl.core.json_input import read_json
    from lvmctl.core.listening import listen
    from lvmctl.core.reporter import Reporter
    from lvmctl.core.schedule import Schedule
    from lvmctl.core.tree import get_number
    from lvmctl.data.splits.open import Splits, open_split
    from lvmctl.data.splits.split import Split
    from lvmctl.data.store.writer import write_store
    from lvmctl.data.text.segmentation import words
    from lvmctl.data.windows import Windows
    from lvmctl.diagnostics.runs.history import History, read_history
    from lvmctl.evaluation.statistics.intervals import Resampling
    from lvmctl.nn.losses.records import PreviousRepelOptions
    from lvmctl.nn.sequence.model import sequence_model
    from lvmctl.nn.sequence.options import SequenceOptions
    from lvmctl.processes import sum_over_processes
    from lvmctl.registry.hookspecs import hookimpl
    from lvmctl.registry.record import CommandSpec, NoOptions
    from lvmctl.registry.specs import (
        API_VERSION,
        BaselineSpec,
        BatchFieldSpec,
        Composition,
        Curriculum,
        DecoderSpec,
        DiagnosticSpec,
        EncoderSpec,
        KillRule,
        LossSpec,
        ModelSpec,
        Part,
        RecipeSpec,
        SampleWeight,
        Shape,
    )
    from lvmctl.registry.verdict_specs import MetricSpec, ProfileSpec, VerdictGate

_HOMES = {
    # For users.
    "diagnose": "api.diagnosis",
    "compare": "api.evaluation",
    "evaluate_baselines": "api.evaluation",
    "evaluate": "api.evaluation",
    "resume": "api.training",
    "train": "api.training",
    "Run": "api.run",
    "RunSummary": "api.runs",
    "list_runs": "api.runs",
    "Reporter": "core.reporter",
    "synth": "api.importing",
    "import_npz": "api.importing",
    "import_run": "api.run_import",
    "add_level": "api.levels",
    "store_from": "api.importing",
    "embed": "api.embed",
    "open_store": "api.store",
    "Store": "api.store",
    "Decoder": "api.decoding",
    "load_decoder": "api.decoding",
    "Model": "api.model",
    "Ranking": "api.ranking",
    "fit_held_out": "baselines.least_squares",
    "load": "api.load",
    "Predicted": "api.predicting",
    "predict": "api.predicting",
    "predict_file": "api.predict_file",
    "listen": "core.listening",
    # For plugin.py: records and their options. None of these loads torch or NumPy.
    "API_VERSION": "registry.specs",
    "BaselineSpec": "registry.specs",
    "BatchFieldSpec": "registry.specs",
    "CommandSpec": "registry.record",
    "Composition": "registry.specs",
    "Curriculum": "registry.specs",
    "DecoderSpec": "registry.specs",
    "DiagnosticSpec": "registry.specs",
    "EncoderSpec": "registry.specs",
    "KillRule": "registry.specs",
    "LossSpec": "registry.specs",
    "MetricSpec": "registry.verdict_specs",
    "ModelSpec": "registry.specs",
    "NoOptions": "registry.record",
    "Part": "registry.specs",
    "PreviousRepelOptions": "nn.losses.records",
    "ProfileSpec": "registry.verdict_specs",
    "RecipeSpec": "registry.specs",
    "SampleWeight": "registry.specs",
    "SequenceOptions": "nn.sequence.options",
    "Shape": "registry.specs",
    "TrainingOptions": "config.options",
    "VerdictGate": "registry.verdict_specs",
    "hookimpl": "registry.hookspecs",
    "option": "config.options",
    # What a plugin's parts take and return.
    "Batch": "core.batch",
    "Chunks": "core.chunks",
    "Decoded": "core.batch",
    "Diagnosis": "core.diagnosis",
    "Finding": "core.diagnosis",
    "History": "diagnostics.runs.history",
    "LossOutput": "core.batch",
    "Pool": "core.batch",
    "Prediction": "core.batch",
    "Resampling": "evaluation.statistics.intervals",
    "Schedule": "core.schedule",
    "Split": "data.splits.split",
    "Splits": "data.splits.open",
    "Step": "core.batch",
    "Table": "core.diagnosis",
    "Windows": "data.windows",
    "format_number": "core.formatting:number",
    "get_number": "core.tree",
    "open_split": "data.splits.open",
    "words": "data.text.segmentation",
    "read_history": "diagnostics.runs.history",
    "read_json": "core.json_input",
    "sequence_model": "nn.sequence.model",
    "sum_over_processes": "processes",
    "write_json": "core.files",
    "write_store": "data.store.writer",
    # Errors that end as one line.
    "DataError": "core.errors",
    "DivergedError": "core.errors",
    "Interrupted": "core.errors",
    "LvmctlError": "core.errors",
    "OutputError": "core.errors",
    "PluginError": "core.errors",
    "RunError": "core.errors",
    "UsageError": "core.errors",
}
"""Where each public name lives: ``module`` or ``module:attribute``, after ``lvmctl.``."""

__all__ = [
    "API_VERSION",
    "BaselineSpec",
    "Batch",
    "BatchFieldSpec",
    "Chunks",
    "CommandSpec",
    "Composition",
    "Curriculum",
    "DataError",
    "Decoded",
    "Decoder",
    "DecoderSpec",
    "Diagnosis",
    "DiagnosticSpec",
    "DivergedError",
    "EncoderSpec",
    "Finding",
    "History",
    "Interrupted",
    "KillRule",
    "LossOutput",
    "LossSpec",
    "LvmctlError",
    "Model",
    "MetricSpec",
    "ModelSpec",
    "NoOptions",
    "OutputError",
    "Part",
    "PluginError",
    "Pool",
    "Predicted",
    "Prediction",
    "PreviousRepelOptions",
    "ProfileSpec",
    "Ranking",
    "RecipeSpec",
    "Reporter",
    "Resampling",
    "Run",
    "RunError",
    "RunSummary",
    "SampleWeight",
    "Schedule",
    "SequenceOptions",
    "Shape",
    "Split",
    "Splits",
    "Step",
    "Store",
    "Table",
    "TrainingOptions",
    "UsageError",
    "VerdictGate",
    "Windows",
    "add_level",
    "compare",
    "diagnose",
    "embed",
    "evaluate",
    "evaluate_baselines",
    "format_number",
    "get_number",
    "fit_held_out",
    "hookimpl",
    "import_npz",
    "import_run",
    "list_runs",
    "listen",
    "load",
    "load_decoder",
    "open_split",
    "open_store",
    "option",
    "predict",
    "predict_file",
    "read_history",
    "read_json",
    "resume",
    "sequence_model",
    "store_from",
    "sum_over_processes",
    "synth",
    "train",
    "words",
    "write_json",
    "write_store",
]


def __getattr__(name: str) -> Any:
    """Import the public name ``name`` when it is first used (PEP 562)."""
    from importlib import import_module

    if name in ("sphere", "testing"):
        return import_module(f"{__name__}.{name}")
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    home, _, attribute = _HOMES[name].partition(":")
    value = getattr(import_module(f"{__name__}.{home}"), attribute or name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    """The public names, and those that every module has."""
    return sorted({*globals(), *__all__})
