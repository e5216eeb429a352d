"""Checks of what a plugin's distribution says about lvmctl."""

from __future__ import annotations

from importlib import metadata

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.version import Version

import lvmctl
from lvmctl.testing.check import CheckFailed, Skipped, Subject, check

CORE = "lvmctl"
LATEST_PATCH = 99_999
"""A patch release that comes after all others of its minor version."""


@check
def requires_lvmctl(subject: Subject) -> str:
    """The distribution is lvmctl itself or requires it, in a version range that admits this one."""
    if subject.plugin.distribution == CORE:
        return "lvmctl itself"
    wanted = requirement(subject)
    if not wanted.contains(lvmctl.__version__, prereleases=True):
        raise CheckFailed(f"it requires lvmctl {wanted}, this is {lvmctl.__version__}")
    return f"lvmctl {wanted}" if str(wanted) else "any lvmctl"


@check
def works_with_the_previous_minor(subject: Subject) -> str:
    """The requirement admits lvmctl's previous minor version too."""
    if subject.plugin.distribution == CORE:
        raise Skipped("it is part of lvmctl")
    wanted, running = requirement(subject), Version(lvmctl.__version__)
    if running.minor < 1 or (running.major, running.minor) == (0, 1):
        raise Skipped(f"{running.major}.{running.minor} is the first")
    previous = f"{running.major}.{running.minor - 1}"
    if not wanted.contains(f"{previous}.{LATEST_PATCH}"):
        raise CheckFailed(f"it requires lvmctl {wanted}, which leaves out {previous}")
    return f"lvmctl {previous}"


def packaged(subject: Subject) -> metadata.Distribution:
    """The distribution that installed the plugin.

    Raises:
        Skipped: there is none, as for a file that is tried out.
    """
    try:
        return metadata.distribution(subject.plugin.distribution)
    except (metadata.PackageNotFoundError, ValueError):
        raise Skipped("it is not installed as a distribution") from None


def requirement(subject: Subject) -> SpecifierSet:
    """Which versions of lvmctl the plugin's distribution admits.

    Raises:
        CheckFailed: it does not require lvmctl.
    """
    wanted = [
        found.specifier
        for found in map(Requirement, packaged(subject).requires or ())
        if found.name.lower() == CORE and (not found.marker or found.marker.evaluate())
    ]
    if not wanted:
        running = Version(lvmctl.__version__)
        said = f'"lvmctl>={running.major}.{running.minor},<{running.major}.{running.minor + 1}"'
        raise CheckFailed(
            f"it does not require lvmctl; write dependencies = [{said}] in pyproject.toml"
        )
    return SpecifierSet(",".join(str(each) for each in wanted if str(each)))
