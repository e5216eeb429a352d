"""Checkpoints that are complete or absent.

``checkpoints/step_00001234.pt`` holds tensors and plain values only, and is read with
``weights_only=True``: nothing is ever unpickled. Beside it ``step_00001234.json`` holds its
SHA-256, and ``latest`` names the newest complete one.
"""

from __future__ import annotations

import hashlib
import io
import json
import re
from pathlib import Path
from typing import Any

import torch

from lvmctl.core.errors import RunError, first_line
from lvmctl.core.files import output_errors, write_json, write_whole
from lvmctl.core.run_directory import RunDirectory

NAME = re.compile(r"step_\d{8,}\.pt")
PARTIAL = re.compile(r"\.(step_\d{8,}\.(pt|json)|latest)\..+")
"""What a process leaves that is killed while it writes; other files there are the user's."""


def save(run: RunDirectory, state: dict[str, Any], step: int, keep: int) -> Path:
    """Write ``state`` as the checkpoint of global step ``step``; then point ``latest`` at it.

    Args:
        run: the locked run directory.
        state: nested dicts and lists of tensors and plain values.
        step: steps taken since the start of training.
        keep: checkpoints to keep; older ones go after the new one is complete.

    Raises:
        OutputError: it cannot be written; the earlier checkpoints are untouched.
    """
    path = run.checkpoints / f"step_{step:08d}.pt"
    buffer = io.BytesIO()
    torch.save(state, buffer)
    content = buffer.getbuffer()
    write_whole(path, lambda file: file.write(content))
    digest = hashlib.sha256(content).hexdigest()
    write_json(path.with_suffix(".json"), {"sha256": digest, "bytes": len(content), "step": step})
    write_whole(run.checkpoints / "latest", lambda file: file.write(f"{path.name}\n".encode()))
    with output_errors(run.checkpoints):
        steps = sorted(steps_of(run))
        newest = [s for s in steps if s <= step][-keep:]
        for old in set(steps) - set(newest):  # also later ones, which a killed process never named
            run.checkpoints.joinpath(f"step_{old:08d}.pt").unlink()
            run.checkpoints.joinpath(f"step_{old:08d}.json").unlink(missing_ok=True)
        for partial in run.checkpoints.iterdir():
            if PARTIAL.fullmatch(partial.name):
                partial.unlink(missing_ok=True)
    return path


def steps_of(run: RunDirectory) -> list[int]:
    """Global steps of which there is a checkpoint file, in no order."""
    names = (path.stem.removeprefix("step_") for path in run.checkpoints.glob("step_*.pt"))
    return [int(name) for name in names if name.isdigit()]


def load_latest(run: RunDirectory, map_location: str = "cpu") -> dict[str, Any]:
    """The state of the newest checkpoint.

    Raises:
        RunError: there is none, or it is damaged; the message names it and the previous good one.
    """
    try:
        name = (run.checkpoints / "latest").read_text(encoding="utf-8").strip()
    except (OSError, ValueError):
        raise RunError(
            "has no readable `latest`", where=run.checkpoints, hint="start the training again"
        ) from None
    fault = damage(run.checkpoints / name) if NAME.fullmatch(name) else "is no checkpoint's name"
    if fault is None:
        try:
            return torch.load(run.checkpoints / name, map_location=map_location, weights_only=True)
        except Exception as error:  # what another program wrote, under a hash that agrees
            fault = f"the checkpoint cannot be read ({first_line(error)})"
    files = [run.checkpoints / f"step_{step:08d}.pt" for step in sorted(steps_of(run))]
    good = [path for path in files if path.name != name and not damage(path)]
    hint = "no other checkpoint is left: start the training again"
    if good:
        hint = f"the previous good one is {good[-1].name}: write that name into "
        hint += f"{run.checkpoints / 'latest'} to resume from it"
    raise RunError(fault, where=run.checkpoints / name, hint=hint)


def damage(path: Path) -> str | None:
    """What is wrong with the checkpoint at ``path``, or None when its content hash agrees."""
    try:
        expected = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))["sha256"]
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
    except (OSError, ValueError, KeyError, TypeError) as error:
        return f"the checkpoint is incomplete ({type(error).__name__})"
    return None if digest == expected else "the checkpoint is damaged: its content hash disagrees"
