"""What benchmarks measured: figures beside their aims and peers, how cost grows, tables of both.

A benchmark says what it measured by :func:`keep`. Where LVMCTL_FIGURES names a file, each is a line
of JSON there, which ``benchmarks/run.py`` collects into docs/speed.json; else nothing is kept.
"""

from __future__ import annotations

import json
import os
import re
import statistics
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from lvmctl.core.formatting import table

KEPT = "LVMCTL_FIGURES"
"""The environment variable that names the file."""

MIB = 2**20
AIM = re.compile(r"([≤≥]) ([\d,.]+) (.+)")

Cells = list[list[str]]


@dataclass(frozen=True)
class Figure:
    """What was measured, once for each peer that it stands beside.

    Attributes:
        name: of what, with its sizes.
        value: how much, in ``unit``; per second is better high, all else low.
        aim: ``≥ 3.2 ×`` of the ratio, ``≤ 75 s`` of the value, ``≤ 256 MiB`` of the memory.
        peer: what else did the same in the same run.
        peer_value: its figure, in the same unit.
        memory: bytes.
    """

    name: str
    value: float
    unit: str
    aim: str = ""
    peer: str = ""
    peer_value: float | None = None
    memory: float | None = None

    @property
    def ratio(self) -> float | None:
        """How many times better than the peer."""
        if self.peer_value is None:
            return None
        value, peer = self.value, self.peer_value
        return value / peer if self.unit.endswith("/s") else peer / value

    @property
    def met(self) -> bool | None:
        """Whether the aim is reached; None without one, or without what it is of."""
        if not (found := AIM.fullmatch(self.aim)):
            return None
        sign, bound, unit = found[1], float(found[2].replace(",", "")), found[3]
        value = self.ratio if unit == "×" else self.value
        if unit == "MiB" != self.unit:
            value = None if self.memory is None else self.memory / MIB
        if value is None:
            return None
        return value >= bound if sign == "≥" else value <= bound


@dataclass(frozen=True)
class Growth:
    """The same at several sizes.

    Attributes:
        name: of what.
        per: what the sizes count, one of it.
        sizes, values: how many, and what they cost in ``unit``.
        memory: bytes at each size.
    """

    name: str
    per: str
    sizes: Sequence[int]
    values: Sequence[float]
    unit: str
    memory: Sequence[float] | None = None

    @property
    def exponent(self) -> float:
        """The slope of cost over size, both as logarithms: 1 where twice the size costs twice."""
        return float(np.polyfit(np.log(self.sizes), np.log(self.values), 1)[0])

    @property
    def memory_per_one(self) -> float | None:
        """Bytes that one more takes, by least squares."""
        return self.memory and float(np.polyfit(self.sizes, self.memory, 1)[0])


KINDS: dict[str, Callable[..., Figure | Growth]] = {"figures": Figure, "growth": Growth}


def keep(*measured: Figure | Growth) -> None:
    """Write figures where they are collected, if they are."""
    if path := os.environ.get(KEPT):
        with open(path, "a", encoding="utf-8") as file:
            for each in measured:
                kind = "growth" if isinstance(each, Growth) else "figures"
                file.write(json.dumps({kind: asdict(each)}, ensure_ascii=False) + "\n")


def compared(
    name: str,
    unit: str,
    turns: dict[str, list[float]],
    aims: dict[str, str],
    count: float = 1,
    memory: float | None = None,
) -> list[Figure]:
    """A figure beside each peer's, from the seconds that all took in turns.

    Args:
        unit: of seconds, or of ``count`` done per second.
        turns: by who took them; the first is lvmctl. A ratio is the median over turns, in which
            both saw the same machine.
        aims: by peer.
    """
    seconds = next(iter(turns.values()))
    own = statistics.median(seconds)

    def figure(peer: str = "", ratio: float | None = None) -> Figure:
        per_second = unit.endswith("/s")
        value = count / own if per_second else own
        other = None if ratio is None else value / ratio if per_second else value * ratio
        return Figure(name, value, unit, aims.get(peer, ""), peer, other, memory)

    ratios = {
        peer: statistics.median(p / s for p, s in zip(theirs, seconds))
        for peer, theirs in list(turns.items())[1:]
    }
    return [figure(peer, ratio) for peer, ratio in ratios.items()] or [figure()]


def read(lines: str) -> dict[str, list[dict[str, Any]]]:
    """What :func:`keep` wrote, by kind."""
    kept: dict[str, list[dict[str, Any]]] = {kind: [] for kind in KINDS}
    for line in lines.splitlines():
        for kind, fields in json.loads(line).items():
            kept[kind].append(fields)
    return kept


# ---------------------------------------------------------------------- tables


def short(value: float) -> str:
    """A number in about three digits."""
    if value != 0 and abs(value) < 0.1:
        return f"{value:.2g}"
    return f"{value:,.{0 if abs(value) >= 100 else 1 if abs(value) >= 10 else 2}f}"


def size_of(amount: float) -> str:
    """Bytes in the unit that suits them."""
    for unit, step in (("GiB", 2**30), ("MiB", MIB), ("KiB", 2**10)):
        if abs(amount) >= step:
            return f"{short(amount / step)} {unit}"
    return f"{short(amount)} B"


FIGURES = ["figure", "measured", "aim", "peer", "peer's", "ratio", "memory"]
GROWTH = ["cost of", "sizes", "measured", "exponent", "memory for one"]


def figure_rows(part: dict[str, Any]) -> Cells:
    """A part's figures as cells of :data:`FIGURES`; what stands above already is not repeated."""
    rows: Cells = []
    last = None
    for each in (Figure(**fields) for fields in part["figures"]):
        first = each.name != last
        last = each.name
        met = {None: "", True: " ✓", False: " ✗"}[each.met]
        rows.append(
            [
                each.name if first else "",
                f"{short(each.value)} {each.unit}" if first else "",
                each.aim + met,
                each.peer,
                "" if each.peer_value is None else short(each.peer_value),
                "" if each.ratio is None else f"{short(each.ratio)} ×",
                size_of(each.memory) if first and each.memory is not None else "",
            ]
        )
    return rows


def growth_rows(part: dict[str, Any]) -> Cells:
    """How a part's cost grows, as cells of :data:`GROWTH`."""
    return [
        [
            each.name,
            ", ".join(f"{size:,}" for size in each.sizes) + f" {each.per}s",
            ", ".join(map(short, each.values)) + f" {each.unit}",
            f"{each.exponent:.2f}",
            "" if each.memory_per_one is None else size_of(max(each.memory_per_one, 0)),
        ]
        for each in (Growth(**fields) for fields in part["growth"])
    ]


def filled(rows: Cells, leave_out: str = "") -> tuple[list[str], Cells]:
    """A header and its rows without columns that are empty, or left out."""
    kept = [column for column in zip(*rows) if column[0] != leave_out and any(column[1:])]
    header, *cells = map(list, zip(*kept))
    return header, cells


ROWS = ((FIGURES, figure_rows), (GROWTH, growth_rows))


def printed(parts: Sequence[dict[str, Any]]) -> str:
    """One table of all figures and one of all growth, 80 columns wide."""
    texts = []
    for header, rows_of in ROWS:
        if rows := [row for part in parts for row in rows_of(part)]:
            texts.append(table(*filled([header, *rows], leave_out="memory")))
    return "\n\n".join(texts)


# ---------------------------------------------------------------------- the page

MARK = re.compile(r"(<!-- measured: (\w+) -->\n)(.*?)(<!-- end -->)", re.DOTALL)
"""Where a part's tables stand on the page."""


def markdown(header: list[str], rows: Cells) -> str:
    """A table of Markdown."""
    lines = [header, ["---"] * len(header), *rows]
    return "".join(
        f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in line)} |\n" for line in lines
    )


def part_text(part: dict[str, Any]) -> str:
    """What the page says of a part: the command, and its tables."""
    text = f"\n`{part['command']}`:\n"
    if part["error"]:
        text += f"\nIt did not end: {part['error']}.\n"
    for header, rows_of in ROWS:
        if rows := rows_of(part):
            text += "\n" + markdown(*filled([header, *rows]))
    return text + "\n"


def machine_text(record: dict[str, Any]) -> str:
    """What the page says of the run."""
    machine = record["machine"]
    versions = ", ".join(f"{name} {version}" for name, version in record["versions"].items())
    units = "with" if machine["matrix_units"] else "without"
    busy = max((part["load"] for part in record["parts"]), default=0)
    return (
        f"\n{record['date']}: {machine['cores']} cores of {machine['processor']}, {units} matrix "
        f"units, {machine['memory_gib']} GiB; other work used up to {short(busy)} cores. "
        f"{versions}.\n\n"
    )


def page(text: str, record: dict[str, Any]) -> str:
    """The page with the tables of a record between its marks; a part that was not run is empty."""
    parts = {part["name"]: part_text(part) for part in record["parts"]}
    parts["machine"] = machine_text(record)

    def between(found: re.Match[str]) -> str:
        return found[1] + parts.get(found[2], "") + found[4]

    return MARK.sub(between, text)


def marked(text: str) -> Iterator[str]:
    """The names between whose marks tables stand."""
    return (found[2] for found in MARK.finditer(text))
