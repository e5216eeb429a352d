"""Paths and sources that mean the same from another directory."""

from __future__ import annotations

import os
import shlex
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote_plus

from lvmctl.core.errors import UsageError
from lvmctl.core.trust import ADDRESS

WORLD = "synth:"
"""What the name of a synthetic world or view begins with."""


def typed(path: object) -> str:
    """A path as it is typed in a shell: in quotes where it needs them."""
    return shlex.quote(str(path))


def absolute(source: str, folder: str | os.PathLike[str] = "") -> str:
    """A source (``STORE``, ``STORE@val``, ``file.npz`` or ``synth:NAME?store=STORE``) with the path
    in it made absolute; it is relative to ``folder``, nothing being the working directory."""
    if not source.strip():
        raise UsageError(f"{source!r} names no data", hint="give a store, or leave it out")
    if not source.startswith(WORLD):
        return os.path.abspath(os.path.join(folder, source))
    return with_store(source, lambda path: absolute(path, folder))


def with_store(view: str, change: Callable[[str], str]) -> str:
    """``synth:NAME?store=STORE`` with ``change(STORE)``; a world without a store as it is."""
    head, separator, path = view.partition("store=")
    path, ampersand, rest = path.partition("&")
    if not path:
        return view
    return f"{head}{separator}{quote(change(unquote_plus(path)))}{ampersand}{rest}"


def portable(value: Any) -> Any:
    """A plain value, such as a configuration, without the folders that its absolute paths lie in.

    ``/home/me/books@val`` becomes ``books@val``; a level of a store keeps the store's name.
    """
    if isinstance(value, dict):
        return {key: portable(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [portable(item) for item in value]
    if not isinstance(value, str):
        return value
    if value.startswith(WORLD):
        return with_store(value, portable)
    parts = Path(value).parts
    if not os.path.isabs(value) or not parts[1:]:
        return value
    return "/".join(parts[-3:] if parts[-2] == "levels" else parts[-1:])


def absolute_address(name: str, folder: str | os.PathLike[str] = "") -> str:
    """A part's name, where it is ``file.py:Class`` with the file's path made absolute."""
    match = ADDRESS.match(name)
    if match is None:
        return name
    return os.path.abspath(os.path.join(folder, match["path"])) + name[match.end("path") :]
