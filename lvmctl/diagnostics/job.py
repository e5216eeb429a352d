"""From the name of a diagnostic to its diagnosis."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lvmctl.config import bind
from lvmctl.data import open_split, open_splits
from lvmctl.diagnosis import Diagnosis, Screen
from lvmctl.errors import LvmctlError, UsageError
from lvmctl.registry import Entry, Registry
from lvmctl.registry.blame import blame
from lvmctl.runs import find_run


@dataclass(frozen=True)
class Asked:
    """What a diagnostic is asked about.

    Attributes:
        store: a source; None is the default data.
        train, val, ood: stores apart, in the place of ``store``.
        run: path or name of a run; None is the latest.
        history: a bare ``training_history.json``.
    """

    store: str | None = None
    train: Sequence[str] = ()
    val: str | None = None
    ood: str | None = None
    run: str | None = None
    history: Path | None = None


def subject_of(entry: Entry, asked: Asked, screen: Screen) -> Any:
    """What the diagnostic takes: a split, splits or a path.

    Raises:
        LvmctlError: it cannot be opened.
    """
    takes = entry.record.takes
    if takes == "run":
        if asked.history is not None:
            if asked.run is not None:
                raise UsageError("a RUN and --history are two subjects", mend="give one of them")
            return asked.history
        return find_run(asked.run)
    if takes == "store":
        split = open_split(asked.store)
        for notice in split.notices:
            screen.say(notice)
        return split
    splits = open_splits(asked.store, asked.train, asked.val, asked.ood)
    for notice in splits.notices:
        screen.say(notice)
    return splits


def diagnose(
    registry: Registry, entry: Entry, values: dict[str, str], asked: Asked, screen: Screen
) -> Diagnosis:
    """Ask one diagnostic.

    Args:
        values: its options as they were typed.

    Raises:
        LvmctlError: an option or the subject cannot be used, or the diagnostic cannot answer.
        PluginError: its code failed; it is named.
    """
    options = bind(entry.record.options, [("command line", values)]).options
    make = registry.resolve(entry)
    subject = subject_of(entry, asked, screen)
    with blame(entry):
        found = make(options)(subject, screen)
        if not isinstance(found, Diagnosis):
            raise TypeError(f"a diagnostic returns a Diagnosis, not {type(found).__name__}")
    return found


def diagnose_all(
    registry: Registry,
    entries: Sequence[Entry],
    asked: Asked,
    screen: Screen,
    tell: Callable[[Entry, Diagnosis | LvmctlError], None],
) -> int:
    """Ask each in turn; one that fails does not stop the others.

    Returns:
        The exit code: 1 where a diagnosis failed, else that of the first fault, else 0.
    """
    codes = []
    for entry in entries:
        try:
            found = diagnose(registry, entry, {}, asked, screen)
            codes.append(int(found.failed))
        except LvmctlError as error:
            found = error
            codes.append(error.exit_code)
        tell(entry, found)
    return 1 if 1 in codes else next((code for code in codes if code), 0)
