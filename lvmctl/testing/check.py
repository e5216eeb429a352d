"""What a conformance check is: a rule in one sentence, and a function that says where it breaks."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import wraps
from typing import Any, TypeVar

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Flaky
from hypothesis.strategies import SearchStrategy

from lvmctl.core.errors import LvmctlError
from lvmctl.registry import Entry, Plugin, Registry
from lvmctl.registry.build import construct
from lvmctl.registry.record import Record

T = TypeVar("T")


class CheckFailed(AssertionError):
    """A rule does not hold; the message is a plain sentence with the smallest example."""


class Skipped(Exception):
    """A rule does not apply here; the message says why."""


@dataclass(frozen=True)
class Subject:
    """What is checked: a record of a plugin with its options, or a plugin as a whole.

    Attributes:
        registry: everything installed.
        entry: the record; None where the plugin itself is checked.
        options: an instance of the record's options dataclass; None where it has none that work.
    """

    registry: Registry
    plugin: Plugin
    entry: Entry | None = None
    options: Any = None

    @property
    def name(self) -> str:
        """``loss angular``, or ``plugin angular``."""
        if self.entry is None:
            return f"plugin {self.plugin.name}"
        return f"{self.entry.kind} {self.entry.name}"

    @property
    def record(self) -> Record:
        """The record that is checked."""
        return self.entry.record

    def build(self, **offered: Any) -> Any:
        """What the record's target makes of the options and of ``offered``, e.g. a shape."""
        return construct(self.registry.resolve(self.entry), options=self.options, **offered)


@dataclass(frozen=True)
class Check:
    """A named rule.

    Attributes:
        name: name of its function.
        rule: what must hold, one sentence.
        run: takes a :class:`Subject`; returns None or a note, raises :class:`CheckFailed` where the
            rule breaks and :class:`Skipped` where it cannot be asked. Whatever else it raises is
            the plugin's own failure.
        applies: whether a subject of its kind is asked at all.
    """

    name: str
    rule: str
    run: Callable[[Subject], str | None]
    applies: Callable[[Subject], bool] = lambda subject: True


Run = Callable[[Subject], str | None]


def check(function: Run) -> Check:
    """A function as a check; its rule is the first paragraph of its docstring."""
    rule = " ".join(function.__doc__.split("\n\n")[0].split())
    return Check(function.__name__, rule, function)


def check_where(applies: Callable[[Subject], bool]) -> Callable[[Run], Check]:
    """As :func:`check`, of those subjects alone to which it applies."""
    return lambda function: replace(check(function), applies=applies)


def checks_in(names: Mapping[str, Any]) -> tuple[Check, ...]:
    """The checks of a file, in the order they are written; ``names`` are its ``globals()``."""
    return tuple(value for value in names.values() if isinstance(value, Check))


def form(value: object) -> str:
    """The shape of an array, or the type of what is none, for a message."""
    return str(tuple(value.shape)) if hasattr(value, "shape") else type(value).__name__


def answer_or_refusal(name: str, ask: Callable[[], T]) -> T | None:
    """What ``ask`` gives for the input called ``name``; None where it is refused in one line.

    Raises:
        CheckFailed: it ends in another error, or in several lines.
    """
    try:
        return ask()
    except CheckFailed:
        raise
    except LvmctlError as error:
        if "\n" in str(error):
            raise CheckFailed(f"{name} is refused in several lines: {error}") from error
        return None
    except Exception as error:
        raise CheckFailed(f"{name} ends in {type(error).__name__}: {error}") from error


def once_per_subject(make: Callable[[Subject], T]) -> Callable[[Subject], T]:
    """``make(subject)``, made once for all checks of a subject, and kept until the next one."""
    latest: list[Any] = []

    @wraps(make)
    def latest_made(subject: Subject) -> T:
        if not latest or latest[0] is not subject:
            latest[:] = [subject, make(subject)]
        return latest[1]

    return latest_made


def for_all(
    rule: Callable[..., object], examples: int = 25, **strategies: SearchStrategy[Any]
) -> None:
    """Call ``rule`` with values drawn from ``strategies``, the same ones in every run.

    Raises:
        CheckFailed: ``rule`` raised; the message ends with the smallest values for which it does,
            or names values for which it does not raise again.
        Skipped: ``rule`` raised it.
    """
    drawn: dict[str, Any] = {}

    @settings(
        max_examples=examples,
        phases=(Phase.generate, Phase.shrink),  # to explain takes ten times as long as to shrink
        deadline=None,
        database=None,
        derandomize=True,
        report_multiple_bugs=False,
        print_blob=False,
        suppress_health_check=list(HealthCheck),
    )
    @given(**strategies)
    def run(**values: Any) -> None:
        drawn.clear()
        drawn.update(values)
        rule(**values)

    try:
        run()
    except Skipped:
        raise
    except Exception as error:
        example = ", ".join(f"{name} = {value}" for name, value in drawn.items())
        if isinstance(error, Flaky):
            raise CheckFailed(f"it fails for {example}, and then does not") from error
        why = str(error) if isinstance(error, CheckFailed) else f"{type(error).__name__}: {error}"
        raise CheckFailed(f"{why} (smallest example: {example})") from error
