"""JSON that is read: parsed and compared with a schema once, so that its fields are what they seem.

A schema is a type (``float`` takes whole numbers, ``object`` anything), a tuple of schemas of which
one fits, ``[schema]`` for a list, ``{name: schema}`` for the fields of an object that are looked at
where they are there, or ``{...: schema}`` for all of its fields.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from numbers import Integral
from pathlib import Path
from typing import Any

from lvmctl.core.errors import LvmctlError, RunError, content_fault, first_line
from lvmctl.core.inputs import read_text

MAX_DEPTH = 100
"""Brackets in brackets that JSON may have."""

KINDS = {
    str: "text",
    int: "a whole number",
    Integral: "a whole number",
    float: "a number",
    bool: "true or false",
    list: "a list",
    dict: "an object",
    type(None): "null",
}
"""How a message calls a type; ``Integral`` is a whole number of any length."""

FIGURE = (float, None)
"""A schema: a number, or null where it is not finite or not known."""


def parse_json(
    content: bytes | str, where: object, kind: type[LvmctlError], hint: str | None = None
) -> Any:
    """The value of a JSON text in UTF-8, with or without a byte-order mark; an error of this
    ``kind`` where it is not JSON, or deeper than :data:`MAX_DEPTH`."""
    try:
        text = content.decode("utf-8-sig") if isinstance(content, bytes) else content
        value = json.loads(text)
    except json.JSONDecodeError as error:
        place = f"{where}:{error.lineno}" if "\n" in error.doc.rstrip() else where
        raise kind(f"is not JSON ({error.msg})", where=place, hint=hint) from error
    except UnicodeDecodeError as error:
        raise kind(f"is not UTF-8 (byte {error.start})", where=where, hint=hint) from error
    except ValueError as error:  # a whole number of endless digits
        raise kind(f"is not JSON that can be read ({error})", where=where, hint=hint) from error
    except RecursionError as error:
        raise kind("is JSON of endless brackets", where=where, hint=hint) from error
    if is_deep(value):
        raise kind(f"is JSON of more than {MAX_DEPTH} brackets", where=where, hint=hint)
    return value


def is_deep(value: Any) -> bool:
    """Whether a value has more than :data:`MAX_DEPTH` lists and objects in one another."""
    level = [value]
    for _ in range(MAX_DEPTH):
        inner = (x.values() if isinstance(x, dict) else x for x in level if is_nested(x))
        level = [item for items in inner for item in items if is_nested(item)]
        if not level:
            return False
    return True


def is_nested(value: Any) -> bool:
    """Whether a value is a list or an object."""
    return isinstance(value, dict | list)


def read_json(
    path: str | os.PathLike[str], kind: type[LvmctlError] = RunError, hint: str | None = None
) -> Any:
    """The JSON in a regular file, in UTF-8, with or without a byte-order mark.

    Args:
        kind: of the errors: a RunError for a file of a run, a DataError for one of a model or data.
        hint: what the user can do about them.

    Raises:
        LvmctlError: of this ``kind``: there is no such file, it cannot be read, it is not JSON, or
            JSON of more than :data:`MAX_DEPTH` brackets; one line that names it.

    Example:
        >>> lvmctl.write_json(tmp_path / "patience.json", {"epochs": 3})
        >>> lvmctl.read_json(tmp_path / "patience.json")
        {'epochs': 3}
    """
    try:
        text = read_text(Path(path))
    except FileNotFoundError:
        raise kind("the file is missing", where=path, hint=hint) from None
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or first_line(error)
        raise kind(f"cannot be read ({reason})", where=path, hint=hint) from error
    return parse_json(text, path, kind, hint)


@contextmanager
def readable(
    where: object, what: str, hint: str, kind: type[LvmctlError] = RunError
) -> Iterator[None]:
    """What is missing or misplaced in a file that was read ends as one line that names it."""
    try:
        yield
    except (LookupError, TypeError, ValueError, AttributeError, RuntimeError) as error:
        raise kind(f"{what} ({content_fault(error)})", where=where, hint=hint) from error


def require(
    value: Any, schema: Any, where: object, kind: type[LvmctlError], hint: str | None = None
) -> None:
    """Refuse a value that is not of a schema."""
    if fault := fault_of(value, schema):
        raise kind(f"is damaged: {fault}", where=where, hint=hint)


def fault_of(value: Any, schema: Any, field: str = "") -> str | None:
    """How a value is not of a schema, or None; ``field`` is where it stands."""
    if isinstance(schema, tuple):
        faults = [fault_of(value, each, field) for each in schema]
        if None in faults:
            return None
        nested = [s for s in schema if is_nested(s) and isinstance(value, type(s))]
        return fault_of(value, nested[0], field) if nested else _fault(value, schema, field)
    if isinstance(schema, dict) and isinstance(value, dict):
        every = schema.get(...)
        for key, item in value.items():
            known = schema.get(key, object if every is None else every)
            if fault := fault_of(item, known, f"{field}.{key}" if field else key):
                return fault
        return None
    if isinstance(schema, list) and isinstance(value, list):
        for number, item in enumerate(value):
            if fault := fault_of(item, schema[0], f"{field}[{number}]"):
                return fault
        return None
    return None if _is(value, schema) else _fault(value, (schema,), field)


def _is(value: Any, schema: Any) -> bool:
    """Whether a value has the type that a schema names."""
    if schema is None:
        return value is None
    if not isinstance(schema, type):
        return False
    if schema in (int, float) and isinstance(value, int):
        # JSON has whole numbers of any length; those that mean something fit into 64 bits.
        return not isinstance(value, bool) and abs(value) < 1 << 63
    return isinstance(value, schema)


def _fault(value: Any, schemas: tuple[Any, ...], field: str) -> str:
    kinds = [KINDS.get(s if isinstance(s, type) else type(s), "another") for s in schemas]
    place = f"{field[:80]} is" if field else "it is"
    shown = KINDS.get(type(value), type(value).__name__)
    shown += " beyond 64 bits" if type(value) is int and not _is(value, int) else ""
    return f"{place} {shown}, not {' or '.join(kinds)}"
