"""Two commands at once: one writer has it whole, and a reader reads what is whole, or says so."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path

from faults.process import Ended, lvmctl
from faults.scene import FAULTS, TRAIN, changed, content, each, sample

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

DELAYS = (0.0, 0.02) if FAULTS > 1 else (0.0,)
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
    @cache
    def left(output: str, *lines: str) -> dict[str, object]:
        place = again()
        for line in lines:
            lvmctl(line, place)
        return content(place / output)

    def attempt(case: tuple[str, str, str]) -> Iterator[str]:
        output, first, second = case
        orders = {(first,), (second,), (first, second), (second, first)}
        possible = [left(output, *lines) for lines in orders]
        for delay in DELAYS:
            place = again()
            ended = together((first, second), place, delay)
            tried("two writers")
            wrong = [text for one in ended if one.code > 1 and (text := one.complaint())]
            wrong += changed(place)
            if content(place / output) not in possible:
                wrong.append(f"leaves what neither writes: {[one.code for one in ended]}")
            if list(place.rglob(f"{PREFIX}*")):
                wrong.append("leaves temporary files")
            yield from (f"{first} | {second} after {delay} s: {text}" for text in wrong)

    wrong = each(attempt, sample("races", CASES))
    assert not wrong, "\n".join(wrong)


def test_a_reader_of_what_is_replaced(again, tried):
    def attempt(case: tuple[str, str]) -> Iterator[str]:
        reader, writer = case
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
            if ended.code > 1 and (text := ended.complaint()):
                yield f"{case}: {text}"
            read = ended.code, ended.out, content(place / "new")
            if ended.code in (0, 1) and read not in possible:
                yield f"{case}: reads what was never there: {ended.out[-300:]}"

    cases = [(reader, writer) for reader in READERS for writer in WRITERS["store"]]
    wrong = each(attempt, sample("readers", cases))
    assert not wrong, "\n".join(wrong)


def said(line: str, place: Path) -> tuple[int, str, dict[str, object]]:
    """How a command ends, what it prints and what it writes."""
    ended = lvmctl(line, place)
    return ended.code, ended.out, content(place / "new")
