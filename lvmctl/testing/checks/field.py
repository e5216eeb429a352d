"""Checks of batch fields."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from lvmctl.data import Windows
from lvmctl.data.fields import field_maker
from lvmctl.registry.specs import BatchFieldSpec
from lvmctl.testing.check import CheckFailed, Subject, check, checks_in
from lvmctl.testing.samples import readable, textlike

DIM = 16
SHAPES = ((3, 1), (1, 1), (5, 2))
"""Contexts and horizons that are tried."""

COUNTS = (1, 4)
"""What losses may ask for."""


@dataclass(frozen=True)
class Call:
    """A call of a field for ``size`` windows and a ``count``, always with the same draws."""

    subject: Subject
    windows: Windows
    size: int
    count: int

    def __str__(self) -> str:
        context, horizon = self.windows.context_length, self.windows.horizon
        return f"{self.size} windows of {context} chunks, horizon {horizon}, count {self.count}"

    def __call__(self) -> np.ndarray:
        make = field_maker(self.subject.registry.resolve(self.subject.entry))
        index = np.linspace(0, len(self.windows) - 1, self.size).astype(int)
        return make(self.windows, index, self.count, np.random.default_rng(0))

    def shape(self, declared: str) -> tuple[int, ...]:
        """The shape that is ``declared``, e.g. ``(B, N)``, in numbers."""
        sizes = {"B": self.size, "K": self.windows.context_length, "D": DIM}
        places = declared.strip("()").replace(" ", "").split(",")
        return tuple(
            int(place) if place.isdigit() else sizes.get(place, self.count)
            for place in places
            if place
        )


def calls(subject: Subject) -> Iterator[Call]:
    """What the field is called with."""
    for context, horizon in SHAPES:
        windows = readable(Windows(textlike(dim=DIM), context, horizon))
        for size in (8, 1):
            for count in COUNTS:
                yield Call(subject, windows, size, count)


@check
def has_its_shape(subject: Subject) -> str:
    """It gives finite numbers, or booleans, in the shape that the record says."""
    field: BatchFieldSpec = subject.record
    for call in calls(subject):
        values, shape = call(), call.shape(field.shape)
        if values.dtype.kind not in "biuf":
            raise CheckFailed(f"for {call} it gives {values.dtype}, which no tensor holds")
        if values.shape != shape:
            raise CheckFailed(f"for {call} it gives {values.shape}, not {shape}, {field.shape}")
        if not np.isfinite(values).all():
            raise CheckFailed(f"for {call} not all of it is finite")
    return f"{values.dtype} {field.shape}"


@check
def draws_from_the_generator_it_is_given(subject: Subject) -> None:
    """The same windows and the same generator give the same values, so that a run can be
    resumed."""
    for call in calls(subject):
        if not np.array_equal(call(), call()):
            raise CheckFailed(f"for {call} it gives other values when it is asked again")


@check
def leaves_the_windows(subject: Subject) -> None:
    """The windows and the chunks are as they were after the field is made of them."""
    for call in calls(subject):
        windows = call.windows
        vectors, rows = windows.split.vectors.copy(), windows.rows.copy()
        call()
        if not (np.array_equal(vectors, windows.split.vectors) and (rows == windows.rows).all()):
            raise CheckFailed(f"for {call} it changes the windows in place")


CHECKS = checks_in(globals())
