"""Which checks a plugin must pass, and how they end."""

from __future__ import annotations

import importlib
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from lvmctl.config import bind
from lvmctl.core.errors import LvmctlError, PluginError, UsageError, nearest, out_of_memory
from lvmctl.registry import Entry, Registry, load_registry
from lvmctl.registry.from_file import is_address
from lvmctl.registry.record import Buildable
from lvmctl.testing.check import Check, CheckFailed, Skipped, Subject
from lvmctl.testing.checks.record import CHECKS as OF_RECORDS


@dataclass(frozen=True)
class Outcome:
    """How a check ended.

    Attributes:
        subject: ``loss angular`` or ``plugin angular``.
        check: the check's name.
        status: ``pass``, ``fail`` or ``skip``.
        why: the failure, the reason of the skip, or what a passed check has to report; may be "".
        rule: what must hold.
    """

    subject: str
    check: str
    status: Literal["pass", "fail", "skip"]
    why: str
    rule: str


@dataclass(frozen=True)
class Case:
    """A check of a subject; calling it runs the check alone."""

    check: Check
    subject: Subject

    @property
    def id(self) -> str:
        """``loss angular: finite_for_every_input``."""
        return f"{self.subject.name}: {self.check.name}"

    def __call__(self) -> str | None:
        """Run the check: a note or None.

        Raises:
            CheckFailed: the rule does not hold, or the plugin's code raised.
            Skipped: it does not apply.
        """
        try:
            # A warning is a rule's business only where the rule says so.
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                return self.check.run(self.subject)
        except (CheckFailed, Skipped):
            raise
        except (Exception, SystemExit) as error:
            if out_of_memory(error):
                raise
            message = str(error) if isinstance(error, LvmctlError) else repr(error)
            raise CheckFailed(f"it raised {message}") from error

    def outcome(self) -> Outcome:
        """Run the check and say how it ended."""
        try:
            status, why = "pass", self() or ""
        except Skipped as reason:
            status, why = "skip", str(reason)
        except CheckFailed as failure:
            status, why = "fail", str(failure)
        return Outcome(self.subject.name, self.check.name, status, why, self.check.rule)


def checks(kind: str) -> tuple[Check, ...]:
    """The checks of a kind of record, or of ``"plugin"``, in the order they run."""
    own = importlib.import_module(f"lvmctl.testing.checks.{kind}").CHECKS
    return own if kind == "plugin" else OF_RECORDS + own


def cases(
    name: str,
    options: Mapping[str, Any] | None = None,
    registry: Registry | None = None,
    kind: str | None = None,
) -> list[Case]:
    """The checks of everything that ``name`` means.

    Args:
        name: a plugin (its entry point's or its distribution's name), which is checked with all
            its records, or a record, bare or qualified, which is checked alone with its plugin. A
            class of a file, ``my_loss.py:MyLoss``, is a record of the kind that is named.
        options: values by option name, for a record; its defaults where there are none.
        registry: where names are looked up; by default what is installed.
        kind: only records of this kind.

    Raises:
        PluginError: an unknown name, or a broken or disabled plugin.
        UsageError: a file's class without a kind, options for a plugin with several records, or
            options that the record does not take.
    """
    chosen = subjects(registry or load_registry(), name, kind)
    if options:
        chosen = [*_with_options(name, chosen, options)]
    return [
        Case(check, subject)
        for subject in chosen
        for check in _due(subject)
        if check.applies(subject)
    ]


def _with_options(name: str, chosen: Sequence[Subject], options: Mapping[str, Any]):
    """The subjects, the only record among them with ``options``."""
    count = sum(subject.entry is not None for subject in chosen)
    if count != 1:
        raise UsageError(
            f"{name} is {count} records, and options are one record's",
            where="--set",
            hint="name the record",
        )
    for subject in chosen:
        if subject.options is None:
            yield subject
        else:
            bound = bind(subject.record.options, [("--set", dict(options))])
            yield replace(subject, options=bound.options)


def _due(subject: Subject) -> tuple[Check, ...]:
    """All checks of its kind, or those of records alone where the options are at fault."""
    if subject.entry is None:
        return checks("plugin")
    if subject.options is None and isinstance(subject.record, Buildable):
        return OF_RECORDS
    return checks(subject.entry.kind)


def subjects(registry: Registry, name: str, kind: str | None = None) -> list[Subject]:
    """The plugin that ``name`` means, and its records or the one that is meant, of ``kind``."""
    if is_address(name):
        if kind is None:
            raise UsageError(
                "a class of a file may be of any kind", where=name, hint="add --kind loss, …"
            )
        return [_subject(registry, registry.get(kind, name))]
    plugins = [plugin for plugin in registry.plugins if plugin.origin.known_as(name)]
    for plugin in plugins:
        if plugin.status != "ok":
            raise PluginError(
                f"plugin {plugin.origin} is {plugin.status}: {plugin.error}",
                hint="see `lvmctl plugins list -v`",
            )
    if plugins:
        entries = [entry for entry in registry.entries(kind) if entry.plugin in plugins]
    else:
        kinds = dict.fromkeys(entry.kind for entry in registry.entries(kind) if entry.means(name))
        if not kinds:
            raise registry.unknown(name, kind)
        entries = [registry.get(meant, name) for meant in kinds]
        plugins = list({entry.plugin.origin: entry.plugin for entry in entries}.values())
    return [
        *(Subject(registry, plugin) for plugin in plugins),
        *(_subject(registry, entry) for entry in entries),
    ]


def _subject(registry: Registry, entry: Entry) -> Subject:
    """A record with its options as they are by default; None where it has none, or where their
    class is at fault, which the checks of records say."""
    try:
        options = bind(entry.record.options).options
    except Exception:
        options = None
    return Subject(registry, entry.plugin, entry, options)


def expect(cases: Sequence[Case], failures: Mapping[str, str]) -> dict[str, str]:
    """The reasons of expected failures by :attr:`Case.id`.

    Args:
        failures: reasons by check name (of every subject) or by :attr:`Case.id`.

    Raises:
        UsageError: a name that no check has, so that a renamed check is not excused for ever.
    """
    reasons = {}
    for name, reason in failures.items():
        meant = [case.id for case in cases if name in (case.id, case.check.name)]
        if not meant:
            close = nearest(name, sorted({case.check.name for case in cases}))
            raise UsageError(
                f"no check is called {name!r}",
                where="expected_failures",
                hint=f"did you mean {close!r}?" if close else "see `lvmctl plugins check`",
            )
        reasons |= dict.fromkeys(meant, reason)
    return reasons
