"""Commands that are killed anywhere, or find no room, or may not write: nothing is lost.

What was at a command's output is there after it, or the whole new thing; typed again, the command
does what it would have done.
"""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from faults.process import Ended, Fault, lvmctl
from faults.scene import COMMANDS, FAULTS, TRAIN, changed, content, each, restore, sample, stamps

from lvmctl.core.temporary import PREFIX, sweep
from lvmctl.data.text.unfinished import sweep_embeddings

KINDS = {
    "kill": -signal.SIGKILL,
    "torn": -signal.SIGXFSZ,
    "interrupt": 130,
    "full": 6,
    "read-only": 6,
    "short": 6,
    "memory": 6,
}
"""How a command ends that such a fault stops."""

ABORTS = (127, -signal.SIGABRT, -signal.SIGSEGV)
"""How a process ends where the C library, or one of C++, finds no memory before Python can say so:
as after a kill, nothing may be lost."""

MOST = 12
"""Calls of a command at about which other things than kills happen."""

SLOW = () if FAULTS > 1 else ("a training", "a longer training", "an evaluation", "a page")
CHOSEN = sample("writing", [name for name in COMMANDS if name not in SLOW])
if FAULTS == 1:
    CHOSEN.append("a longer training")


@pytest.fixture(scope="module")
def whole(scene, tmp_path_factory):
    """A function: a copy of the scene in which a command ran to its end, and how it ended."""
    known = {}

    def run(name: str) -> tuple[Path, Ended]:
        if name not in known:
            place = tmp_path_factory.mktemp("whole") / "whole"
            restore(scene, place)
            ended = lvmctl(COMMANDS[name][0], place)
            assert ended.code in (0, 1), ended.err
            known[name] = place, ended
        return known[name]

    return run


def moments(kind: str, calls: int, output: Path) -> list[int]:
    """Where a fault can happen: calls, sizes of the files that are written, or KiB of memory."""
    if kind == "memory":
        return [0, 16, 64, 1024, 16_384, 65_536]
    if kind not in ("short", "torn"):
        return list(range(1, calls + 1))[:: 1 if kind == "kill" else max(1, calls // MOST)]
    paths = [output, *output.rglob("*")]
    sizes = {size for path in paths if path.is_file() and (size := path.stat().st_size) > 1}
    return sorted({at for size in sizes for at in (size // 2, size - 1)} | {0})


def losses(
    scene: Path, place: Path, finished: Path, ended: Ended, name: str, fault: Fault, broken: Ended
) -> Iterator[str]:
    """What is lost or wrong after a command that met a fault, when it is typed again."""
    line, output = COMMANDS[name]
    old, new = content(scene / output), content(finished / output)
    if broken.code in (0, 1):
        # what failed was tidying up, or no file of the command was so large, or all was done
        if fault.kind == "kill":
            yield "was not killed"
        if content(place / output) != new:
            yield "ends well and did not do its work"
        return
    if is_aborted(fault, broken):
        pass
    elif broken.code != KINDS[fault.kind]:
        yield f"ends with {broken.code}: {broken.err[-600:]}"
    elif broken.code > 0 and (complaint := broken.complaint((KINDS[fault.kind],))):
        yield complaint
    others = {path.name for path in scene.iterdir()} - {Path(output).parts[0]}
    before, after = stamps(scene), stamps(place)
    for name in before.keys() | after.keys():
        if name.partition("/")[0] in others and before.get(name) != after.get(name):
            yield f"changes {name}"
    yield from changed(place / output)
    left, trains = content(place / output), line.startswith("train")
    if not output.startswith("runs/"):
        if left not in (old, new):
            yield f"leaves a part: {sorted(left)}"
    elif not trains:  # each of its files is whole
        for path in {*left, *old, *new}:
            if left.get(path) not in (old.get(path), new.get(path)):
                yield f"leaves {path} as neither it was nor is to be"
    if trains or left != new:
        resumes = line.startswith(TRAIN) and (place / output).exists()
        again = lvmctl("train --resume runs/new" if resumes else line, place)
        if again.code != ended.code:
            yield f"typed again, ends with {again.code}: {again.err[-600:]}"
    if content(place / output) != new:
        yield "typed again, does not do what it would have done"
    yield from changed(place / output)
    for directory in {place, *(path for path in place.rglob("*") if path.is_dir())}:
        sweep(directory)
        sweep_embeddings(directory)
    if [*place.rglob(f"{PREFIX}*"), *place.rglob("*.embedding")]:
        yield "leaves temporary files"


def is_aborted(fault: Fault, broken: Ended) -> bool:
    """Whether a library ended the process for want of memory."""
    return fault.kind == "memory" and broken.code in ABORTS


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", CHOSEN)
def test_nothing_is_lost(scene, again, whole, tried, name, kind):
    finished, ended = whole(name)
    output = finished / COMMANDS[name][1]

    def attempt(at: int) -> Iterator[str]:
        fault, place = Fault(kind, at), again()
        broken = lvmctl(COMMANDS[name][0], place, fault)
        tried(f"{kind}, ended by a library" if is_aborted(fault, broken) else kind)
        for loss in losses(scene, place, finished, ended, name, fault, broken):
            yield f"{kind} {at}: {loss}"

    wrong = each(attempt, sample(f"{name} {kind}", moments(kind, ended.calls, output)))
    assert not wrong, "\n".join(wrong)
