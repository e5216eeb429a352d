"""Checks of batch fields."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from lvmctl.data import Windows
from lvmctl.data.fields import field_maker
from lvmctl.registry.specs import BatchFieldSpec
from lvmctl.testing.check import Check, CheckFailed, Subject, check
from lvmctl.testing.inputs.splits import textlike

DIM = 16
SHAPES = ((3, 1), (1, 1), (5, 2))
"""Contexts and horizons that are tried."""

COUNTS = (1, 4)
"""What losses may ask for."""

Call = Callable[[], np.ndarray]


def calls(subject: Subject) -> Iterator[tuple[str, dict[str, int], Windows, Call]]:
    """What the field is called with: a name for a reader, what its letters are, the windows, and
    the call itself, always with the same draws."""
    make = field_maker(subject.registry.resolve(subject.entry))
    for context, horizon in SHAPES:
        windows = Windows(textlike(dim=DIM), context, horizon)
        for size in (8, 1):
            index = np.linspace(0, len(windows) - 1, size).astype(int)
            for count in COUNTS:
                said = f"{size} windows of {context} chunks, horizon {horizon}, count {count}"
                letters = {"B": size, "K": context, "D": DIM, "count": count}
                yield (
                    said,
                    letters,
                    windows,
                    lambda w=windows, i=index, n=count: make(w, i, n, np.random.default_rng(0)),
                )


@check
def has_its_shape(subject: Subject) -> str:
    """It gives finite numbers, or booleans, in the shape that the record says."""
    field: BatchFieldSpec = subject.record
    places = [place for place in field.shape.strip("()").replace(" ", "").split(",") if place]
    for said, letters, _, call in calls(subject):
        wanted = tuple(
            int(place) if place.isdigit() else letters.get(place, letters["count"])
            for place in places
        )
        found = call()
        if found.dtype.kind not in "biuf":
            raise CheckFailed(f"for {said} it gives {found.dtype}, which no tensor holds")
        if found.shape != wanted:
            raise CheckFailed(
                f"for {said} it gives {found.shape}, not {wanted}, which is {field.shape}"
            )
        if not np.isfinite(found).all():
            raise CheckFailed(f"for {said} not all of it is finite")
    return f"{found.dtype} {field.shape}"


@check
def draws_from_the_generator_it_is_given(subject: Subject) -> None:
    """The same windows and the same generator give the same values, so that a run can be
    resumed."""
    for said, _, _, call in calls(subject):
        if not np.array_equal(call(), call()):
            raise CheckFailed(f"for {said} it gives other values when it is asked again")


@check
def leaves_the_windows(subject: Subject) -> None:
    """The windows and the chunks are as they were after the field is made of them."""
    for said, _, windows, call in calls(subject):
        vectors, rows = windows.split.vectors.copy(), windows.rows.copy()
        call()
        if not (np.array_equal(vectors, windows.split.vectors) and (rows == windows.rows).all()):
            raise CheckFailed(f"for {said} it changes the windows in place")


CHECKS: tuple[Check, ...] = (
    has_its_shape,
    draws_from_the_generator_it_is_given,
    leaves_the_windows,
)
