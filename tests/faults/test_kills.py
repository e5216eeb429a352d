"""A command that is killed anywhere loses nothing, and typing it again does what it would have.

Of the moments of each command a seeded sample is tried, so many as ``LVMCTL_FAULTS`` says.
"""

from __future__ import annotations

import hashlib
import os
import random
import shutil
import signal
import zipfile
from pathlib import Path

import forked
import pytest
import torch
from faults.dying import command

from lvmctl.core.temporary import PREFIX, sweep

pytestmark = pytest.mark.skipif(not forked.is_possible(), reason="needs processes that fork")

WORLD = "synth:topic?articles=12&chunks=12&dim=8"
TINY = "--set width=8 --set layers=1 --set heads=1 --set feedforward=8 --set batch_size=32"
TRAIN = f"train --plugin plain --data '{WORLD}' {TINY} --set checkpoint_every=1"
SCENE = (
    "data synth topic --articles 12 --chunks 12 --dim 8 --out store",
    "data split store",
    "data export store --context 2 --out windows",
    "plugins new loss near --out near",
    f"{TRAIN} --epochs 1 --out runs/done",
)

COMMANDS = {
    "a new store": ("data synth topic --articles 3 --chunks 8 --dim 4 --out new", "new"),
    "a store replaced": (
        "data synth topic --articles 3 --chunks 8 --dim 4 --out store --force",
        "store",
    ),
    "other splits": ("data split store --seed 3 --force", "store"),
    "windows replaced": ("data export store --context 3 --out windows --force", "windows"),
    "a plugin": ("plugins new loss far --out far", "far"),
    "a run removed": ("runs remove done --yes", "runs/done"),
    "a training": (f"{TRAIN} --epochs 2 --out runs/new", "runs/new"),
    "a longer training": ("train --resume runs/done --epochs 2", "runs/done"),
}
"""What is typed, and what it writes."""

TIMED = ("manifest.json", ".lock", ".lock.holder")
"""Files that say when, or that say nothing."""

SAMPLE = int(os.environ.get("LVMCTL_FAULTS", "2"))


def run(line: str, place: Path, moment: int = 0) -> int:
    """The exit code of a command that is killed at a moment, -9 where it was."""
    counted = place.with_name(f"{place.name}.count")
    return forked.exit_code(command, line, place, moment, counted)


def content(place: Path) -> dict[str, object]:
    """What is at ``place``, by path: hashes of files, and of what an archive holds."""
    files = {}
    for path in sorted(place.rglob("*")) if place.is_dir() else [place] * place.exists():
        parts = path.relative_to(place).parts
        hashes = path.match("checkpoints/*.json")
        if (
            path.is_dir()
            or hashes
            or path.name in TIMED
            or any(p.startswith(PREFIX) for p in parts)
        ):
            continue
        if path.suffix == ".npz":  # its members have dates
            with zipfile.ZipFile(path) as archive:
                value: object = sorted((each.filename, each.CRC) for each in archive.infolist())
        elif path.suffix == ".pt":  # pickled differently once it was read back
            value = plain(torch.load(path, weights_only=True))
        else:
            value = hashlib.sha256(path.read_bytes()).hexdigest()
        files[str(path.relative_to(place))] = value
    return files


def plain(state: object) -> object:
    """Nested values whose tensors are lists, so that they can be compared."""
    if isinstance(state, dict):
        return {key: plain(value) for key, value in state.items()}
    if isinstance(state, list | tuple):
        return [plain(value) for value in state]
    return state.tolist() if isinstance(state, torch.Tensor) else state


@pytest.fixture(scope="module")
def scene(tmp_path_factory) -> Path:
    """Something of everything."""
    place = tmp_path_factory.mktemp("scene") / "scene"
    place.mkdir()
    for line in SCENE:
        assert run(line, place) == 0, line
    return place


@pytest.mark.parametrize("name", COMMANDS)
def test_a_kill_loses_nothing(scene, tmp_path, name):
    line, output = COMMANDS[name]
    whole = tmp_path / "whole"
    shutil.copytree(scene, whole)
    assert run(line, whole) == 0
    old, new = content(scene / output), content(whole / output)
    others = {path.name for path in scene.iterdir()} - {Path(output).parts[0]}
    moments = list(range(1, int((tmp_path / "whole.count").read_text()) + 1))
    moments = random.Random(name).sample(moments, min(SAMPLE, len(moments)))
    for moment in moments:
        place = tmp_path / f"at{moment}"
        shutil.copytree(scene, place)
        assert run(line, place, moment) == -signal.SIGKILL
        for other in others:
            assert content(place / other) == content(scene / other), (moment, other)
        trains = line.startswith("train")
        left = content(place / output)
        if not trains:
            assert left in (old, new), (moment, left.keys())
        if trains or left != new:
            resumes = line.startswith(TRAIN) and (place / output).exists()
            again = "train --resume runs/new" if resumes else line
            log = tmp_path / f"at{moment}.log"
            assert run(again, place) == 0, (moment, log.read_text())
        assert content(place / output) == new, moment
        for directory in {place, *(path for path in place.rglob("*") if path.is_dir())}:
            sweep(directory)
        assert not list(place.rglob(f"{PREFIX}*")), moment
        shutil.rmtree(place)
