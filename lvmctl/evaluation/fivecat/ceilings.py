"""The largest margin that any model of a class can have (METHODS §2.7)."""

from __future__ import annotations

import numpy as np
import torch

from lvmctl.data.windows import Windows
from lvmctl.evaluation.per_window import Column, Columns
from lvmctl.registry.specs import Geometry
from lvmctl.sphere import largest_margin

BATCH = 1024


def margin_ceilings(windows: Windows, geometry: Geometry) -> Columns:
    """``margin.P`` for each named previous: the largest q·(y - p) over all q of a class.

    They see the target, window by window, and each is reached at the cost of the others and of
    the cosine.
    """
    every = np.arange(len(windows))
    counted = {"last": every, "unseen": every[windows.position >= windows.horizon]}
    if windows.context_length >= 2:
        counted["second_last"] = every
    found = {}
    for name, rows in counted.items():
        values = np.empty(len(rows))
        for low in range(0, len(rows), BATCH):
            here = rows[low : low + BATCH]
            chunks = windows.context(here), windows.target(here), windows.previous(name, here)
            best = largest_margin(geometry, *map(torch.from_numpy, chunks))
            values[low : low + BATCH] = best.double().numpy()
        if len(rows):
            found[f"margin.{name}"] = Column(values, rows)
    return found
