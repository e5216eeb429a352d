"""Checkpoints that are complete or absent.

``checkpoints/step_00001234.pt`` holds tensors and plain values only, and is read with
``weights_only=True``: nothing is ever unpickled. Beside it ``step_00001234.json`` holds its
SHA-256, and ``latest`` names the newest complete one.
"""

from __future__ import annotations

import hashlib
import io
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from torch import nn

from lvmctl.core.errors import RunError, first_line
from lvmctl.core.files import output_errors, write_json, write_whole
from lvmctl.core.hashes import sha256_of, write_recorded
from lvmctl.core.inputs import read_text
from lvmctl.core.json_input import read_json
from lvmctl.core.run_directory import RunDirectory

NAME = re.compile(r"step_(\d{8,})\.(?:pt|json)")


def save(run: RunDirectory, state: dict[str, Any], step: int, keep: int) -> Path:
    """Write ``state`` (nested dicts and lists of tensors and plain values) as the checkpoint of
    global step ``step`` in a locked run, then point ``latest`` at it. Of older ones ``keep`` stay;
    where it cannot be written, all do."""
    path = path_of(run, step)
    buffer = io.BytesIO()
    torch.save(state, buffer)
    content = buffer.getbuffer()
    digest = hashlib.sha256(content).hexdigest()
    # The hash comes first: a process killed in between leaves what was there, and its hash too.
    before = sha256_of(path) if damage(path) is None else None
    record = {"sha256": digest, "replaces": before, "bytes": len(content), "step": step}
    write_json(path.with_suffix(".json"), record)
    write_whole(path, content)
    write_whole(run.checkpoints / "latest", f"{path.name}\n".encode())
    with output_errors(run.checkpoints):
        steps = steps_of(run)
        newest = [s for s in steps if s <= step][-keep:]
        for old in set(steps) - set(newest):  # also later ones, which a killed process never named
            path_of(run, old).unlink(missing_ok=True)
            path_of(run, old).with_suffix(".json").unlink()
    return path


def save_best(run: RunDirectory, model: nn.Module, losses: nn.Module) -> None:
    """Write ``best_model.pt``: tensors only."""
    buffer = io.BytesIO()
    torch.save({"model": model.state_dict(), "losses": losses.state_dict()}, buffer)
    write_recorded(run.best_model, buffer.getvalue(), RunError)


def path_of(run: RunDirectory, step: int) -> Path:
    """Where the checkpoint of a global step is."""
    return run.checkpoints / f"step_{step:08d}.pt"


def steps_of(run: RunDirectory) -> list[int]:
    """Global steps that were saved, ascending. A checkpoint without its hash is another's file."""
    names = (NAME.fullmatch(path.name) for path in run.checkpoints.glob("step_*.json"))
    return sorted(int(name[1]) for name in names if name)


def has_begun(run: RunDirectory) -> bool:
    """Whether anything was trained that would be lost if the run began again."""
    if run.best_model.exists() or any(steps_of(run)):
        return True
    try:
        return run.read(run.history) != []
    except RunError:
        return run.history.exists()


def load_latest(
    run: RunDirectory,
    warning: Callable[[str], object] = lambda message: None,
) -> dict[str, Any]:
    """The state of the newest checkpoint that is whole; ``warning`` is given a line where that is
    not the one that ``latest`` names. A RunError where none is whole says what is wrong with
    that."""
    latest, fault = run.checkpoints / "latest", None
    try:
        named = read_text(latest).strip()
        if not NAME.fullmatch(named):
            fault = f"{latest}: {named[:40]!r} is no checkpoint's name"
    except (OSError, ValueError):
        named, fault = "", f"{latest}: cannot be read"
    paths = [path_of(run, step) for step in reversed(steps_of(run))]
    if fault is None:
        paths.sort(key=lambda path: path.name != named)
        if not paths or paths[0].name != named:
            fault = f"{run.checkpoints / named}: the checkpoint is incomplete"
    for path in paths:
        wrong = damage(path)
        if wrong is None:
            try:
                state = torch.load(path, map_location="cpu", weights_only=True)
            except Exception as error:  # what another program wrote, under a hash that agrees
                wrong = f"the checkpoint cannot be read ({first_line(error)})"
            else:
                if fault is not None:
                    warning(f"{fault}; going on from {path.name}, the newest that is whole")
                return state
        fault = fault or f"{path}: {wrong}"
    raise RunError(
        fault or f"{run.checkpoints}: there is no checkpoint",
        hint="no checkpoint is whole; what was trained so far stands, train on in a new run",
    )


def damage(path: Path) -> str | None:
    """What is wrong with the checkpoint at ``path``, or None when its content hash agrees."""
    try:
        saved = read_json(path.with_suffix(".json"))
        whole = sha256_of(path) in (saved["sha256"], saved.get("replaces"))
    except RunError as error:
        return f"the checkpoint is incomplete ({path.stem}.json: {error.what})"
    except (OSError, KeyError, TypeError, AttributeError) as error:
        return f"the checkpoint is incomplete ({type(error).__name__})"
    return None if whole else "the checkpoint is damaged: its content hash disagrees"
