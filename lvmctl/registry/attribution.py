"""Where in a plugin's own code an error was raised."""

from __future__ import annotations

import inspect
import os
import sys
import traceback
from contextlib import suppress
from pathlib import Path
from typing import Any

from lvmctl.registry.find import UNPACKAGED, Origin


def describe_error(error: BaseException, origin: Origin, target: str = "") -> str:
    """An error of a plugin's code as one line: ``ValueError: no such margin (my_pkg/loss.py:12)``.
    ``target`` is that of the record it ran for, which names its code too."""
    message = error.msg if isinstance(error, SyntaxError) and error.msg else str(error)
    line = ": ".join(part for part in (type(error).__name__, " ".join(message.split())) if part)
    place = raised_at(error, origin, target)
    return line if place is None else f"{line} ({place})"


def raised_at(error: BaseException, origin: Origin, target: str = "") -> str | None:
    """``file.py:LINE`` of the innermost frame of an error in a plugin's own code.

    Its own are the packages that its entry point and ``target`` name, and the other files beside
    an unpackaged one. An error that never got there, such as wrong arguments of a call, is at the
    class that ``target`` names.

    Returns:
        The path relative to the working directory where it lies below that; None where no line of
        the plugin has a part in it.
    """
    if isinstance(error, SyntaxError) and error.lineno and os.path.isfile(error.filename or ""):
        return shown(error.filename, error.lineno)
    homes = {name.partition(":")[0].partition(".")[0] for name in (origin.module, target) if name}
    beside = Path(origin.distribution).parent if origin.version == UNPACKAGED else None
    place = None
    for frame, line in traceback.walk_tb(error.__traceback__):
        package = frame.f_globals.get("__name__", "").partition(".")[0]
        file = frame.f_code.co_filename
        if package in homes or (beside is not None and Path(file).parent == beside):
            place = shown(file, line)
    if place is None and target:
        module, _, name = target.partition(":")
        place = defined_at(getattr(sys.modules.get(module), name, None))
    return place


def defined_at(value: Any) -> str | None:
    """``file.py:LINE`` where a class or a function begins, None where that is not known."""
    with suppress(OSError, TypeError):
        return shown(inspect.getsourcefile(value), inspect.getsourcelines(value)[1])
    return None


def shown(path: str, line: int) -> str:
    """A place as editors and terminals take it."""
    with suppress(ValueError, OSError):
        path = str(Path(path).relative_to(Path.cwd()))
    return f"{path}:{line}"
