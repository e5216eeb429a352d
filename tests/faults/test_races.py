"""Two commands that write the same thing at once: one of them has it whole, the other says so."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from faults.process import Ended, lvmctl
from faults.scene import TRAIN, changed, content, sample

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
CASES = [(out, a, b) for out, lines in WRITERS.items() for a in lines for b in lines if a <= b]


def together(lines: tuple[str, str], place: Path) -> list[Ended]:
    """Two commands, started at once in the same directory."""
    with ThreadPoolExecutor(2) as pool:
        streams = [place.with_name(f"{place.name}.{number}") for number in range(2)]
        return list(pool.map(lambda line, at: lvmctl(line, place, streams=at), lines, streams))


def test_two_at_once(scene, again, tried):
    wrong = []
    for output, first, second in sample("races", CASES):
        orders = []
        for lines in ((first, second), (second, first)):
            place = again()
            done = [lvmctl(line, place).code for line in lines]
            orders.append((done, content(place / output)))
        alone = []
        for line in (first, second):
            place = again()
            lvmctl(line, place)
            alone.append(content(place / output))
        place = again()
        ended = together((first, second), place)
        tried("races")
        case = f"{first} | {second}"
        failures = [each for each in ended if each.code not in (0, 1)]
        wrong += [f"{case}: {text}" for each in failures if (text := each.complaint())]
        wrong += [f"{case}: {fault}" for fault in changed(place)]
        result = content(place / output)
        if result not in [*alone, *(left for _, left in orders)]:
            wrong.append(f"{case}: leaves what neither writes: {[each.code for each in ended]}")
        if list(place.rglob(f"{PREFIX}*")):
            wrong.append(f"{case}: leaves temporary files")
    assert not wrong, "\n".join(wrong)
