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
        origin: where it comes from.
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
    """A plugin breaks a rule of the interface.

    Args:
        what: the rule that is broken.
        hook: the hook that breaks it, whose file and line are named.
    """

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
            module = _import(origin)
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


def _import(origin: Origin) -> ModuleType:
    if not re.fullmatch(r"[A-Za-z_][\w.]*", origin.module):
        raise Refusal(f"its entry point names {origin.module!r}, which is not a module")
    return importlib.import_module(origin.module)


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
    """What the declaration hooks of a plugin's module return, each record looked at.

    Raises:
        Refusal: it is no record of its hook's kind, or breaks a rule of its kind.
    """
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
    if not isinstance(record.name, str) or not NAME.fullmatch(record.name):
        raise Refusal(f"{hook}: {record.name!r} is not a name (lower case, digits, . _ -)")
    if isinstance(record, verdicts.VerdictGate):
        _check_verdict(hook, record)
    elif isinstance(record, verdicts.ProfileSpec):
        _check_profile(hook, record)
    elif isinstance(record, verdicts.MetricSpec):
        _check_metric(hook, record)
    elif isinstance(record, spec.BatchFieldSpec):
        _check_field(hook, record)
    else:
        _check_buildable(hook, record)


def _check_target(hook: str, record: Any) -> None:
    if not isinstance(record.target, str) or not TARGET.fullmatch(record.target):
        raise Refusal(
            f"{hook}: target {record.target!r} of {record.name} is not 'module:Attribute'"
        )


def _check_buildable(hook: str, record: Buildable) -> None:
    _check_target(hook, record)
    if fault := options_fault(record.options):
        raise Refusal(f"{hook}: options of {record.name} {fault}")


def _check_field(hook: str, field: spec.BatchFieldSpec) -> None:
    if not field.name.isidentifier() or iskeyword(field.name) or hasattr(Batch, field.name):
        raise Refusal(f"{hook}: batch.{field.name} cannot be read, use letters, digits and _")
    if field.name in FIELDS:
        raise Refusal(f"{hook}: {field.name} is a batch field of lvmctl's own")
    if not isinstance(field.shape, str) or not SHAPE.fullmatch(field.shape):
        raise Refusal(f"{hook}: shape {field.shape!r} of {field.name} is not like '(B, P, 2)'")
    _check_target(hook, field)


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


def _check_verdict(hook: str, gate: verdicts.VerdictGate) -> None:
    if not gate.metric:
        raise Refusal(f"{hook}: verdict {gate.name} needs a metric")
    if (gate.at_least is None) == (gate.at_most is None):
        raise Refusal(f"{hook}: verdict {gate.name} needs either at_least or at_most")


def _check_profile(hook: str, profile: verdicts.ProfileSpec) -> None:
    gates = profile.gates
    if not isinstance(gates, tuple) or not gates or not all(isinstance(g, str) for g in gates):
        raise Refusal(f"{hook}: gates of profile {profile.name} are not a tuple of names")
    if len({*gates}) < len(gates):
        raise Refusal(f"{hook}: profile {profile.name} names a gate twice")


def _check_metric(hook: str, metric: verdicts.MetricSpec) -> None:
    if not metric.low < metric.high:
        raise Refusal(f"{hook}: metric {metric.name} lies between {metric.low} and {metric.high}")
    if bool(metric.ceiling) != bool(metric.target):
        raise Refusal(f"{hook}: metric {metric.name} needs a ceiling and a target, or neither")
    if metric.target:
        _check_target(hook, metric)


def _either(types: tuple[type, ...]) -> str:
    """``VerdictGate, KillRule or …``."""
    *others, last = (each.__name__ for each in types)
    return f"{', '.join(others)} or {last}" if others else last


def _what(value: Any) -> str:
    return "nothing" if value is None else f"a {type(value).__name__}"
