"""Named configurations of recipes, read from TOML.

Every top-level table is an experiment, except ``[plugins]``, whose ``disable`` lists plugins never
to import. Reserved keys say what is trained on what; every other key is an option's value, and a
nested table holds the values of one part of the recipe. Paths are relative to the file::

    [p8-long]
    extends = "p8-full"
    summary = "P8, twenty epochs on the books."
    data = "stores/books"
    epochs = 20
    listwise.temperature = 0.05

``extends`` inherits every key that the table does not set itself. Data is inherited as a whole: a
table that sets ``data`` or ``train`` takes none of ``data``, ``train``, ``val`` and ``ood`` from
what it extends; one that sets ``val`` or ``ood`` alone replaces that one.
"""

from __future__ import annotations

import fnmatch
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import tomli

from lvmctl.core.errors import UsageError, did_you_mean
from lvmctl.core.inputs import read_text
from lvmctl.core.paths import absolute, absolute_address
from lvmctl.core.tree import leaves
from lvmctl.core.trust import refuse_untrusted

FILE = "experiments.toml"
VARIABLE = "LVMCTL_EXPERIMENTS"
TEXTS = ("recipe", "extends", "summary", "data", "val", "ood")
LISTS = ("train", "losses")
WHOLE, SOURCES = {"data", "train"}, ("data", "train", "val", "ood")
"""A table that names one of the first inherits none of the second."""
PLUGINS = "plugins"
GLOB = re.compile(r"[*?[]")


@dataclass(frozen=True)
class Experiment:
    """A named configuration, with everything it extends already laid under it.

    Attributes:
        recipe: name of the recipe.
        summary: one line about it.
        values: option values; those of a part have dotted names (``listwise.temperature``).
        origins: where each value was written, ``experiments.toml`` or, for an inherited one,
            ``experiments.toml [ancestor]``.
        data, train, val, ood: sources, as on the command line, with absolute paths.
        losses: ``NAME`` or ``NAME:WEIGHT``, as with ``--loss``: added to the recipe's losses; one
            that the recipe has gets this weight, and weight 0 takes it out.
    """

    name: str
    recipe: str
    summary: str = ""
    values: Mapping[str, Any] = field(default_factory=dict)
    origins: Mapping[str, str] = field(default_factory=dict)
    data: str | None = None
    train: tuple[str, ...] = ()
    val: str | None = None
    ood: str | None = None
    losses: tuple[str, ...] = ()

    @property
    def layers(self) -> list[tuple[str, dict[str, Any]]]:
        """The values as layers for :func:`lvmctl.config.bind`, one per origin."""
        by_origin: dict[str, dict[str, Any]] = {}
        for key, value in self.values.items():
            by_origin.setdefault(self.origins[key], {})[key] = value
        return list(by_origin.items())


class Experiments:
    """The experiments of one file.

    Args:
        tables: the file's tables by name.
        path: the file, for messages; its name is the origin of values.
    """

    def __init__(self, tables: Mapping[str, Any], path: Path) -> None:
        self.path = path
        self._tables = {name: table for name, table in tables.items() if name != PLUGINS}

    def names(self) -> list[str]:
        """Names in the file's order."""
        return list(self._tables)

    @property
    def shipped(self) -> bool:
        """Whether the file is the one that comes with lvmctl."""
        return self.path == _shipped()

    def match(self, pattern: str) -> list[str]:
        """The names a shell pattern (``p7-*``) means, in the file's order; a name means itself."""
        if pattern in self._tables or not is_pattern(pattern):
            return [pattern]
        names = [name for name in self._tables if fnmatch.fnmatchcase(name, pattern)]
        if not names:
            from difflib import get_close_matches

            stem = "".join(GLOB.split(pattern))
            close = get_close_matches(stem, self.names(), n=4, cutoff=0.4)
            hint = f"the nearest are {', '.join(close)}" if close else self._known()
            raise UsageError(f"no experiment matches {pattern!r}", where=self.path, hint=hint)
        return names

    def get(self, name: str) -> Experiment:
        """The experiment ``name`` with its ``extends`` chain resolved."""
        reserved: dict[str, Any] = {}
        values: dict[str, Any] = {}
        origins: dict[str, str] = {}
        for table_name in reversed(self._chain(name)):
            origin = self.path.name if table_name == name else f"{self.path.name} [{table_name}]"
            table = self._tables[table_name]
            if WHOLE & table.keys():
                reserved = {key: item for key, item in reserved.items() if key not in SOURCES}
            for key, value in table.items():
                if key in (*TEXTS, *LISTS):
                    value = self._reserved(table_name, key, value)
                    reserved[key] = self._placed(table_name, key, value)
                    continue
                if key == "model" and isinstance(value, str):
                    value = absolute_address(value, self.path.parent)
                for option, item in leaves({key: value}):
                    values.pop(option, None)  # the order is that of the chain
                    values[option] = item
                    origins[option] = origin
        reserved.pop("extends", None)
        if "recipe" not in reserved:
            raise self._error(name, "it names no recipe", 'add recipe = "NAME" or extends = "…"')
        named = reserved["recipe"], *reserved.get("losses", ()), str(values.get("model", ""))
        for part in named:
            refuse_untrusted(part, f"{self.path} [{name}]")
        return Experiment(name=name, values=values, origins=origins, **reserved)

    def _chain(self, name: str) -> list[str]:
        """``name`` and everything it extends, nearest first."""
        chain: list[str] = []
        current: str | None = name
        while current is not None:
            if current in chain:
                circle = " → ".join([*chain, current])
                raise self._error(name, f"extends goes in a circle: {circle}")
            if current not in self._tables:
                raise self._missing(current, chain)
            if not isinstance(self._tables[current], dict):
                raise self._error(current, "it is not a table")
            chain.append(current)
            parent = self._tables[current].get("extends")
            current = None if parent is None else self._reserved(current, "extends", parent)
        return chain

    def _reserved(self, table: str, key: str, value: Any) -> Any:
        if key in LISTS:
            value = [value] if isinstance(value, str) else value
            if isinstance(value, list) and all(isinstance(item, str) for item in value):
                return tuple(value)
            raise self._error(table, f"{key} is not text or a list of texts")
        if not isinstance(value, str):
            raise self._error(table, f"{key} is not text")
        return value

    def _placed(self, table: str, key: str, value: Any) -> Any:
        """A reserved key's value, with paths in it relative to the file made absolute."""
        if isinstance(value, tuple):
            return tuple(self._placed(table, key, item) for item in value)
        if key in ("recipe", "losses"):
            return absolute_address(value, self.path.parent)
        if key not in SOURCES:
            return value
        try:
            return absolute(value, self.path.parent)
        except UsageError as error:
            raise self._error(table, f"{key} {error.what}", error.hint) from None

    def _missing(self, name: str, chain: list[str]) -> UsageError:
        hint = did_you_mean(name, self.names(), self._known())
        if chain:
            return self._error(chain[-1], f"it extends an unknown experiment {name!r}", hint)
        return UsageError(f"no experiment {name!r}", where=self.path, hint=hint)

    def _known(self) -> str:
        return f"there are {', '.join(self.names())}" if self._tables else "it holds none"

    def _error(self, table: str, what: str, hint: str | None = None) -> UsageError:
        return UsageError(what, where=f"{self.path} [{table}]", hint=hint)


def is_pattern(name: str) -> bool:
    """Whether a name of experiments is a shell pattern: it has one of ``* ? [``."""
    return bool(GLOB.search(name))


def load_experiments(path: str | os.PathLike[str] | None = None) -> Experiments:
    """Read experiments from the first of: ``path``, the file ``LVMCTL_EXPERIMENTS`` names,
    ``experiments.toml`` here or in a parent directory, the one that comes with lvmctl.

    Raises:
        UsageError: the file named cannot be read, or is not TOML.
    """
    named = path or os.environ.get(VARIABLE)
    file = Path(named) if named else _local() or _shipped()
    return Experiments(_read(file), file)


def disabled_plugins() -> tuple[str, ...]:
    """Names under ``[plugins] disable`` in ``LVMCTL_EXPERIMENTS``, else the nearest file."""
    named = os.environ.get(VARIABLE)
    path = Path(named) if named else _local()
    if path is None:
        return ()
    plugins = _read(path).get(PLUGINS, {})
    names = plugins.get("disable", []) if isinstance(plugins, dict) else None
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise UsageError("disable is not a list of names", where=f"{path} [{PLUGINS}]")
    return tuple(names)


def _local() -> Path | None:
    working = Path.cwd()
    candidates = (directory / FILE for directory in (working, *working.parents))
    return next((path for path in candidates if path.is_file()), None)


def _shipped() -> Path:
    """A wheel carries the file inside the package; a checkout has it beside the package."""
    package = Path(__file__).resolve().parents[1]
    inside = package / FILE
    return inside if inside.is_file() else package.parent / FILE


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomli.loads(read_text(path))
    except UnicodeDecodeError as error:
        raise UsageError("not UTF-8 text", where=path) from error
    except (ValueError, RecursionError) as error:  # not the grammar, endless digits or brackets
        raise UsageError(f"not TOML: {error}", where=path) from error
    except OSError as error:
        raise UsageError(f"cannot be read: {error.strerror}", where=path) from error
