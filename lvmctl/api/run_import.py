"""An exported folder as a run."""

from __future__ import annotations

import io
import os
from pathlib import Path

import torch

from lvmctl.api.run import Run
from lvmctl.core.directories import new_directory, refuse_existing
from lvmctl.core.errors import RunError
from lvmctl.core.hashes import read_recorded, write_recorded
from lvmctl.core.run_directory import ROOT, RunDirectory
from lvmctl.core.runs import is_exported
from lvmctl.data.store.writer import ENCODER
from lvmctl.evaluation.trained import load_run
from lvmctl.registry import load_registry
from lvmctl.training.provenance import FORMAT, READABLE, now

IMPORTED = "imported"
"""Key and outcome of the manifest of a run that was imported."""


def import_run(
    folder: str | os.PathLike[str],
    out: str | os.PathLike[str] | None = None,
    *,
    force: bool = False,
) -> Run:
    """Make a run of a folder that :meth:`lvmctl.Run.export` wrote, here or elsewhere.

    It can be evaluated, compared, diagnosed and put to use. It has no checkpoints, so that its
    training cannot go on; its own data is used where a store of the same name and content lies
    in the working directory, else data is to be named.

    Args:
        folder: the exported folder.
        out: the run directory; None is ``runs/`` and the folder's name.
        force: replace a run at ``out`` that was imported.

    Returns:
        The run.

    Raises:
        RunError: the folder is damaged, or was not exported by lvmctl.
        PluginError: a plugin that it needs is missing or broken.
        OutputError: ``out`` exists or cannot be written.

    Example:
        >>> folder = lvmctl.Run(run_path).export(tmp_path / "shared", onnx=False)
        >>> lvmctl.import_run(folder, tmp_path / "imported").recipe
        'p8'
    """
    source = Path(folder)
    if not source.is_dir():
        raise RunError("no such folder", where=source, hint="name one that was exported")
    if not is_exported(source):
        hint = "lvmctl runs export RUN --out FOLDER writes one"
        raise RunError("is not an exported run", where=source, hint=hint)
    trained = load_run(load_registry(), source)
    config, read = trained.config, trained.run
    if config.get("format") not in READABLE:
        what = "was written by another version of lvmctl"
        raise RunError(what, where=read.config, hint="use that version")
    name = Path(os.path.abspath(source)).name
    place = ROOT / name if out is None else Path(out)
    with new_directory(place, lambda path: refuse_existing(path, force, is_imported)) as fresh:
        run = RunDirectory(fresh)
        run.write(run.config, config)
        run.write(run.history, read.read_records())
        states = {"model": trained.model.state_dict(), "losses": trained.objective.state_dict()}
        content = io.BytesIO()
        torch.save(states, content)
        write_recorded(run.best_model, content.getvalue(), RunError)
        if trained.transform is not None:
            trained.transform.save(run.transform)
        if (source / ENCODER).is_file():
            write_recorded(fresh / ENCODER, read_recorded(source / ENCODER, RunError), RunError)
        manifest = {"format": FORMAT, "outcome": IMPORTED, "exit_code": 0, "notices": []}
        manifest |= {IMPORTED: {"name": name, "date": now(), "sha256": trained.weights_sha256}}
        run.write(run.manifest, manifest)
    return Run(place)


def is_imported(path: Path) -> bool:
    """Whether a run was imported, so that nothing is lost that is nowhere else."""
    try:
        return IMPORTED in RunDirectory(path).read_manifest()
    except RunError:
        return False
