"""What every record has and what its target names, and the record of a command, which
``lvmctl --help`` needs at once."""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from typing import Any, ClassVar


@dataclass(frozen=True)
class NoOptions:
    """For a record that takes no option."""


@dataclass(frozen=True, kw_only=True)
class Record:
    """What every record has: a name and one line about it."""

    name: str
    summary: str

    kind: ClassVar[str]
    """What a user calls it: ``loss``, ``gate``, …"""


@dataclass(frozen=True, kw_only=True)
class Buildable(Record):
    """A record of something that is built when it is used: where it lives and its options."""

    target: str
    options: type = NoOptions


@dataclass(frozen=True, kw_only=True)
class CommandSpec(Buildable):
    """A command: ``target`` is a ``click.Command`` added to the top level under ``name``."""

    kind: ClassVar[str] = "command"


def load(target: str) -> Any:
    """What ``"package.module:Attribute"`` names; whatever its import raises."""
    module, _, path = target.partition(":")
    value = importlib.import_module(module)
    for name in path.split("."):
        value = getattr(value, name)
    return value
