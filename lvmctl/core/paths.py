"""Paths and sources that mean the same from another directory."""

from __future__ import annotations

import os
from urllib.parse import quote, unquote_plus

from lvmctl.core.errors import UsageError
from lvmctl.core.trust import ADDRESS

WORLD = "synth:"
"""What the name of a synthetic world or view begins with."""


def absolute(source: str, folder: str | os.PathLike[str] = "") -> str:
    """A source with the path in it made absolute.

    Args:
        source: ``STORE``, ``STORE@val``, ``file.npz`` or ``synth:NAME?store=STORE``.
        folder: what a relative path is relative to; nothing is the working directory.

    Raises:
        UsageError: it is empty, which would be the folder itself.
    """
    if not source.strip():
        raise UsageError(f"{source!r} names no data", hint="give a store, or leave it out")
    if not source.startswith(WORLD):
        return os.path.abspath(os.path.join(folder, source))
    head, separator, path = source.partition("store=")
    path, ampersand, rest = path.partition("&")
    if not path:  # a world, or refused where it is opened
        return source
    return f"{head}{separator}{quote(absolute(unquote_plus(path), folder))}{ampersand}{rest}"


def absolute_address(name: str, folder: str | os.PathLike[str] = "") -> str:
    """A part's name, where it is ``file.py:Class`` with the file's path made absolute."""
    match = ADDRESS.match(name)
    if match is None:
        return name
    return os.path.abspath(os.path.join(folder, match["path"])) + name[match.end("path") :]
