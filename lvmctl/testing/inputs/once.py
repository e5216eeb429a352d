"""What several checks of one subject look at is made once."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

from lvmctl.testing.check import Subject

T = TypeVar("T")


def once_per_subject(make: Callable[[Subject], T]) -> Callable[[Subject], T]:
    """``make(subject)``, which is kept until it is asked about another subject."""
    kept: list[Any] = []

    @wraps(make)
    def found(subject: Subject) -> T:
        if not kept or kept[0] is not subject:
            kept[:] = [subject, make(subject)]
        return kept[1]

    return found
