"""Which training windows an epoch visits, and in which order."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from lvmctl.core.errors import DataError
from lvmctl.data import Windows
from lvmctl.data.sampling import epoch_order
from lvmctl.plan import PlannedPart
from lvmctl.registry import Registry
from lvmctl.registry.build import build
from lvmctl.registry.faults import attribute_errors


class Curriculum:
    """The windows that every ``select`` gate of a recipe selects; all where there is none.

    Args:
        registry: resolves the gates.
        parts: the gates.
        windows: the training windows.
        seed: seed of the order.
    """

    def __init__(
        self, registry: Registry, parts: Sequence[PlannedPart], windows: Windows, seed: int
    ) -> None:
        self.parts, self.windows, self.seed = tuple(parts), windows, seed
        self.gates = [build(registry, part.entry, options=part.options) for part in self.parts]

    def order(self, epoch: int) -> np.ndarray:
        """The windows of an epoch as it visits them, (W',) int64: a function of seed and epoch.

        Raises:
            DataError: there are none.
            PluginError: a gate fails, or returns anything else than (W,) bool.
        """
        order = epoch_order(len(self.windows), self.seed, epoch)
        selected = np.ones(len(order), dtype=bool)
        for part, gate in zip(self.parts, self.gates):
            with attribute_errors(part.entry):
                chosen = np.asarray(gate(self.windows, epoch))
                if chosen.dtype != bool or chosen.shape != selected.shape:
                    returned = f"{chosen.dtype} {chosen.shape}"
                    raise TypeError(f"a select gate returns bool {selected.shape}, not {returned}")
            selected &= chosen
        if not selected.any():
            raise DataError(
                f"no training window is selected for epoch {epoch}",
                where=", ".join(part.entry.qualified for part in self.parts),
                hint="select more of them, or train on more",
            )
        return order[selected[order]]
