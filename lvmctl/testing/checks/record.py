"""Checks of records of every kind: what is documented, and which values the options take."""

from __future__ import annotations

import dataclasses
import inspect
from typing import Any

from lvmctl.config import OptionInfo, describe, parse_assignments
from lvmctl.registry.record import Buildable, CommandSpec
from lvmctl.testing.check import (
    CheckFailed,
    Skipped,
    Subject,
    check,
    check_where,
    checks_in,
)

MAX_SUMMARY = 100
"""Characters of a summary: ``lvmctl plugins list`` gives it one line."""


@check
def summary_is_one_line(subject: Subject) -> None:
    """The summary is one line of at most 100 characters that ends with a full stop."""
    summary = subject.record.summary
    if not isinstance(summary, str) or not summary.strip(" ."):
        raise CheckFailed(f"its summary is {summary!r}")
    faults = {
        "has line breaks or needless spaces": summary != " ".join(summary.split()),
        f"has {len(summary)} characters": len(summary) > MAX_SUMMARY,
        "does not end with a full stop": not summary.endswith("."),
    }
    for fault, is_so in faults.items():
        if is_so:
            raise CheckFailed(f"its summary {fault}: {summary!r}")


@check_where(lambda subject: bool(getattr(subject.record, "target", "")))
def target_has_a_docstring(subject: Subject) -> None:
    """The target can be imported and called, and the class or function that it names has a
    docstring."""
    target, name = subject.registry.resolve(subject.entry), subject.record.target
    if not callable(target):
        raise CheckFailed(f"{name} is {target!r}, which cannot be called")
    if isinstance(subject.record, CommandSpec):
        return  # its help text is the business of the checks of commands
    if not (inspect.isclass(target) or inspect.isroutine(target)):
        raise Skipped(f"{name} is neither a class nor a function")
    docstring = (target.__doc__ or "").strip()
    # A dataclass without a docstring gets its signature for one.
    if not docstring or docstring.startswith(f"{target.__name__}("):
        raise CheckFailed(f"{name} has no docstring")


def has_options(subject: Subject) -> bool:
    """Whether it is of something that is built, with options."""
    return isinstance(subject.record, Buildable)


@check_where(has_options)
def options_have_help(subject: Subject) -> None:
    """Every option has a type that lvmctl knows and one line of help."""
    for info in describe(subject.record.options):
        if not isinstance(info.help, str) or not info.help.strip() or "\n" in info.help:
            raise CheckFailed(f"the help of option {info.path} is {info.help!r}")


def described(subject: Subject) -> list[OptionInfo]:
    """The options."""
    try:
        return describe(subject.record.options)
    except Exception as error:
        raise Skipped("its options cannot be described") from error


@check_where(has_options)
def defaults_are_allowed(subject: Subject) -> None:
    """Every option has a default that its own type, bounds and choices allow, and the defaults go
    together."""
    for info in described(subject):
        if info.default is dataclasses.MISSING:
            raise CheckFailed(f"option {info.path} has no default")
        if fault := refusal(info, info.default):
            raise CheckFailed(f"the default {info.default!r} of option {info.path}: {fault}")
    try:
        subject.record.options()
    except Exception as error:
        raise CheckFailed(f"the defaults do not go together: {error}") from error


@check_where(has_options)
def numbers_have_bounds(subject: Subject) -> None:
    """Every number has a lower and an upper bound, or choices."""
    missing = [
        f"{info.path} has no {side}"
        for info in described(subject)
        for side in ("low", "high")
        if info.type.scalar in (int, float) and not info.choices and getattr(info, side) is None
    ]
    if missing:
        raise CheckFailed("; ".join(missing))


@check_where(has_options)
def values_survive_text(subject: Subject) -> None:
    """Bounds and choices are values that the option takes itself, and they and the defaults are the
    same when they are typed after --set."""
    for info in described(subject):
        for value in limits(info):
            if fault := refusal(info, value):
                raise CheckFailed(f"the bound or choice {value!r} of option {info.path}: {fault}")
        for value in (info.default, *limits(info)):
            typed = f"{info.path}={written(value)}"
            # A default that is not allowed at all is the business of the rule above.
            if not refusal(info, value) and (fault := refusal(info, value, typed)):
                raise CheckFailed(f"--set {typed} is not read as {value!r}: {fault}")


def refusal(info: OptionInfo, value: Any, typed: str | None = None) -> str | None:
    """Why the option does not take ``value`` as it is or as it was ``typed``, None if it does."""
    try:
        accepted = info.accept(value if typed is None else parse_assignments([typed])[info.path])
    except ValueError as error:
        return str(error)
    return None if accepted == value else f"it becomes {accepted!r}"


def limits(info: OptionInfo) -> list[Any]:
    """Bounds and choices, each as a value of the option."""
    values = [*(info.choices or ())]
    if not info.schedule:
        values += [bound for bound in (info.low, info.high) if bound is not None]
    many = info.type.length or 1
    return [(value,) * many for value in values] if info.type.many else values


def written(value: Any) -> str:
    """A value as it is typed."""
    if value is None or isinstance(value, bool):
        return str(value).lower()
    return ",".join(map(written, value)) if isinstance(value, tuple) else str(value)


CHECKS = checks_in(globals())
