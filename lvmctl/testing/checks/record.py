"""Checks of records of every kind: what a reader is told, and which values the options take."""

from __future__ import annotations

import dataclasses
import inspect
from typing import Any

from lvmctl.config import OptionInfo, describe, parse_assignments
from lvmctl.registry.specs import Buildable, CommandSpec
from lvmctl.testing.check import Check, CheckFailed, Skipped, Subject, check, where

LONGEST = 100
"""Characters of a summary: ``lvmctl plugins list`` gives it one line."""


@check
def summary_is_one_line(subject: Subject) -> None:
    """The summary is one line of at most 100 characters that ends with a full stop."""
    summary = subject.record.summary
    if not isinstance(summary, str) or not summary.strip(" ."):
        raise CheckFailed(f"its summary is {summary!r}")
    if summary != " ".join(summary.split()):
        raise CheckFailed(f"its summary has line breaks or needless spaces: {summary!r}")
    if len(summary) > LONGEST:
        raise CheckFailed(f"its summary has {len(summary)} characters: {summary!r}")
    if not summary.endswith("."):
        raise CheckFailed(f"its summary does not end with a full stop: {summary!r}")


@check
def target_can_be_imported(subject: Subject) -> None:
    """The target can be imported and called."""
    found = subject.registry.resolve(subject.entry)
    if not callable(found):
        raise CheckFailed(f"{subject.record.target} is {found!r}, which cannot be called")


@check
def target_has_a_docstring(subject: Subject) -> None:
    """The class or function that the target names has a docstring, a command a help text."""
    found = subject.registry.resolve(subject.entry)
    if isinstance(subject.record, CommandSpec):
        if not (getattr(found, "help", None) or "").strip():
            raise CheckFailed(f"the command {subject.record.target} has no help text")
        return
    if not (inspect.isclass(found) or inspect.isroutine(found)):
        raise Skipped(f"{subject.record.target} is neither a class nor a function")
    own = (found.__doc__ or "").strip()
    # A dataclass without a docstring gets its signature for one.
    if not own or own.startswith(f"{found.__name__}("):
        raise CheckFailed(f"{subject.record.target} has no docstring")


@check
def options_have_help(subject: Subject) -> None:
    """Every option has a type that lvmctl knows and one line of help."""
    for info in describe(subject.record.options):
        if not isinstance(info.help, str) or not info.help.strip() or "\n" in info.help:
            raise CheckFailed(f"the help of option {info.path} is {info.help!r}")


def options(subject: Subject) -> list[OptionInfo]:
    """The options.

    Raises:
        Skipped: they cannot be described, which is the business of the rule above.
    """
    try:
        return describe(subject.record.options)
    except Exception as error:
        raise Skipped("its options cannot be described") from error


@check
def defaults_are_allowed(subject: Subject) -> None:
    """Every option has a default that its own type, bounds and choices allow, and the defaults go
    together."""
    for info in options(subject):
        if info.default is dataclasses.MISSING:
            raise CheckFailed(f"option {info.path} has no default")
        if fault := refused(info, info.default):
            raise CheckFailed(f"the default {info.default!r} of option {info.path}: {fault}")
    try:
        subject.record.options()
    except Exception as error:
        raise CheckFailed(f"the defaults do not go together: {error}") from error


@check
def numbers_have_bounds(subject: Subject) -> None:
    """Every number has a lower and an upper bound, or choices."""
    missing = [
        f"{info.path} has no {side}"
        for info in options(subject)
        for side in ("low", "high")
        if info.type.scalar in (int, float) and not info.choices and getattr(info, side) is None
    ]
    if missing:
        raise CheckFailed("; ".join(missing))


@check
def bounds_are_values(subject: Subject) -> None:
    """Bounds and choices are values that the option takes itself."""
    for info in options(subject):
        for value in limits(info):
            if fault := refused(info, value):
                raise CheckFailed(f"the bound or choice {value!r} of option {info.path}: {fault}")


@check
def values_survive_text(subject: Subject) -> None:
    """Defaults, bounds and choices are the same when they are typed after --set."""
    for info in options(subject):
        for value in (info.default, *limits(info)):
            typed = f"{info.path}={text(value)}"
            # What is not allowed at all is the business of the rules above.
            if not refused(info, value) and (fault := refused(info, value, typed)):
                raise CheckFailed(f"--set {typed} is not read as {value!r}: {fault}")


def refused(info: OptionInfo, value: Any, typed: str | None = None) -> str | None:
    """Why the option does not take ``value`` as it is or as it was ``typed``, None if it does."""
    given = value if typed is None else parse_assignments([typed])[info.path]
    try:
        taken = info.accept(given)
    except ValueError as error:
        return str(error)
    return None if taken == value else f"it becomes {taken!r}"


def limits(info: OptionInfo) -> list[Any]:
    """Bounds and choices, each as a value of the option."""
    found = [*(info.choices or ())]
    if not info.schedule:
        found += [bound for bound in (info.low, info.high) if bound is not None]
    many = info.type.length or 1
    return [(value,) * many for value in found] if info.type.many else found


def text(value: Any) -> str:
    """A value as it is typed."""
    if value is None or isinstance(value, bool):
        return str(value).lower()
    return ",".join(map(text, value)) if isinstance(value, tuple) else str(value)


def has_target(subject: Subject) -> bool:
    """Whether the record names something to import."""
    return bool(getattr(subject.record, "target", ""))


def is_buildable(subject: Subject) -> bool:
    """Whether the record names something that is built."""
    return isinstance(subject.record, Buildable)


CHECKS: tuple[Check, ...] = (
    summary_is_one_line,
    *where(has_target, target_can_be_imported, target_has_a_docstring),
    *where(
        is_buildable,
        options_have_help,
        defaults_are_allowed,
        numbers_have_bounds,
        bounds_are_values,
        values_survive_text,
    ),
)
