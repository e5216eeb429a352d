"""Checks of a plugin as a whole: its import, its declaration, its names, its metadata."""

from __future__ import annotations

from importlib import metadata

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.version import Version

import lvmctl
from lvmctl.registry.specs import API_VERSION
from lvmctl.testing.check import CheckFailed, Skipped, Subject, check, checks_in, once_per_subject
from lvmctl.testing.processes import Declaration, ProcessFailed, declaration
from lvmctl.testing.public import private_imports, sources

CORE = "lvmctl"
LATEST_PATCH = 99_999
"""A patch release that comes after all others of its minor version."""

MAX_SHOWN = 3
"""Private imports that a message names."""


def packaged(subject: Subject) -> metadata.Distribution:
    """The distribution that installed the plugin."""
    try:
        return metadata.distribution(subject.plugin.distribution)
    except (metadata.PackageNotFoundError, ValueError):
        raise Skipped("it is not installed as a distribution") from None


@once_per_subject
def declared(subject: Subject) -> Declaration:
    """How an installed plugin declares itself in a new process."""
    packaged(subject)
    module = subject.plugin.origin.module
    try:
        return declaration(module)
    except ProcessFailed as error:
        raise CheckFailed(f"importing {module} in a new process fails: {error}") from error


@check
def light_to_import(subject: Subject) -> str:
    """Importing the declaration and its options loads no heavy package; its time is shown."""
    module, seen = subject.plugin.origin.module, declared(subject)
    if seen.heavy:
        raise CheckFailed(
            f"importing {module} loads {', '.join(seen.heavy)}; import it in the module that a "
            "target names"
        )
    return f"{1000 * seen.seconds:.0f} ms"


@check
def declares_the_same_every_time(subject: Subject) -> str:
    """The hooks return the same records whenever they are called, in every process."""
    seen, records = declared(subject), list(map(repr, subject.plugin.records))
    for others, when in ((seen.again, "the second time"), (records, "in another process")):
        if others != seen.records:
            differing = {*others} ^ {*seen.records}
            which = f": {min(differing)}" if differing else ", in another order or number"
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
    seen = declared(subject)
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
    registry, plugin = subject.registry, subject.plugin
    for other in registry.plugins:
        if other.origin != plugin.origin and other.name == plugin.name:
            raise CheckFailed(
                f"{other.distribution} {other.version} has a plugin {plugin.name} too"
            )
    contested = []
    for entry in registry.entries():
        if entry.plugin is plugin and registry.contested(entry):
            owners = [
                f"{other.plugin.distribution} {other.plugin.version}"
                for other in registry.entries(entry.kind)
                if other.name == entry.name and other.plugin is not plugin
            ]
            contested.append(f"{entry.kind} {entry.name} of {' and '.join(owners)}")
    if contested:
        raise CheckFailed(f"declares what others declare too: {', '.join(contested)}; rename it")


@check
def requires_lvmctl(subject: Subject) -> str:
    """The distribution is lvmctl itself or requires it, in a version range that admits this one."""
    if subject.plugin.distribution == CORE:
        return "lvmctl itself"
    versions = required(subject)
    if not versions.contains(lvmctl.__version__, prereleases=True):
        raise CheckFailed(f"it requires lvmctl {versions}, this is {lvmctl.__version__}")
    return f"lvmctl {versions}" if str(versions) else "any lvmctl"


@check
def works_with_the_previous_minor(subject: Subject) -> str:
    """The requirement admits lvmctl's previous minor version too."""
    if subject.plugin.distribution == CORE:
        raise Skipped("it is part of lvmctl")
    versions, running = required(subject), Version(lvmctl.__version__)
    if running.minor < 1 or (running.major, running.minor) == (0, 1):
        raise Skipped(f"{running.major}.{running.minor} is the first")
    previous = f"{running.major}.{running.minor - 1}"
    if not versions.contains(f"{previous}.{LATEST_PATCH}"):
        raise CheckFailed(f"it requires lvmctl {versions}, which leaves out {previous}")
    return f"lvmctl {previous}"


def required(subject: Subject) -> SpecifierSet:
    """Which versions of lvmctl the plugin's distribution admits."""
    specifiers = [
        str(requirement.specifier)
        for requirement in map(Requirement, packaged(subject).requires or ())
        if requirement.name.lower() == CORE
        and (not requirement.marker or requirement.marker.evaluate())
    ]
    if not specifiers:
        major, minor = Version(lvmctl.__version__).release[:2]
        line = f'"lvmctl>={major}.{minor},<{major}.{minor + 1}"'
        raise CheckFailed(
            f"it does not require lvmctl; write dependencies = [{line}] in pyproject.toml"
        )
    return SpecifierSet(",".join(filter(None, specifiers)))


@check
def imports_public_modules_only(subject: Subject) -> str:
    """Its files import only lvmctl's public modules."""
    if subject.plugin.distribution == CORE:
        raise Skipped("it is part of lvmctl")
    files = sources(subject.plugin.origin.module)
    private = [
        f"{path.relative_to(place)}:{line} imports {module}"
        for place, path in files
        for line, module in private_imports(path)
    ]
    if private:
        more = f" and {len(private) - MAX_SHOWN} more" if len(private) > MAX_SHOWN else ""
        raise CheckFailed(
            f"{', '.join(private[:MAX_SHOWN])}{more}; docs/plugins/README.md lists what is public"
        )
    return f"{len(files)} files"


CHECKS = checks_in(globals())
