"""Values from several places become one options dataclass, and all errors are reported at once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from lvmctl.config.options import OptionInfo, describe, with_values
from lvmctl.core.errors import UsageError, nearest
from lvmctl.core.tree import leaves

T = TypeVar("T")
DEFAULT = "default"


@dataclass(frozen=True)
class Bound(Generic[T]):
    """Options and where each value came from.

    Attributes:
        options: an instance of the dataclass; no two of its groups are one object.
        origins: for every option, by its path, the last layer that set it, or ``"default"``.
    """

    options: T
    origins: dict[str, str]


def bind(
    cls: type[T],
    layers: Sequence[tuple[str, Mapping[str, Any]]] = (),
    problems: list[str] | None = None,
    base: T | None = None,
    aliases: Mapping[str, str] | None = None,
) -> Bound[T]:
    """Lay values over the defaults of ``cls``.

    Args:
        cls: a frozen dataclass of options.
        layers: ``(origin, values)`` pairs, e.g. ``("--set", {"lr": "1e-3"})``; a later layer
            wins. A key is a path or a short name, see :func:`matches`; a mapping holds the values
            of a group. A string for an option that is no string is parsed.
        problems: what is wrong is added here instead of raised, and what is right is bound.
        base: values to begin with instead of the defaults.
        aliases: paths by further keys that mean them.

    Raises:
        UsageError: names every unknown key (with the nearest known one), every key that means
            several options (with their paths) and every bad value.
    """
    known = describe(cls)
    base = cls() if base is None else base
    values: dict[str, Any] = {}
    origins = dict.fromkeys((info.path for info in known), DEFAULT)
    errors: list[str] = []
    for origin, layer in layers:
        keys: dict[str, str] = {}
        for key, value in leaves(layer):
            try:
                info = _the_match(known, key, (aliases or {}).get(key, key))
                if info.path in keys:
                    raise ValueError(f"{keys[info.path]} and {key} are the same option, give one")
                keys[info.path] = key
                values[info.path] = _accept(info, key, value)
                origins[info.path] = origin
            except ValueError as error:
                errors.append(f"{error} ({origin})")
    try:
        bound = Bound(with_values(base, values), origins)
    except ValueError as error:  # a rule between options, from __post_init__
        errors.append(str(error))
        bound = Bound(with_values(base, {}), dict.fromkeys(origins, DEFAULT))
    if errors and problems is None:
        raise UsageError("; ".join(errors))
    if problems is not None:
        problems += errors
    return bound


def matches(known: Sequence[OptionInfo], key: str) -> list[OptionInfo]:
    """The options that a key means: the one of this path, or else all of this short name.

    Hyphen and underscore are alike.
    """
    key = key.replace("-", "_")
    by_path = [info for info in known if info.path == key]
    return by_path or [info for info in known if info.short == key]


def suggestion(known: Sequence[OptionInfo], key: str, also: Sequence[str] = ()) -> str | None:
    """What may have been meant by a key that means no option, or one of the names ``also``; None
    where nothing is like it."""
    key = key.replace("-", "_")
    if inside := [info.path for info in known if key in info.groups]:
        return f"it is the group of {', '.join(inside)}"
    names = {info.short: info.path for info in known if matches(known, info.short) == [info]}
    names |= {name: name for name in (*also, *(info.path for info in known))}
    close = nearest(key, list(names))
    path = f" ({names[close]})" if close and names[close] != close else ""
    return f"did you mean {close!r}?{path}" if close else None


def _the_match(known: Sequence[OptionInfo], key: str, name: str) -> OptionInfo:
    infos = matches(known, name)
    if len(infos) > 1:
        paths = " and ".join(info.path for info in infos)
        raise ValueError(f"{key!r} means {paths}, write one of them")
    if not infos:
        paths = ", ".join(info.path for info in known)
        every = f"options are {paths}" if known else "there are no options"
        raise ValueError(f"unknown option {key!r}, {suggestion(known, name) or every}")
    return infos[0]


def _accept(info: OptionInfo, key: str, value: Any) -> Any:
    try:
        return info.accept(value)
    except ValueError as error:
        raise ValueError(f"{key}: {error}") from None


def parse_assignments(assignments: Iterable[str]) -> dict[str, str]:
    """``["lr=1e-3", "listwise.temperature=.1"]`` as a dictionary of strings; the last one wins."""
    values: dict[str, str] = {}
    errors = []
    for text in assignments:
        key, equals, value = text.partition("=")
        if equals and key.strip():
            values[key.strip()] = value.strip()
        else:
            errors.append(repr(text))
    if errors:
        raise UsageError(f"not key=value: {', '.join(errors)}", where="--set")
    return values
