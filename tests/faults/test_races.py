"""Two commands at once: one writer has it whole, and a reader reads what is whole, or says so."""

from __future__ import annotations

import shutil
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from faults.process import Ended, lvmctl
from faults.scene import FAULTS, TRAIN, changed, content, sample

from lvmctl.core.temporary import PREFIX

WRITERS = {
    "new": (
        "data synth topic --articles 3 --chunks 8 --dim 4 --out new",
        "data subset store --windows 20 --out new",
        "data embed texts --set dim=3 --out new",
        "plugins new loss far --out new",
        "diagnose split-parity store --out new",
        "data export store --context 2 --out new",
        f"{TRAIN} --epochs 1 --out new",
    ),
    "store": (
        "data synth rotation --articles 12 --chunks 12 --dim 4 --out store --force",
        "data split store --seed 3 --force",
        "data split store --seed 4 --force",
        "data drop store --article 3 --out store --force",
    ),
    "runs/done": (
        "train --resume runs/done --epochs 2",
        "train --resume runs/done --epochs 3",
        "runs remove done --yes",
        "eval 5cat runs/done",
        "eval report runs/done --force",
    ),
}
READERS = (
    "data info store --json",
    "eval baselines --data store --context 2 --json",
    "data subset store --windows 20 --out new",
)
"""What reads a store that is replaced meanwhile."""

DELAYS = (0.0, 0.01, 0.03) if FAULTS > 1 else (0.0,)
"""Seconds that the second of two commands begins later."""

CASES = [(out, a, b) for out, lines in WRITERS.items() for a in lines for b in lines if a <= b]


def together(lines: tuple[str, str], place: Path, delay: float) -> list[Ended]:
    """Two commands in the same directory, the second of which begins a little later."""

    def run(number: int) -> Ended:
        time.sleep(delay * number)
        streams = place.with_name(f"{place.name}.{number}")
        return lvmctl(lines[number], place, streams=streams)

    with ThreadPoolExecutor(2) as pool:
        return list(pool.map(run, range(2)))


def test_two_writers(again, tried):
    wrong = []
    for output, first, second in sample("races", CASES):
        possible = []
        for lines in ((first,), (second,), (first, second), (second, first)):
            place = again()
            for line in lines:
                lvmctl(line, place)
            possible.append(content(place / output))
        for delay in DELAYS:
            place = again()
            ended = together((first, second), place, delay)
            tried("two writers")
            case = f"{first} | {second} after {delay} s"
            failures = [each for each in ended if each.code not in (0, 1)]
            wrong += [f"{case}: {text}" for each in failures if (text := each.complaint())]
            wrong += [f"{case}: {fault}" for fault in changed(place)]
            if content(place / output) not in possible:
                wrong.append(f"{case}: leaves what neither writes: {[each.code for each in ended]}")
            if list(place.rglob(f"{PREFIX}*")):
                wrong.append(f"{case}: leaves temporary files")
    assert not wrong, "\n".join(wrong)


def test_a_reader_of_what_is_replaced(again, tried):
    wrong = []
    cases = [(reader, writer) for reader in READERS for writer in WRITERS["store"]]
    for reader, writer in sample("readers", cases):
        place = again()
        possible = [said(reader, place)]
        shutil.rmtree(place / "new", ignore_errors=True)
        lvmctl(writer, place)
        possible.append(said(reader, place))
        for delay in DELAYS:
            place = again()
            ended = together((writer, reader), place, delay)[1]
            tried("a writer and a reader")
            case = f"{reader}, {delay} s after {writer}"
            if ended.code not in (0, 1):
                wrong += [f"{case}: {text}" for text in [ended.complaint()] if text]
            elif (ended.code, ended.out, content(place / "new")) not in possible:
                wrong.append(f"{case}: reads what was never there: {ended.out[-300:]}")
    assert not wrong, "\n".join(wrong)


def said(line: str, place: Path) -> tuple[int, str, dict[str, object]]:
    """How a command ends, what it prints and what it writes."""
    ended = lvmctl(line, place)
    return ended.code, ended.out, content(place / "new")
