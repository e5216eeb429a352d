"""Second tier: import a plugin's ``plugin.py`` and read the records its hooks return.

Whatever goes wrong in here is the plugin's own: it ends as a broken :class:`Plugin` that carries
the reason and the traceback, and costs no other plugin anything.
"""

from __future__ import annotations

import dataclasses
import importlib
import inspect
import re
import traceback
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from keyword import iskeyword
from types import ModuleType
from typing import Any, Literal

import pluggy

from lvmctl.config import describe
from lvmctl.core.batch import FIELDS, Batch
from lvmctl.core.errors import nearest, out_of_memory
from lvmctl.registry import hookspecs
from lvmctl.registry import specs as spec
from lvmctl.registry import verdict_specs as verdicts
from lvmctl.registry.attribution import defined_at, describe_error
from lvmctl.registry.find import Origin
from lvmctl.registry.process_state import undone
from lvmctl.registry.record import Buildable, CommandSpec, Record

NAME = re.compile(r"[a-z0-9]+(?:[._-]+[a-z0-9]+)*")
TARGET = re.compile(r"[A-Za-z_][\w.]*:[A-Za-z_][\w.]*")
SHAPE = re.compile(r"\(B(, ([A-Z]|\d+))*,?\)")

RECORDS: dict[str, tuple[type[Record], ...]] = {
    "lvmctl_recipes": (spec.RecipeSpec,),
    "lvmctl_models": (spec.ModelSpec,),
    "lvmctl_losses": (spec.LossSpec,),
    "lvmctl_batch_fields": (spec.BatchFieldSpec,),
    "lvmctl_gates": (verdicts.VerdictGate, spec.KillRule, spec.SampleWeight, spec.Curriculum),
    "lvmctl_profiles": (verdicts.ProfileSpec,),
    "lvmctl_metrics": (verdicts.MetricSpec,),
    "lvmctl_diagnostics": (spec.DiagnosticSpec,),
    "lvmctl_encoders": (spec.EncoderSpec,),
    "lvmctl_decoders": (spec.DecoderSpec,),
    "lvmctl_baselines": (spec.BaselineSpec,),
    "lvmctl_commands": (CommandSpec,),
}
"""Declaration hooks, each with the records it returns."""

KINDS = tuple(dict.fromkeys(record.kind for types in RECORDS.values() for record in types))
"""The kinds of records, as users call them."""

MAX_RECORDS = 10_000
"""Records of one hook; a generator that never ends must not fill the memory."""

HOOKS = sorted(name for name in vars(hookspecs) if name.startswith("lvmctl_"))
"""Every hook there is, lifecycle hooks included."""


@dataclass(frozen=True)
class Plugin:
    """A plugin after the attempt to declare it.

    Attributes:
        status: ``ok``, ``broken`` (see ``error``) or ``disabled`` (never imported).
        api: the API version it declares, if it got that far.
        records: what it declares, none unless ``ok``.
        error: one line on why it is broken or what disabled it.
        traceback: the whole story of a broken one.
    """

    origin: Origin
    status: Literal["ok", "broken", "disabled"]
    api: int | None = None
    records: tuple[Record, ...] = ()
    error: str | None = None
    traceback: str | None = field(default=None, repr=False)

    @property
    def name(self) -> str:
        return self.origin.name

    @property
    def distribution(self) -> str:
        return self.origin.distribution

    @property
    def version(self) -> str:
        return self.origin.version

    @property
    def id(self) -> str:
        """The name its lifecycle hooks are registered under."""
        return f"{self.distribution}:{self.name}"


class Refusal(Exception):
    """A plugin breaks a rule of the interface; the file and line of the ``hook`` that does are
    named."""

    def __init__(self, what: str, hook: Any = None) -> None:
        place = defined_at(hook)
        super().__init__(what if place is None else f"{what} ({place})")


def declare(origin: Origin, manager: pluggy.PluginManager) -> Plugin:
    """Import a plugin, check it, register its lifecycle hooks with ``manager``.

    Never raises for a fault of the plugin, not even for ``sys.exit()`` at import. Only a machine
    that is out of memory is not the plugin's fault.
    """
    api = None
    try:
        with undone():
            if not re.fullmatch(r"[A-Za-z_][\w.]*", origin.module):
                raise Refusal(f"its entry point names {origin.module!r}, which is not a module")
            module = importlib.import_module(origin.module)
            api = _api(module)
            _check_hooks(module)
            records = tuple(records_of(module))
            plugin = Plugin(origin, "ok", api, records)
            manager.register(module, name=plugin.id)
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        if out_of_memory(error):
            raise
        reason = str(error) if isinstance(error, Refusal) else describe_error(error, origin)
        return Plugin(origin, "broken", api, error=reason, traceback=traceback.format_exc())
    return plugin


def _api(module: ModuleType) -> int:
    version = getattr(module, "LVMCTL_API", spec.UNDECLARED_API)
    if type(version) is not int or version != spec.API_VERSION:
        raise Refusal(
            f"written for plugin API {version!r}, this lvmctl has {spec.API_VERSION}: "
            "docs/plugins/versions.md says what changed"
        )
    return version


def _check_hooks(module: ModuleType) -> None:
    for name, value in vars(module).items():
        if not name.startswith("lvmctl_") or inspect.ismodule(value):
            continue
        if name not in HOOKS:
            close = nearest(name, HOOKS)
            hint = f"; did you mean {close}?" if close else f"; hooks are {', '.join(HOOKS)}"
            raise Refusal(f"unknown hook {name}{hint}", value)
        if not hasattr(value, "lvmctl_impl"):
            raise Refusal(f"{name} is not marked with @hookimpl", value)


def records_of(module: ModuleType) -> Iterator[Record]:
    """What the declaration hooks of a plugin's module return, each record looked at: Refusal where
    it is no record of its hook's kind, or breaks a rule of its kind."""
    for hook, types in RECORDS.items():
        implementation = getattr(module, hook, None)
        if implementation is None:
            continue
        try:
            yield from _records(hook, types, implementation())
        except Refusal as error:
            raise Refusal(str(error), implementation) from error


def _records(hook: str, types: tuple[type[Record], ...], returned: Any) -> Iterator[Record]:
    if isinstance(returned, str | bytes) or not isinstance(returned, Iterable):
        raise Refusal(f"{hook} returned {_what(returned)}, not an iterable of {_either(types)}")
    seen = set()
    for number, record in enumerate(returned):
        if number == MAX_RECORDS:
            raise Refusal(f"{hook} returned more than {MAX_RECORDS} records")
        _check_record(hook, types, record)
        if record.name in seen:
            raise Refusal(f"{hook} declares {record.name!r} twice")
        seen.add(record.name)
        yield record


def _check_record(hook: str, types: tuple[type[Record], ...], record: Any) -> None:
    if type(record) not in types:
        raise Refusal(f"{hook} returned {_what(record)} among its records, not a {_either(types)}")
    for fault in _faults(record):
        raise Refusal(f"{hook}: {fault}")


def _faults(record: Any) -> Iterator[str]:
    """What is wrong with a record of its hook's kind; each relies on those before it."""
    name = record.name
    if not isinstance(name, str) or not NAME.fullmatch(name):
        yield f"{name!r} is not a name (lower case, digits, . _ -)"
    if isinstance(record, verdicts.VerdictGate):
        if not record.metric:
            yield f"verdict {name} needs a metric"
        if (record.at_least is None) == (record.at_most is None):
            yield f"verdict {name} needs either at_least or at_most"
    elif isinstance(record, verdicts.ProfileSpec):
        gates = record.gates
        if not isinstance(gates, tuple) or not gates or not all(isinstance(g, str) for g in gates):
            yield f"gates of profile {name} are not a tuple of names"
        if len({*gates}) < len(gates):
            yield f"profile {name} names a gate twice"
    elif isinstance(record, verdicts.MetricSpec):
        if not record.low < record.high:
            yield f"metric {name} lies between {record.low} and {record.high}"
        if bool(record.ceiling) != bool(record.target):
            yield f"metric {name} needs a ceiling and a target, or neither"
    elif isinstance(record, spec.BatchFieldSpec):
        if not name.isidentifier() or iskeyword(name) or hasattr(Batch, name):
            yield f"batch.{name} cannot be read, use letters, digits and _"
        if name in FIELDS:
            yield f"{name} is a batch field of lvmctl's own"
        if not isinstance(record.shape, str) or not SHAPE.fullmatch(record.shape):
            yield f"shape {record.shape!r} of {name} is not like '(B, P, 2)'"
    has_target = hasattr(record, "target") and not (
        isinstance(record, verdicts.MetricSpec) and not record.target
    )
    if has_target and not (isinstance(record.target, str) and TARGET.fullmatch(record.target)):
        yield f"target {record.target!r} of {name} is not 'module:Attribute'"
    if isinstance(record, Buildable) and (fault := options_fault(record.options)):
        yield f"options of {name} {fault}"


def options_fault(options: Any) -> str | None:
    """What is wrong with a class of options, None where nothing is."""
    if not (isinstance(options, type) and dataclasses.is_dataclass(options)):
        return "are not a dataclass"
    if not options.__dataclass_params__.frozen:
        return "are not a frozen dataclass"
    try:
        described = describe(options)
    except (TypeError, NameError) as error:
        return f"cannot be read ({error})"
    bare = [info.name for info in described if info.default is dataclasses.MISSING]
    return f"have no default for {', '.join(bare)}" if bare else None


def _either(types: tuple[type, ...]) -> str:
    """``VerdictGate, KillRule or …``."""
    *others, last = (each.__name__ for each in types)
    return f"{', '.join(others)} or {last}" if others else last


def _what(value: Any) -> str:
    return "nothing" if value is None else f"a {type(value).__name__}"
