"""Files inside installed packages, found without importing them."""

from __future__ import annotations

from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

from lvmctl import DataError


def packaged(package: str, file: str) -> Path:
    """The path of a file that an installed package carries; its code is not run.

    Raises:
        DataError: the package does not have it.
    """
    spec = find_spec(package)
    for place in (spec and spec.submodule_search_locations) or ():
        if (path := Path(place, file)).is_file():
            return path
    what = f"the installed package {package} has no {file}"
    raise DataError(what, hint="install the version that constraints.txt names")


def release(distribution: str) -> str:
    """The version of an installed distribution."""
    return f"{distribution} {version(distribution)}"
