"""What the faults happen to: something of everything that lvmctl writes, as small as it goes."""

from __future__ import annotations

import hashlib
import json
import os
import random
import shutil
import zipfile
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

from lvmctl.core.errors import LvmctlError
from lvmctl.core.hashes import RECORD, fault_of, read_record
from lvmctl.core.temporary import PREFIX

Case = TypeVar("Case")

FAULTS = int(os.environ.get("LVMCTL_FAULTS", "1"))
"""How many of each kind are tried; a number above all of them is ``make faults``."""

JOBS = int(os.environ.get("LVMCTL_FAULTS_JOBS", os.cpu_count() or 1))
"""How many are tried at once."""

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
    "runs export runs/done --out shared --no-onnx",
)
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
    "a table": ("data export store --format parquet --out table.parquet", "table.parquet"),
    "windows replaced": ("data export store --context 3 --out windows --force", "windows"),
    "a plugin": ("plugins new loss far --out far", "far"),
    "a training": (f"{TRAIN} --epochs 1 --set checkpoint_every=2 --out runs/new", "runs/new"),
    "a longer training": ("train --resume runs/done --epochs 2", "runs/done"),
    "an evaluation": ("eval 5cat runs/done", "runs/done"),
    "a page": ("eval report runs/done", "runs/done"),
    "a diagnosis": ("diagnose split-parity store --out new", "new"),
    "predictions": ("predict runs/done --article 1 --format jsonl --out said.jsonl", "said.jsonl"),
    "a run exported": ("runs export runs/done --out mine --no-onnx", "mine"),
    "a run imported": ("runs import shared --out runs/other", "runs/other"),
    "a run removed": ("runs remove done --yes", "runs/done"),
}
"""What is typed, and what it writes."""

READERS = {
    "store": (
        "verify store",
        "data info store --json",
        "data show store --json",
        "eval baselines --data store --context 2 --json",
        "diagnose split-parity store --json",
    ),
    "shared": ("verify shared", "runs show shared --json", "runs import shared --out new"),
    "told": (
        "verify told",
        "data show told 0 --json",
        "data info told --json",
        "data subset told --windows 2",
    ),
    "windows": (
        "data info windows/store_train.npz --json",
        "eval baselines --data windows/store_val.npz --train windows/store_train.npz --json",
        "data import windows/store_train.npz --out new --json",
    ),
    "runs": (
        "verify runs/done",
        "runs list --json",
        "runs show done --json",
        "eval retrieval runs/done --json",
        "diagnose run runs/done --json",
        "train --resume runs/done --json",
    ),
}
"""Commands that read what is in a directory of the scene."""

EXPERIMENTS = """\
[small]
recipe = "plain"
summary = "one"
data = "store"
losses = ["cosine:1"]
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


def each(task: Callable[[Case], Iterable[str]], cases: Iterable[Case]) -> list[str]:
    """What a task says of the cases, some of which are tried at once."""
    with ThreadPoolExecutor(JOBS) as pool:
        return [line for lines in pool.map(lambda case: list(task(case)), cases) for line in lines]


TIMED = ("manifest.json", RECORD)
"""Files that say when, or hold hashes of those that do."""


def stamps(place: Path) -> dict[str, tuple[int, int]]:
    """Time and size of each file below ``place`` but locks, by path; a copied file keeps both."""
    found, above = {}, len(f"{place}/")
    for folder, _, names in os.walk(place):
        for path in (f"{folder}/{name}" for name in names if not name.startswith(".lock")):
            state = os.lstat(path)
            found[path[above:]] = state.st_mtime_ns, state.st_size
    return found


def restore(scene: Path, place: Path) -> None:
    """Make ``place`` a copy of the scene; what is one is left."""
    wanted, there = stamps(scene), stamps(place)
    for folder, folders, names in os.walk(place, topdown=False):
        origin = scene / Path(folder).relative_to(place)
        for name in names:
            if not (origin / name).exists():
                os.unlink(f"{folder}/{name}")
        for name in folders:
            if not (origin / name).is_dir():
                os.rmdir(f"{folder}/{name}")
    for name, stamp in wanted.items():
        if there.get(name) != stamp:
            (place / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(scene / name, place / name)


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
        if any(part.startswith(PREFIX) or part.endswith(".embedding") for part in parts):
            continue  # what is under way
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
        if any(part.startswith(PREFIX) for part in record.relative_to(place).parts):
            continue
        for name, entry in read_record(record.parent, LvmctlError).items():
            if fault := fault_of(record.parent / name, entry, whole=True):
                faults.append(f"{record.parent / name} {fault}")
    return faults
