"""Commands that are killed anywhere, or find no room, or may not write: nothing is lost.

What was at a command's output is there after it, or the whole new thing; typed again, the command
does what it would have done.
"""

from __future__ import annotations

import signal
from pathlib import Path

import pytest
from faults.process import Fault, lvmctl
from faults.scene import FAULTS, SCENE, TRAIN, changed, content, sample

from lvmctl.core.temporary import PREFIX, sweep

COMMANDS = {
    "a new store": ("data synth topic --articles 3 --chunks 8 --dim 4 --out new", "new"),
    "a store replaced": (f"{SCENE[0].replace('topic', 'rotation')} --force", "store"),
    "texts": ("data embed texts --set dim=3 --out new", "new"),
    "windows imported": ("data import windows/store_train.npz --out new", "new"),
    "splits": ("data split store --seed 3 --force", "store"),
    "a subset": ("data subset store --windows 20 --out new", "new"),
    "repeats left out": ("data dedup store --out new", "new"),
    "articles left out": ("data drop store --article 3 --out new", "new"),
    "a level": ("data level told tokens --size 3", "told"),
    "windows replaced": ("data export store --context 3 --out windows --force", "windows"),
    "a plugin": ("plugins new loss far --out far", "far"),
    "a training": (f"{TRAIN} --epochs 2 --set checkpoint_every=2 --out runs/new", "runs/new"),
    "a longer training": ("train --resume runs/done --epochs 2", "runs/done"),
    "an evaluation": ("eval 5cat runs/done", "runs/done"),
    "a page": ("eval report runs/done", "runs/done"),
    "a diagnosis": ("diagnose split-parity store --out new", "new"),
    "a run removed": ("runs remove done --yes", "runs/done"),
}
"""What is typed, and what it writes."""

EXIT_CODES = {"full": 6, "read-only": 6, "short": 6}
KINDS = {"kill": -signal.SIGKILL, "torn": -signal.SIGXFSZ, **EXIT_CODES}

SLOW = () if FAULTS > 1 else ("a training", "a longer training", "an evaluation", "a page")
CHOSEN = sample("writing", [name for name in COMMANDS if name not in SLOW])
if FAULTS == 1:
    CHOSEN.append("a longer training")


@pytest.fixture(scope="module")
def whole(scene, tmp_path_factory):
    """A function: a copy of the scene in which a command ran to its end, and how it ended."""
    import shutil

    known = {}

    def run(name: str):
        if name not in known:
            place = tmp_path_factory.mktemp("whole") / "whole"
            shutil.copytree(scene, place)
            ended = lvmctl(COMMANDS[name][0], place)
            assert ended.code in (0, 1), ended.err
            known[name] = place, ended
        return known[name]

    return run


def moments(kind: str, calls: int, output: Path) -> list[int]:
    """Where a fault can happen: calls, or sizes of the files that are written."""
    if kind not in ("short", "torn"):
        return list(range(1, calls + 1))
    paths = [path for path in output.rglob("*") if path.is_file()]
    sizes = {size for path in paths if (size := path.stat().st_size) > 1}
    return sorted({at for size in sizes for at in (size // 2, size - 1)} | {0})


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", CHOSEN)
def test_nothing_is_lost(scene, again, whole, tried, name, kind):
    line, output = COMMANDS[name]
    finished, ended = whole(name)
    old, new = content(scene / output), content(finished / output)
    others = {path.name for path in scene.iterdir()} - {Path(output).parts[0]}
    trains = line.startswith("train")
    for at in sample(f"{name} {kind}", moments(kind, ended.calls, finished / output)):
        place = again()
        broken = lvmctl(line, place, Fault(kind, at))
        tried(f"{kind}: {name}")
        if broken.code in (0, 1):
            # what failed was tidying up, or no file of the command was so large
            assert kind in ("full", "read-only", "short", "torn"), at
            assert content(place / output) == new, at
            continue
        assert broken.code == KINDS[kind], (at, broken)
        if kind in EXIT_CODES:
            assert broken.complaint() is None, (at, broken)
        for other in others:
            assert content(place / other) == content(scene / other), (at, other)
        assert not changed(place), at
        left = content(place / output)
        if not output.startswith("runs/"):
            assert left in (old, new), (at, left.keys())
        elif not trains:  # each of its files is whole
            for path in {*left, *old, *new}:
                assert left.get(path) in (old.get(path), new.get(path)), (at, path)
        if trains or left != new:
            resumes = line.startswith(TRAIN) and (place / output).exists()
            second = lvmctl("train --resume runs/new" if resumes else line, place)
            assert second.code == ended.code, (at, second)
        assert content(place / output) == new, at
        assert not changed(place), at
        for directory in {place, *(path for path in place.rglob("*") if path.is_dir())}:
            sweep(directory)
        assert not list(place.rglob(f"{PREFIX}*")), at
