"""Values from several places become one options dataclass, and every error is told at once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from lvmctl.config.options import OptionInfo, describe
from lvmctl.core.errors import UsageError, nearest

T = TypeVar("T")
DEFAULT = "default"


@dataclass(frozen=True)
class Bound(Generic[T]):
    """Options and where each value came from.

    Attributes:
        options: an instance of the dataclass.
        origins: for every option, the last layer that set it, or ``"default"``.
    """

    options: T
    origins: dict[str, str]


def bind(
    cls: type[T],
    layers: Sequence[tuple[str, Mapping[str, Any]]] = (),
    problems: list[str] | None = None,
) -> Bound[T]:
    """Lay values over the defaults of ``cls``.

    Args:
        cls: a frozen dataclass of options.
        layers: ``(origin, values)`` pairs, e.g. ``("--set", {"lr": "1e-3"})``; a later layer
            wins. A string for an option that is no string is parsed.
        problems: what is wrong is added here instead of raised, and what is right is bound.

    Raises:
        UsageError: names every unknown key (with the nearest known one) and every bad value.
    """
    known = {info.name: info for info in describe(cls)}
    values: dict[str, Any] = {}
    origins = dict.fromkeys(known, DEFAULT)
    errors: list[str] = []
    for origin, layer in layers:
        for name, value in layer.items():
            try:
                values[name] = _accept(known, name, value)
                origins[name] = origin
            except ValueError as error:
                errors.append(f"{error} ({origin})")
    try:
        bound = Bound(cls(**values), origins)
    except ValueError as error:  # a rule between options, from __post_init__
        errors.append(str(error))
        bound = Bound(cls(), dict.fromkeys(known, DEFAULT))
    if errors and problems is None:
        raise UsageError("; ".join(errors))
    if problems is not None:
        problems += errors
    return bound


def _accept(known: Mapping[str, OptionInfo], name: str, value: Any) -> Any:
    if name not in known:
        close = nearest(name, list(known))
        mend = f"did you mean {close!r}?" if close else f"options are {', '.join(known) or 'none'}"
        raise ValueError(f"unknown option {name!r}, {mend}")
    try:
        return known[name].accept(value)
    except ValueError as error:
        raise ValueError(f"{name}: {error}") from None


def parse_assignments(assignments: Iterable[str]) -> dict[str, str]:
    """``["lr=1e-3", "listwise.temperature=.1"]`` as a dictionary of strings; the last one wins.

    A dotted key addresses a part of the recipe's composition; see :func:`split_parts`.

    Raises:
        UsageError: names every assignment that is not ``key=value``.
    """
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


def split_parts(values: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, dict[str, Any]]]:
    """Separate a recipe's own options from those of its parts.

    ``{"lr": 1, "order.hidden": 2}`` gives ``({"lr": 1}, {"order": {"hidden": 2}})``.
    """
    own: dict[str, Any] = {}
    parts: dict[str, dict[str, Any]] = {}
    for key, value in values.items():
        part, dot, name = key.rpartition(".")
        if dot:
            parts.setdefault(part, {})[name] = value
        else:
            own[key] = value
    return own, parts
