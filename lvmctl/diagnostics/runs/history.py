"""What a training wrote down by epoch, read so that nothing missing or broken stops the reader."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

from lvmctl.core.errors import RunError, UsageError
from lvmctl.core.formatting import number as format_number
from lvmctl.core.inputs import read_text
from lvmctl.core.json_input import read_json
from lvmctl.core.runs import WEIGHTS
from lvmctl.core.schedule import Schedule
from lvmctl.core.tree import get_mapping, get_number, is_number, leaves
from lvmctl.diagnostics.runs.fivecat_log import fivecat_records
from lvmctl.registry import load_registry
from lvmctl.registry.verdict_specs import MetricSpec

NAME, OTHER_NAME = "training_history.json", "history.json"

LAST_MARGIN = "val.margin.last|val.margin"
"""A margin that names no previous chunk is read as that against the last one."""

PUBLISHED = {"cosine": "cos_next"}
"""Names of figures in the flat histories of the published project (``val_cosine``)."""

COSINES = ("cos_next", "cos_anchor")
COUNTS = ("windows", "in_article_windows")

ROUNDING = 1e-6
"""Figures are float32 means."""


class Point(NamedTuple):
    """A figure of an epoch."""

    epoch: int
    value: float


class Event(NamedTuple):
    """Something the recipe changes at the start of an epoch."""

    epoch: int
    what: str


@dataclass(frozen=True)
class History:
    """The records of a run's epochs, in ascending order.

    Attributes:
        records: one mapping per epoch; only ``epoch`` is certain.
        config: the run's ``config.json``, empty with a bare history.
        where: the file, for messages.
        metrics: what plugins say of figures, by name.
    """

    records: Sequence[Mapping[str, Any]]
    config: Mapping[str, Any] = field(default_factory=dict)
    where: Path = Path(NAME)
    metrics: Mapping[str, MetricSpec] = field(default_factory=dict)

    @property
    def epochs(self) -> list[int]:
        """The epochs there are records of."""
        return [record["epoch"] for record in self.records]

    @property
    def ranks_by_score(self) -> bool:
        """Whether the ranks of these records are those of a model's own score; those of its q are
        then recorded apart."""
        return any(get_mapping(record, "val.q") for record in self.records)

    @property
    def judged(self) -> str:
        """The figure that says how good the run is: a ranker's q may be anything."""
        return "mrr@10" if self.ranks_by_score else "cos_next"

    def curve(self, path: str) -> list[Point]:
        """The values of a figure by its path, e.g. ``val.margin.last``, that :meth:`number` reads.

        ``|`` separates paths that are tried in turn at each epoch.
        """
        curve = []
        for record in self.records:
            values = (self.number(record, alternative) for alternative in path.split("|"))
            value = next((value for value in values if value is not None), None)
            if value is not None:
                curve.append(Point(record["epoch"], value))
        return curve

    def last(self, path: str) -> float | None:
        """The newest value of a figure, None where it was never measured."""
        curve = self.curve(path)
        return curve[-1].value if curve else None

    def impossible(self) -> list[tuple[str, Point]]:
        """Figures with values that they cannot have: the path, and the newest such value."""
        newest = {}
        for record in self.records:
            for path, value in leaves(record):
                low, high = self.bounds(path)
                if is_number(value) and not low <= value <= high:
                    newest[path] = Point(record["epoch"], value)
        return sorted(newest.items())

    def terms(self, part: str) -> list[str]:
        """Names of the loss terms that any epoch of ``part`` (train or val) has, sorted."""
        names = {name for record in self.records for name in get_mapping(record, part)}
        return sorted(name for name in names if self.is_term(name))

    def options(self) -> Mapping[str, Any]:
        """The recipe's options by their paths, and by the names of their fields, of which the
        recipe's own win over those of groups; empty where they are not known."""
        paths = dict(leaves(get_mapping(self.config, "options")))
        return {path.rpartition(".")[2]: value for path, value in paths.items()} | paths

    def unfinished(self) -> int | None:
        """Epochs that were planned, where the records end before them and none says why."""
        planned = self.number(self.options(), "epochs")
        if planned is None or len(self.records) >= planned:
            return None
        return None if any(record.get("stopped") for record in self.records) else int(planned)

    def events(self) -> list[Event]:
        """What the schedule changed, by epoch: seen in the records, and planned in the config."""
        return sorted({*self.seen_events(), *planned_events(self.config, self.epochs)})

    def is_term(self, name: str) -> bool:
        """Whether a figure is a loss term; metrics whose names begin like one are none."""
        return name.startswith("loss_") and name not in self.metrics

    @property
    def scheduled(self) -> list[str]:
        """Figures that a schedule sets and a recipe reports."""
        return [*(name for name, spec in self.metrics.items() if spec.scheduled), "selected"]

    def seen_events(self) -> Iterator[Event]:
        """Loss terms that come or go between epochs, and steps of what a schedule sets."""
        for before, after in pairwise(self.records):
            old, new = get_mapping(before, "train"), get_mapping(after, "train")
            if not (old and new):
                continue
            epoch = after["epoch"]
            for name in filter(self.is_term, old.keys() ^ new.keys()):
                yield Event(epoch, f"{name} {'ends' if name in old else 'begins'}")
            for name in self.scheduled:
                values = self.number(old, name), self.number(new, name)
                if None not in values and abs(values[0] - values[1]) > 1e-6:
                    yield Event(
                        epoch, f"{name} {' → '.join(format_number(v, None) for v in values)}"
                    )

    def number(self, record: Mapping[str, Any], path: str) -> float | None:
        """The number at a dotted path, None where there is none, or none that it can be."""
        value = get_number(record, path)
        low, high = self.bounds(path)
        return float(value) if value is not None and low <= value <= high else None

    def bounds(self, path: str) -> tuple[float, float]:
        """The least and the largest value that a figure can have, with room for rounding."""
        parts = path.split(".")
        name = parts[-1]
        if "margin" in parts:  # a difference of two cosines
            return -2.02, 2.02
        if name in COSINES or "cos_prev" in parts:
            return -1.01, 1.01
        if name in self.metrics:
            return self.metrics[name].low - ROUNDING, self.metrics[name].high + ROUNDING
        if name.startswith(("r@", "mrr@", "chance_")):
            return -ROUNDING, 1 + ROUNDING
        return (0.0 if name in COUNTS else -math.inf), math.inf


def read_history(path: Path) -> History:
    """The history of a run directory, or of a bare file; a 5CAT log of the published project is
    read as one epoch.

    Raises:
        RunError: there is none, it is damaged, or no epoch was finished; one line.
    """
    path = Path(path)
    if not path.exists():
        raise RunError("no such run or history", where=path)
    config: Any = {}
    hint = "restore the file"
    if path.is_dir():
        if (path / "config.json").is_file():
            config = read_json(path / "config.json", hint=hint)
        other = (path / OTHER_NAME).is_file() and not (path / NAME).exists()
        path = path / (OTHER_NAME if other else NAME)
    if path.suffix in WEIGHTS:
        raise RunError("is a model, no history", where=path, hint="lvmctl eval compare takes it")
    if not path.exists():
        hint = "no epoch was finished"
    try:
        records = read_json(path, hint=hint)
    except RunError:
        if not (records := log_records(path)):
            raise
    if isinstance(records, Mapping):  # one epoch, or a list under a name
        if not is_record(records) and not any(isinstance(v, list) for v in records.values()):
            hint = f"give {NAME}, or the folder"
            raise RunError("has no figure of an epoch", where=path, hint=hint)
        records = next((v for v in records.values() if isinstance(v, list)), [records])
    if not isinstance(records, list) or not all(isinstance(r, Mapping) for r in records):
        raise RunError("is not a training history, a list with one record per epoch", where=path)
    if not records:
        raise RunError("has no record: no epoch was finished", where=path, hint="train it longer")
    metrics = {entry.name: entry.record for entry in load_registry().entries("metric")}
    return History(in_order(records), config if isinstance(config, Mapping) else {}, path, metrics)


def log_records(path: Path) -> list[dict[str, Any]]:
    """The record of a 5CAT log of the published project; none where the file is no such log."""
    with suppress(OSError, ValueError):
        return fivecat_records(read_text(path))
    return []


def is_record(mapping: Mapping[str, Any]) -> bool:
    """Whether a mapping has figures of an epoch."""
    return any(
        name in ("epoch", "train", "val")
        or (name.startswith(("train_", "val_")) and is_number(value))
        for name, value in mapping.items()
    )


def in_order(records: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The records by epoch, the newer of two of one epoch; numbered where they are not."""
    numbered: dict[int, dict[str, Any]] = {}
    for place, record in enumerate(records, start=1):
        epoch = get_number(record, "epoch")
        epoch = place if epoch is None else int(epoch)
        numbered[epoch] = {**nested(record), "epoch": epoch}
    return [numbered[epoch] for epoch in sorted(numbered)]


def nested(record: Mapping[str, Any]) -> dict[str, Any]:
    """A record with the flat figures of a published history, ``val_cosine``, where ours are."""
    made = dict(record)
    for key in record:
        part, _, name = key.partition("_")
        if part in ("train", "val") and name and is_number(record[key]):
            made[part] = {PUBLISHED.get(name, name): made.pop(key), **get_mapping(made, part)}
    return made


def planned_events(config: Mapping[str, Any], epochs: Sequence[int]) -> Iterator[Event]:
    """Jumps and ramp ends of the losses' weights within the epochs that were trained."""
    losses = config.get("losses")
    for loss in losses if isinstance(losses, list) else []:
        try:
            segments = Schedule.parse(loss["weight"]).segments
            name = str(loss["name"]).rpartition("/")[2]
        except (UsageError, KeyError, TypeError, AttributeError, ValueError):
            continue
        for segment, following in pairwise(segments):
            begin = int(following.begin) + 1
            if begin not in epochs:
                continue
            if segment.last != following.first:
                weights = f"{segment.last:g} → {following.first:g}"
                yield Event(begin, f"weight of {name} {weights}")
            elif segment.first != segment.last:
                yield Event(begin, f"weight of {name} stays at {following.first:g}")
