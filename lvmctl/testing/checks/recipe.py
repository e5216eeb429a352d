"""Checks of recipes."""

from __future__ import annotations

import io
import json
import math
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import fields
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import numpy as np
import torch

from lvmctl.config import OptionInfo, TrainingOptions, bind, describe, values_of
from lvmctl.core.batch import Step
from lvmctl.core.errors import PluginError, UsageError
from lvmctl.core.files import jsonable
from lvmctl.core.reporter import SILENT
from lvmctl.core.run_directory import new_run
from lvmctl.data import Windows, open_split
from lvmctl.evaluation.trained import load_run
from lvmctl.plan import Plan, from_record, make_plan
from lvmctl.registry import load_registry
from lvmctl.registry.specs import Composition
from lvmctl.testing.check import CheckFailed, Skipped, Subject, check, checks_in, once_per_subject
from lvmctl.testing.processes import ProcessFailed, python
from lvmctl.testing.text_store import text_store
from lvmctl.training.job import TrainRequest, start

MAX_NAME = 80
"""Characters of a run directory's name, its time included."""

TINY = {"width": 16, "layers": 1, "heads": 2, "feedforward": 16}
TINY |= {"epochs": 1, "batch_size": 16, "windows": 32, "eval_windows": 32, "min_article": 6}
"""Options of the sequence models that models share, and of a training, that make a run short."""

OF_TRAINING = {info.short for info in describe(TrainingOptions)}
"""Options that training itself reads."""

TORCH_FREE = """
import sys
sys.modules["torch"] = None
from lvmctl.registry.record import load
load({target!r})(load({options!r})())
"""


def planned(subject: Subject, changed: dict[str, Any] | None = None) -> Plan:
    """The plan of the recipe with the subject's options, those of some paths changed."""
    values = values_of(subject.options) | (changed or {})
    return make_plan(subject.registry, subject.registry.address(subject.entry), [("check", values)])


@check
def options_are_a_trainings(subject: Subject) -> None:
    """Its options extend ``TrainingOptions``, so that every recipe is trained by the same words."""
    if not isinstance(subject.options, TrainingOptions):
        raise CheckFailed(f"{type(subject.options).__name__} does not extend TrainingOptions")


@check
def composes_without_torch(subject: Subject) -> None:
    """The target turns its options into a Composition, and needs no torch for it."""
    composition = subject.build()
    if not isinstance(composition, Composition):
        raise CheckFailed(f"it gives a {type(composition).__name__}, not a Composition")
    options = subject.record.options
    address = f"{options.__module__}:{options.__qualname__}"
    try:
        python("-c", TORCH_FREE.format(target=subject.record.target, options=address))
    except ProcessFailed as error:
        raise CheckFailed(f"without torch it fails with {error}") from error


@check
def parts_fit_together(subject: Subject) -> str:
    """With its own options the model, the losses and the gates are found and fit together."""
    try:
        return planned(subject).describe()
    except UsageError as error:
        raise CheckFailed(f"they do not: {error}") from error


@check
def every_bound_plans_or_is_refused(subject: Subject) -> str:
    """Each option at either of its bounds, or at any of its choices, gives a plan or an error of
    one line that says why it cannot."""
    tried, refused = 0, []
    for info in describe(type(subject.options)):
        for value in extremes(info):
            tried += 1
            try:
                planned(subject, {info.path: value})
            except Exception as error:
                refusal = isinstance(error, UsageError) and not isinstance(error, PluginError)
                if not refusal or "\n" in str(error):
                    fault = f"{type(error).__name__}: {error}"
                    raise CheckFailed(f"{info.path} = {value} ends in {fault}") from error
                refused.append(f"{info.path} = {value}")
    return f"{tried} values" + (f", refused: {', '.join(refused)}" if refused else "")


def extremes(info: OptionInfo) -> Iterator[Any]:
    """The values at the ends of an option."""
    if info.choices or info.type.scalar is bool:
        yield from info.choices or (False, True)
        return
    for bound in (info.low, info.high):
        if bound is not None and math.isfinite(bound):
            if info.schedule:
                yield f"{bound:f}"
            else:
                yield (bound,) * len(info.default) if info.type.many else bound


@check
def every_option_arrives(subject: Subject) -> str:
    """Each option that is not training's own changes the Composition, with the switches as they are
    or with one of them turned."""
    infos = describe(type(subject.options))
    switches = [{info.path: not info.default} for info in infos if info.type.scalar is bool]
    arriving = [info for info in infos if info.short not in OF_TRAINING and [*extremes(info)]]
    for info in arriving:
        pairs = [
            (composed(subject, switch), composed(subject, switch | {info.path: value}))
            for switch in ({}, *switches)
            for value in extremes(info)
        ]
        if all(after in (None, before) for before, after in pairs):
            raise CheckFailed(f"whatever {info.path} is, the recipe is composed of the same parts")
    return f"{len(arriving)} options"


def composed(subject: Subject, changed: dict[str, Any]) -> Composition | None:
    """What the target makes of the options, those of some paths changed; None where they are
    refused."""
    try:
        values = values_of(subject.options) | changed
        options = bind(type(subject.options), [("check", values)]).options
        return subject.registry.resolve(subject.entry)(options)
    except UsageError:
        return None


@check
def run_name_is_short(subject: Subject) -> str:
    """The name of its run directory is short, so that every file system takes it."""
    with TemporaryDirectory(prefix="lvmctl-check-") as place:
        run = new_run(subject.entry.name, planned(subject).key_options, Path(place) / "runs")
        name = str(run.path.relative_to(Path(place) / "runs"))
    if len(name) > MAX_NAME:
        raise CheckFailed(f"the run's name {name!r} has {len(name)} characters, not {MAX_NAME}")
    return name


@check
def plan_survives_the_disk(subject: Subject) -> None:
    """The plan that is read back from ``config.json`` is the plan that was made."""
    plan = planned(subject)
    again = from_record(subject.registry, jsonable(plan.record()))
    for field in fields(plan):
        before, after = getattr(plan, field.name), getattr(again, field.name)
        if before != after:
            raise CheckFailed(f"{field.name} is {before!r:.120}, and {after!r:.120} when read back")


# ------------------------------------------------------------------ what is trained


class Run(NamedTuple):
    """``training_history.json``, and what each loss logs, by the loss's qualified name."""

    history: list[dict[str, Any]]
    logged: dict[str, list[str]]


def tiny(options: Any) -> dict[str, Any]:
    """The values of a recipe's ``options``, with those of :data:`TINY` as far as bounds allow."""
    values = values_of(options)
    for info in describe(type(options)):
        if info.name in TINY:
            low, high = info.low or 0, TINY[info.name] if info.high is None else info.high
            values[info.path] = min(max(TINY[info.name], low), high)
    return values


@contextmanager
def isolated() -> Iterator[Path]:
    """A directory that goes away, nothing on the terminal, and torch left as it was."""
    precision = torch.backends.mkldnn.matmul.fp32_precision
    quiet = redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO())
    temporary = TemporaryDirectory(prefix="lvmctl-check-")
    with temporary as place, torch.random.fork_rng(devices=[]), quiet[0], quiet[1]:
        try:
            yield Path(place)
        finally:
            torch.backends.mkldnn.matmul.fp32_precision = precision
            torch.set_flush_denormal(False)


def train(subject: Subject) -> Run:
    """Train the recipe for one epoch of two steps on a tiny store, through the door that ``lvmctl
    train`` uses, and open what it left.

    A loss that waits for a later epoch has its largest weight from the start.
    """
    registry, values = subject.registry, tiny(subject.options)
    entries = [entry.record for entry in load_registry().entries("recipe")]
    if not any(record is subject.record for record in entries):
        raise Skipped("the recipe is not installed, and only such a one can be trained")
    name, layers = registry.address(subject.entry), [("check", values)]
    plan = make_plan(registry, name, layers)
    chunks = values["context"] + values["horizon"] + 10
    data = f"synth:topic?articles=24&chunks={chunks}&dim=8"
    with isolated() as place:
        if reads := plan.model.entry.record.reads:
            data = str(text_store(place / "texts", 24, chunks, reads=reads).path)
        request = TrainRequest(
            recipe=name,
            layers=layers,
            losses=[
                f"{part.entry.qualified}:{part.weight.most}"
                for part in plan.losses
                if part.weight.is_zero(1)
            ],
            sources={"data": data},
            device="cpu",
            out=place / "run",
        )
        run = start(request, SILENT)
        history = json.loads(run.history.read_text(encoding="utf-8"))
        loaded = load_run(registry, run.path)
        windows = Windows(open_split(data), values["context"], values["horizon"])
        batch = loaded.objective.batches(windows).batch(np.arange(4))
        step = Step(1, 0, 1, 1)
        with torch.inference_mode():
            prediction = loaded.objective.predict(loaded.model, batch, step)
            losses = loaded.objective.measure(prediction, batch, step)
    return Run(history, {loss.part.entry.qualified: [*loss.logged()] for loss in losses})


trained = once_per_subject(train)
"""The run that most checks look at."""


@check
def trains_an_epoch(subject: Subject) -> str:
    """It trains a few steps on a tiny store to the end, with a finite loss, and its best weights
    load again."""
    record = trained(subject).history[-1]
    train, val = record["train"], record["val"]
    for part in ("train", "val"):
        for name, value in record[part].items():
            if name.startswith("loss") and value is None:
                raise CheckFailed(f"{part}.{name} is not a finite number")
    if "skipped_steps" in train:
        raise CheckFailed(f"{train['skipped_steps']} steps had no finite loss or gradient")
    return f"loss {train['loss']:.3g}, on held-out windows {val['loss']:.3g}"


@check
def every_loss_is_logged(subject: Subject) -> str:
    """What each of its losses logs is in the history, under names that no other loss of the recipe
    has."""
    run = trained(subject)
    counted = Counter(name for names in run.logged.values() for name in names)
    for name, count in counted.items():
        if count > 1:
            raise CheckFailed(f"{count} of its losses log {name!r}, and only the last is seen")
        for part in ("train", "val"):
            if name not in run.history[-1][part]:
                raise CheckFailed(f"{name!r} is not in the history's {part}")
    return ", ".join(counted)


@check
def one_seed_gives_one_run(subject: Subject) -> None:
    """Trained again with the same seed it gives the same history."""
    first, again = trained(subject).history[-1], train(subject).history[-1]
    for part in ("train", "val"):
        for name, value in first[part].items():
            if repr(value) != repr(again[part][name]):
                raise CheckFailed(f"{part}.{name} is {value} and then {again[part][name]}")


CHECKS = checks_in(globals())
