"""Checks of a plugin as a whole: its import, its declaration, its names, its metadata."""

from __future__ import annotations

from lvmctl.registry.specs import API_VERSION
from lvmctl.testing.check import Check, CheckFailed, Skipped, Subject, check
from lvmctl.testing.checks.requirements import (
    CORE,
    packaged,
    requires_lvmctl,
    works_with_the_previous_minor,
)
from lvmctl.testing.inputs.fresh import Declared, declared
from lvmctl.testing.inputs.once import once_per_subject
from lvmctl.testing.public import private_imports, sources

SHOWN = 3
"""Private imports that a message names."""


@check
def light_to_import(subject: Subject) -> str:
    """Importing the declaration and its options loads no heavy package; its time is shown."""
    module, seen = subject.plugin.found.module, seen_fresh(subject)
    if seen.heavy:
        raise CheckFailed(
            f"importing {module} loads {', '.join(seen.heavy)}; import it in the module that a "
            "target names"
        )
    return f"{1000 * seen.seconds:.0f} ms"


@check
def declares_the_same_every_time(subject: Subject) -> str:
    """The hooks return the same records whenever they are called, in every process."""
    seen, here = seen_fresh(subject), list(map(repr, subject.plugin.records))
    for records, when in ((seen.again, "the second time"), (here, "in another process")):
        if records != seen.records:
            either = {*records} ^ {*seen.records}
            which = f": {min(either)}" if either else ", in another order or number"
            raise CheckFailed(f"the hooks return other records {when}{which}")
    if not seen.same:
        raise CheckFailed(
            "the hooks return other options classes the second time; define them once"
        )
    return f"{len(seen.records)} records"


@check
def declares_without_side_effects(subject: Subject) -> None:
    """Importing and calling the hooks prints nothing on stdout, and changes neither the environment
    nor the working directory."""
    seen = seen_fresh(subject)
    if seen.printed:
        raise CheckFailed(f"it prints {seen.printed.strip()[:60]!r} on stdout, which is for data")
    if seen.changed:
        raise CheckFailed(f"it changes {', '.join(seen.changed)}")


@check
def api_is_current(subject: Subject) -> str:
    """The plugin is written for this lvmctl's plugin API."""
    if subject.plugin.api != API_VERSION:
        raise CheckFailed(f"LVMCTL_API is {subject.plugin.api}, this lvmctl has {API_VERSION}")
    return f"API {API_VERSION}"


@check
def names_are_free(subject: Subject) -> None:
    """No other plugin has its name, or declares a record of the same kind and name."""
    registry, mine = subject.registry, subject.plugin
    for other in registry.plugins:
        if other.found != mine.found and other.name == mine.name:
            raise CheckFailed(f"{other.distribution} {other.version} has a plugin {mine.name} too")
    contested = []
    for entry in registry.entries():
        if entry.plugin is mine and registry.contested(entry):
            owners = [
                f"{other.plugin.distribution} {other.plugin.version}"
                for other in registry.entries(entry.kind)
                if other.name == entry.name and other.plugin is not mine
            ]
            contested.append(f"{entry.kind} {entry.name} of {' and '.join(owners)}")
    if contested:
        raise CheckFailed(f"declares what others declare too: {', '.join(contested)}; rename it")


@check
def imports_public_modules_only(subject: Subject) -> str:
    """Its files import only lvmctl's public modules."""
    if subject.plugin.distribution == CORE:
        raise Skipped("it is part of lvmctl")
    files = sources(subject.plugin.found.module)
    found = [
        f"{path.relative_to(place)}:{line} imports {module}"
        for place, path in files
        for line, module in private_imports(path)
    ]
    if found:
        more = f" and {len(found) - SHOWN} more" if len(found) > SHOWN else ""
        raise CheckFailed(
            f"{', '.join(found[:SHOWN])}{more}; docs/plugins/README.md lists what is public"
        )
    return f"{len(files)} files"


@once_per_subject
def seen_fresh(subject: Subject) -> Declared:
    """How an installed plugin declares itself in a new process."""
    packaged(subject)
    return declared(subject.plugin.found)


CHECKS: tuple[Check, ...] = (
    light_to_import,
    declares_the_same_every_time,
    declares_without_side_effects,
    api_is_current,
    names_are_free,
    requires_lvmctl,
    works_with_the_previous_minor,
    imports_public_modules_only,
)
