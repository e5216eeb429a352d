"""The types an option may have, and how a value or a string becomes one of them."""

from __future__ import annotations

import math
import sys
import types
import typing
from dataclasses import dataclass
from typing import Any

SCALARS = (int, float, bool, str)
WORDS = {"true": True, "yes": True, "on": True, "1": True}
WORDS |= {"false": False, "no": False, "off": False, "0": False}


@dataclass(frozen=True)
class OptionType:
    """An option's type.

    Attributes:
        scalar: ``int``, ``float``, ``bool`` or ``str``.
        optional: None is a value too, written ``none``.
        many: a tuple of scalars, written with commas.
        length: number of items of a tuple, None for any number.
    """

    scalar: type
    optional: bool = False
    many: bool = False
    length: int | None = None

    @classmethod
    def of(cls, annotation: Any, owner: str = "option") -> OptionType:
        """The type an annotation names; TypeError if no option can have it."""
        if annotation in SCALARS:
            return cls(annotation)
        origin, args = typing.get_origin(annotation), typing.get_args(annotation)
        if origin in (typing.Union, types.UnionType):
            inner = [arg for arg in args if arg is not type(None)]
            if len(inner) == 1 and len(args) == 2:
                base = cls.of(inner[0], owner)
                return cls(base.scalar, True, base.many, base.length)
        if origin is tuple and args:
            items = [arg for arg in args if arg is not Ellipsis]
            if len(set(items)) == 1 and items[0] in SCALARS:
                return cls(items[0], many=True, length=None if Ellipsis in args else len(items))
        raise TypeError(f"{owner}: an option cannot have the type {annotation!r}")

    def __str__(self) -> str:
        name = f"{self.scalar.__name__},…" if self.many else self.scalar.__name__
        return f"{name} | none" if self.optional else name

    def convert(self, value: Any, infinite: bool = False) -> Any:
        """``value`` as this type: numbers stay numbers, a string is parsed.

        An int serves as a float, a number as text (``version = 2.1``), and a whole float as nothing
        else; a bool is never a number.
        """
        if value is None or (isinstance(value, str) and value.strip().lower() == "none"):
            if self.optional:
                return None
            if value is None:
                raise ValueError(f"none is not {self._article()}")
        if not self.many:
            return self._scalar(value, infinite)
        if isinstance(value, str):
            value = [item.strip() for item in value.split(",") if item.strip()]
        elif not isinstance(value, list | tuple):
            value = [value]
        if self.length is not None and len(value) != self.length:
            raise ValueError(f"{len(value)} values, not {self.length}")
        return tuple(self._scalar(item, infinite) for item in value)

    def _scalar(self, value: Any, infinite: bool) -> Any:
        wrong = ValueError(f"{value!r} is not {self._article()}")
        if isinstance(value, str) and self.scalar is not str:
            text = value.strip()
            try:
                value = WORDS[text.lower()] if self.scalar is bool else self.scalar(text)
            except (KeyError, ValueError):
                raise wrong from None
        if self.scalar is float and type(value) is int:
            value = float(value) if abs(value) <= sys.float_info.max else math.inf
        if self.scalar is str and type(value) in (int, float):
            value = str(value)
        if type(value) is not self.scalar:
            raise wrong
        if isinstance(value, float) and (math.isnan(value) or (math.isinf(value) and not infinite)):
            raise ValueError(f"{value!r} is not a finite number")
        return value

    def _article(self) -> str:
        words = {int: "a whole number", float: "a number", bool: "true or false", str: "text"}
        return words[self.scalar]
