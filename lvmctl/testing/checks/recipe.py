"""Checks of recipes."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from lvmctl.config import OptionInfo, TrainingOptions, describe, values_of
from lvmctl.core.errors import PluginError, UsageError
from lvmctl.core.files import jsonable
from lvmctl.core.run_directory import new_run
from lvmctl.plan import Plan, from_record, make_plan
from lvmctl.registry import load_registry
from lvmctl.registry.specs import Composition
from lvmctl.testing.check import Check, CheckFailed, Skipped, Subject, check
from lvmctl.testing.inputs.child import last_words, python
from lvmctl.testing.inputs.recipe_trial import trained

LONGEST = 80
"""Characters of a run directory's name, its time included."""

TORCH_FREE = """
import sys
sys.modules["torch"] = None
from lvmctl.registry.resolve import load
load({target!r})(load({options!r})())
"""


def planned(subject: Subject, changed: dict[str, Any] | None = None) -> Plan:
    """The plan of the recipe with the subject's options, those of some paths changed."""
    values = values_of(subject.options) | (changed or {})
    return make_plan(subject.registry, subject.registry.address(subject.entry), [("check", values)])


@check
def options_are_a_trainings(subject: Subject) -> str | None:
    """Its options extend ``TrainingOptions``, so that every recipe is trained by the same words."""
    if not isinstance(subject.options, TrainingOptions):
        raise CheckFailed(f"{type(subject.options).__name__} does not extend TrainingOptions")
    return None


@check
def composes_without_torch(subject: Subject) -> str | None:
    """The target turns its options into a Composition, and needs no torch for it."""
    composition = subject.build()
    if not isinstance(composition, Composition):
        raise CheckFailed(f"it gives a {type(composition).__name__}, not a Composition")
    options = subject.record.options
    named = f"{options.__module__}:{options.__qualname__}"
    ended = python("-c", TORCH_FREE.format(target=subject.record.target, options=named))
    if ended.returncode:
        raise CheckFailed(f"where there is no torch, it fails with {last_words(ended)}")
    return None


@check
def parts_fit_together(subject: Subject) -> str | None:
    """With its own options the model, the losses and the gates are found and fit together."""
    try:
        return planned(subject).describe()
    except PluginError:
        raise
    except UsageError as error:
        raise CheckFailed(f"they do not: {error}") from error


@check
def every_bound_plans_or_is_refused(subject: Subject) -> str | None:
    """Each option at either of its bounds, or at any of its choices, gives a plan or an error of
    one line that says why it cannot."""
    tried, refused = 0, []
    for info in describe(type(subject.options)):
        for value in extremes(info):
            tried += 1
            try:
                planned(subject, {info.path: value})
            except PluginError as error:
                raise CheckFailed(f"{info.path} = {value}: {error}") from error
            except UsageError as error:
                if "\n" in str(error):
                    raise CheckFailed(f"{info.path} = {value}: {error}") from error
                refused.append(f"{info.path} = {value}")
            except Exception as error:
                said = f"{type(error).__name__}: {error}"
                raise CheckFailed(f"{info.path} = {value} ends in {said}") from error
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
def run_name_is_short(subject: Subject) -> str | None:
    """The name of its run directory is short, so that every file system takes it."""
    with TemporaryDirectory(prefix="lvmctl-check-") as place:
        run = new_run(subject.entry.name, planned(subject).key_options, Path(place) / "runs")
        name = str(run.path.relative_to(Path(place) / "runs"))
    if len(name) > LONGEST:
        raise CheckFailed(
            f"the run is called {name!r}, {len(name)} characters, more than {LONGEST}"
        )
    return name


@check
def plan_survives_the_disk(subject: Subject) -> str | None:
    """The plan that is read back from ``config.json`` is the plan that was made."""
    plan = planned(subject)
    again = from_record(subject.registry, jsonable(plan.record()))
    for field in fields(plan):
        one, other = getattr(plan, field.name), getattr(again, field.name)
        if one != other:
            raise CheckFailed(
                f"{field.name} is {short(one)}, and {short(other)} when it is read back"
            )
    return None


@check
def trains_an_epoch(subject: Subject) -> str | None:
    """It trains a few steps on a tiny store to the end, with a finite loss, and its best weights
    load again."""
    installed(subject)
    record = trained(subject).history[-1]
    wrong = [
        f"{part}.{name}"
        for part in ("train", "val")
        for name, value in record[part].items()
        if name.startswith("loss") and value is None
    ]
    if wrong:
        raise CheckFailed(f"{', '.join(wrong)} is no finite number")
    if "skipped_steps" in record["train"]:
        raise CheckFailed(
            f"{record['train']['skipped_steps']} steps had no finite loss or gradient"
        )
    return f"loss {record['train']['loss']:.3g}, on held-out windows {record['val']['loss']:.3g}"


@check
def every_loss_is_logged(subject: Subject) -> str | None:
    """What each of its losses logs is in the history, under names that no other loss of the recipe
    has."""
    installed(subject)
    run = trained(subject)
    counted = Counter(name for names in run.logged.values() for name in names)
    for name, count in counted.items():
        if count > 1:
            raise CheckFailed(f"{count} of its losses log {name!r}, and only the last is seen")
        for part in ("train", "val"):
            if name not in run.history[-1][part]:
                raise CheckFailed(f"{name!r} is not in the history's {part}")
    return ", ".join(counted)


def installed(subject: Subject) -> None:
    """Training takes what is installed: say so where the recipe is not."""
    entries = [entry.record for entry in load_registry().entries("recipe")]
    if not any(record is subject.record for record in entries):
        raise Skipped("the recipe is not installed, and only such a one can be trained")


def short(value: Any) -> str:
    """A value for a message."""
    text = repr(value)
    return text if len(text) <= 120 else f"{text[:119]}…"


CHECKS: tuple[Check, ...] = (
    options_are_a_trainings,
    composes_without_torch,
    parts_fit_together,
    every_bound_plans_or_is_refused,
    run_name_is_short,
    plan_survives_the_disk,
    trains_an_epoch,
    every_loss_is_logged,
)
