"""Damaged files: what reads one refuses it in one line, or prints what it printed before."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from faults.process import lvmctl
from faults.scene import READERS, each, sample

REPORTS = ("changed since lvmctl wrote it", "broken", "not examined", "cannot be read")
"""What is said of a damaged file that is read all the same: of a store's titles, in lists, and of
what a diagnosis leaves out."""

FLIPS, SPREAD = 4, 7919


def cut(share: float) -> Callable[[bytes], bytes]:
    """What keeps a share of a file, and never all of it."""
    return lambda content: content[: min(int(len(content) * share), len(content) - 1)]


def flip(number: int) -> Callable[[bytes], bytes]:
    """What changes one bit of a file."""

    def damage(content: bytes) -> bytes:
        at = (number * SPREAD * 8 + number) % (len(content) * 8)
        damaged = bytearray(content)
        damaged[at // 8] ^= 1 << at % 8
        return bytes(damaged)

    return damage


DAMAGES = {
    "cut to nothing": cut(0),
    "cut in half": cut(0.5),
    "without its end": cut(1),
    **{f"flip {number}": flip(number) for number in range(1, FLIPS + 1)},
}


def without_sizes(out: str) -> str:
    """JSON without sizes of files as they are, which no damage hides."""
    return re.sub(r'"(bytes|best_model)": \d+', "", out)


@pytest.mark.parametrize("place", READERS)
def test_no_damage_is_silent(scene, again, tried, place):
    known: dict[str, tuple[int, str]] = {}
    files = [path for path in sorted((scene / place).rglob("*")) if path.is_file()]
    files = [path.relative_to(scene) for path in files if path.stat().st_size]
    cases = [(f, name, line) for f in files for name in DAMAGES for line in READERS[place]]
    chosen = sample(place, cases)
    for line in {line for _, _, line in chosen}:
        ended = lvmctl(line, again())
        known[line] = ended.code, without_sizes(ended.out)
        assert ended.code in (0, 1), (line, ended.err)

    def attempt(case: tuple[Path, str, str]) -> Iterator[str]:
        file, name, line = case
        copied = again()
        damaged = copied / file
        state = damaged.stat()
        damaged.write_bytes(DAMAGES[name](damaged.read_bytes()))
        os.utime(damaged, ns=(state.st_atime_ns, state.st_mtime_ns - 1))  # the date of a run
        ended = lvmctl(line, copied)
        tried(f"damage: {place}")
        if (ended.code, without_sizes(ended.out)) == known[line]:
            return
        if ended.code in (0, 1):
            if not any(words in ended.out + ended.err for words in REPORTS):
                yield f"{file}, {name}: {line}: prints other things"
        elif complaint := ended.complaint():
            yield f"{file}, {name}: {line}: {complaint}"

    wrong = each(attempt, chosen)
    assert not wrong, "\n".join(wrong)
