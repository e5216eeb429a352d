"""What the faults happen to: something of everything that lvmctl writes, as small as it goes."""

from __future__ import annotations

import hashlib
import json
import os
import random
import zipfile
from collections.abc import Iterable
from pathlib import Path
from typing import TypeVar

from lvmctl.core.errors import LvmctlError
from lvmctl.core.hashes import RECORD, fault_of, read_record
from lvmctl.core.temporary import PREFIX

Case = TypeVar("Case")

FAULTS = int(os.environ.get("LVMCTL_FAULTS", "1"))
"""How many of each kind are tried; a number above all of them is ``make faults``."""

WORLD = "synth:topic?articles=12&chunks=12&dim=4"
TINY = "--set width=8 --set layers=1 --set heads=1 --set feedforward=8 --set batch_size=32"
TRAIN = f"train --plugin plain --data '{WORLD}' {TINY}"
SCENE = (
    "data synth topic --articles 12 --chunks 12 --dim 4 --out store",
    "data split store",
    "data export store --context 2 --out windows",
    "data embed texts --set dim=4 --levels sentence --out told",
    "plugins new loss near --out near",
    f"{TRAIN} --epochs 1 --out runs/done",
)
EXPERIMENTS = """\
[experiments.small]
recipe = "plain"
data = "store"
notes = "one"
[experiments.small.options]
epochs = 1
lr = 0.001
"""


def texts(place: Path) -> None:
    """Write articles of a few paragraphs of a few sentences, and an experiments file."""
    draw, words = random.Random(0), [a + b for a in ("ri", "sto", "fal") for b in "abcdefghijklm"]
    (place / "texts").mkdir()
    for name in ("a", "b", "c"):
        sentences = [f"{' '.join(draw.choices(words, k=5)).capitalize()}." for _ in range(24)]
        paragraphs = [" ".join(sentences[at : at + 3]) for at in range(0, 24, 3)]
        (place / "texts" / f"{name}.txt").write_text("\n\n".join(paragraphs))
    (place / "experiments.toml").write_text(EXPERIMENTS)


def sample(name: str, cases: Iterable[Case], times: int = 1) -> list[Case]:
    """So many of the cases as are tried, always the same."""
    cases = list(cases)
    return random.Random(name).sample(cases, min(FAULTS * times, len(cases)))


TIMED = ("manifest.json", RECORD)
"""Files that say when, or hold hashes of those that do."""


def content(place: Path) -> dict[str, object]:
    """What is at ``place``, by path: hashes of files, and of what an archive holds."""
    files = {}
    for path in sorted(place.rglob("*")) if place.is_dir() else [place] * place.exists():
        parts = path.relative_to(place).parts
        hashes = path.match("checkpoints/*.json")
        if path.is_dir() or hashes or path.name in TIMED or path.name.startswith(".lock"):
            continue
        if path.match("checkpoints/*.pt") and path != max(path.parent.glob("*.pt")):
            continue  # an older one may be left
        if any(part.startswith(PREFIX) for part in parts):
            continue
        if path.suffix == ".npz":  # its members have dates
            with zipfile.ZipFile(path) as archive:
                value: object = sorted((each.filename, each.CRC) for each in archive.infolist())
        elif path.suffix in (".html", ".svg"):
            value = path.read_text("utf-8").rstrip().endswith(">")
        elif path.name.startswith("5cat_"):  # it has timings
            value = sorted(json.loads(path.read_text("utf-8")))
        else:
            value = hashlib.sha256(path.read_bytes()).hexdigest()
        files[str(path.relative_to(place))] = value
    return files


def changed(place: Path) -> list[str]:
    """Files below ``place`` that are not what was recorded of them."""
    faults = []
    for record in place.rglob(RECORD):
        for name, entry in read_record(record.parent, LvmctlError).items():
            if fault := fault_of(record.parent / name, entry, whole=True):
                faults.append(f"{record.parent / name} {fault}")
    return faults
