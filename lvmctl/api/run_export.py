"""A run as a folder for others: weights, configuration, a model card, ONNX."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lvmctl.api.model import Model
from lvmctl.api.model_card import model_card
from lvmctl.api.onnx_export import write_onnx
from lvmctl.api.runs import metrics_of
from lvmctl.api.training_encoder import training_store
from lvmctl.core.directories import new_directory, refuse_existing
from lvmctl.core.errors import DataError, RunError, UsageError
from lvmctl.core.files import json_bytes, utf8, write_whole
from lvmctl.core.hashes import entry_of, read_recorded, write_record
from lvmctl.core.paths import portable
from lvmctl.core.run_directory import RunDirectory, best_record
from lvmctl.core.runs import PUBLISHED, RunLike, find_run, is_exported
from lvmctl.data.store.writer import ENCODER
from lvmctl.evaluation.exported import to_safetensors
from lvmctl.evaluation.trained import Trained, load_run
from lvmctl.registry import load_registry
from lvmctl.registry.from_file import is_address

CARD, ONNX = "README.md", "model.onnx"


@dataclass(frozen=True)
class Export:
    """A folder that was written of a run: its files with their bytes, and what you should know
    about it, one line each."""

    run: Path
    path: Path
    files: dict[str, int]
    notices: list[str]

    def to_dict(self) -> dict[str, Any]:
        """As plain data."""
        return vars(self) | {"run": str(self.run), "path": str(self.path)}


def export_run(
    run: RunLike,
    out: str | os.PathLike[str],
    *,
    license: str = "unknown",
    onnx: bool = True,
    force: bool = False,
) -> Export:
    """Write what others need to use a run; see :meth:`lvmctl.Run.export`."""
    trained = load_run(load_registry(), find_run(run))
    refuse_private(trained)
    if not license.strip() or len(license.split()) > 1:
        hint = "give an identifier such as cc-by-4.0, or leave it out"
        raise UsageError(f"{license!r} is no licence's identifier", where="--license", hint=hint)
    place, source, notices = Path(out), trained.run, list[str]()
    with new_directory(place, lambda path: refuse_existing(path, force, is_exported)) as fresh:
        folder = RunDirectory(fresh)
        config = portable(trained.config)
        history = source.read_records()
        states = {"model": trained.model.state_dict(), "losses": trained.objective.state_dict()}
        write_whole(folder.config, json_bytes(config))
        write_whole(folder.history, json_bytes(history))
        write_whole(folder.exported_weights, to_safetensors(states, source.path))
        if trained.transform is not None:
            write_whole(folder.transform, read_recorded(source.transform, RunError))
        copy_encoder(trained, fresh / ENCODER, notices)
        model = Model(trained)
        difference = try_onnx(model, fresh / ONNX, notices) if onnx else None
        best = best_record(history, config["options"]["best_by"])
        metrics = metrics_of(source, config, history)
        name = Path(os.path.abspath(place)).name
        card = model_card(name, config, best, metrics, license, model.has_score, difference)
        recorded = {path.name: entry_of(path) for path in sorted(fresh.iterdir())}
        write_record(fresh, recorded)
        write_whole(fresh / CARD, utf8(card))  # not recorded: others will write into it
        files = {path.name: path.stat().st_size for path in sorted(fresh.iterdir())}
    return Export(source.path, place, files, notices)


def refuse_private(trained: Trained) -> None:
    """Refuse a model that is no run, or whose code others do not have."""
    path = trained.run.path
    if PUBLISHED in trained.config:
        hint = "share its folder as it is"
        raise RunError("is a published model, not a run of lvmctl", where=path, hint=hint)
    for part in trained.plan.parts:
        if is_address(part.entry.saved):
            kind, name = part.entry.kind, part.entry.name
            hint = f"make a plugin of it (lvmctl plugins new {kind} NAME) and train with that"
            what = f"its {kind} {name} is a class of a file, which others do not have"
            raise RunError(what, where=path, hint=hint)


def copy_encoder(trained: Trained, path: Path, notices: list[str]) -> None:
    """Copy what the encoder of the training data learned, so that texts can be read without the
    store; a notice says where that is not there."""
    try:
        learned = training_store(trained).path / ENCODER
        if learned.is_file():
            write_whole(path, read_recorded(learned, DataError))
    except DataError as error:
        copied = trained.run.path / ENCODER  # of an imported run
        if copied.is_file():
            write_whole(path, read_recorded(copied, RunError))
        else:
            notices.append(f"without what the encoder learned, if it did: {error.what}")


def try_onnx(model: Model, path: Path, notices: list[str]) -> float | None:
    """Write ``model.onnx`` where the model can be; else a notice says why not."""
    if model.q_reads:
        notices.append(f"without {ONNX}: {model.recipe} reads more than vectors")
    elif model.has_score:
        notices.append(f"without {ONNX}: {model.recipe} ranks by a score of its own")
        return None
    try:
        return write_onnx(model, path)
    except UsageError as error:
        notices.append(f"without {ONNX}: {error}")
        return None
