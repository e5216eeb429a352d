"""A class of a file as a record, without a package.

``path/to/file.py:Class`` stands wherever a record's name does. The class's docstring is the summary
of the record, a frozen dataclass ``Options`` inside it the options, and any other field of its
kind's record (``needs``, ``geometry``, ``fitted``, …) an attribute of the class. A gate has its
role too: ``role = "kill"``, ``"sample"`` or ``"select"``.
"""

from __future__ import annotations

import dataclasses
import hashlib
import importlib.util
import os
import re
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

from lvmctl.core.errors import PluginError, UsageError, nearest
from lvmctl.core.inputs import real
from lvmctl.core.trust import ADDRESS, trust
from lvmctl.registry import specs as spec
from lvmctl.registry.attribution import describe_error
from lvmctl.registry.declare import RECORDS, Plugin, options_fault
from lvmctl.registry.find import UNPACKAGED, Origin
from lvmctl.registry.record import Buildable, NoOptions, Record

SPECS = {
    record.kind: record
    for types in RECORDS.values()
    for record in types
    if issubclass(record, Buildable)
}
GATES = {record.role: record for record in (spec.KillRule, spec.SampleWeight, spec.Curriculum)}
COMMON = {field.name for field in dataclasses.fields(Buildable)}


def is_address(name: str) -> bool:
    """Whether a name is ``file.py:Class``."""
    return ADDRESS.fullmatch(name) is not None


def declare_file(kind: str, address: str) -> tuple[Record, Plugin]:
    """The record of kind ``kind`` that a class in a file makes, and the file as its plugin.

    The file is imported, with all that it imports: a name that was saved is checked before by
    :func:`lvmctl.core.trust.refuse_untrusted`.

    Raises:
        UsageError: there is no such file, or no such class in it.
        PluginError: the file cannot be imported, or its attributes are invalid.
    """
    match = ADDRESS.fullmatch(address)
    path, name = real(match["path"]), match["name"]
    if not path.is_file():
        raise UsageError("no such file", where=match["path"], hint="restore it, or give its path")
    trust(path)
    origin = Origin(path.stem, f"{path}", UNPACKAGED, module_name(path))
    module = imported(path, origin)
    target = vars(module).get(name)
    if not isinstance(target, type):
        classes = [key for key, value in vars(module).items() if isinstance(value, type)]
        close = nearest(name, classes)
        hint = f"did you mean {close}?" if close else None
        raise UsageError(f"has no class {name}", where=match["path"], hint=hint)
    record = record_of(kind, target, origin)
    return record, Plugin(origin, "ok", spec.API_VERSION, (record,))


def module_name(path: Path) -> str:
    """A module name that no other file has."""
    stem = re.sub(r"\W", "_", path.stem)  # a target is MODULE:NAME
    return f"lvmctl_file_{stem}_{hashlib.sha256(os.fsencode(path)).hexdigest()[:8]}"


def imported(path: Path, origin: Origin) -> ModuleType:
    """The file as a module, imported once."""
    if origin.module in sys.modules:
        return sys.modules[origin.module]
    file_spec = importlib.util.spec_from_file_location(origin.module, path)
    module = importlib.util.module_from_spec(file_spec)
    sys.modules[origin.module] = module
    try:
        file_spec.loader.exec_module(module)
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        del sys.modules[origin.module]
        raise PluginError(
            f"cannot be imported: {describe_error(error, origin)}", where=path, hint="correct it"
        ) from error
    return module


def record_type(kind: str, target: type, origin: Origin) -> type[Buildable]:
    """The type of the record of a class of kind ``kind``."""
    if kind == "gate":
        role = getattr(target, "role", None)
        if role not in GATES:
            raise PluginError(
                f"the gate {target.__name__} has the role {role!r}",
                where=origin.distribution,
                hint=f"give it the attribute role, one of {', '.join(GATES)}",
            )
        return GATES[role]
    if kind not in SPECS:
        raise UsageError(f"a {kind} cannot be a class of a file", where=origin.distribution)
    return SPECS[kind]


def record_of(kind: str, target: type, origin: Origin) -> Record:
    """The record of a class."""
    make = record_type(kind, target, origin)
    attributes: dict[str, Any] = {
        field.name: getattr(target, field.name)
        for field in dataclasses.fields(make)
        if field.name not in COMMON and hasattr(target, field.name)
    }
    options = getattr(target, "Options", NoOptions)
    if fault := options_fault(options):
        raise PluginError(
            f"the options of {target.__name__} {fault}",
            where=origin.distribution,
            hint="write @dataclass(frozen=True, kw_only=True) above it, and fields with option()",
        )
    summary = (target.__doc__ or "").strip().partition("\n")[0]
    return make(
        name=target.__name__,
        summary=summary,
        target=f"{origin.module}:{target.__name__}",
        options=options,
        **attributes,
    )
