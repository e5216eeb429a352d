"""A loss on a batch: its values by window, and their means."""

from __future__ import annotations

from functools import reduce
from operator import add
from typing import Any, NamedTuple

from torch import Tensor

from lvmctl.core.batch import LossOutput
from lvmctl.plan import PlannedPart


class LossValue(NamedTuple):
    """One loss on a batch.

    Attributes:
        part: the loss in the plan.
        terms: by name, (B,) one value per window, or () for what has no windows.
        metrics: by name, likewise; logged and not minimised.
        means: the terms' means (), over windows with the weights that sample gates give them.
    """

    part: PlannedPart
    terms: dict[str, Tensor]
    metrics: dict[str, Tensor]
    means: dict[str, Tensor]

    @classmethod
    def of(
        cls,
        part: PlannedPart,
        output: LossOutput | Tensor,
        windows: int,
        weight: Tensor | None = None,
    ) -> LossValue:
        """From what a loss returned for ``windows`` windows.

        Raises:
            TypeError: it has another form.
        """
        output = loss_output(output, part.entry.name, windows)
        means = {name: mean(term, weight) for name, term in output.terms.items()}
        return cls(part, output.terms, output.metrics, means)

    @property
    def total(self) -> Tensor:
        """The sum of the means, (), before the recipe's weight."""
        return reduce(add, self.means.values())

    def logged(self) -> dict[str, Tensor]:
        """What the history shows: scalars.

        Those of a loss that was added to the recipe are named after it.
        """
        named = {f"loss_{name}": value for name, value in self.means.items()}
        named |= {name: mean(value) for name, value in self.metrics.items()}
        before = f"{self.part.entry.qualified}." if self.part.added else ""
        return {f"{before}{name}": value for name, value in named.items()}


def loss_output(output: LossOutput | Tensor, name: str, windows: int) -> LossOutput:
    """What a loss returned, as a LossOutput; a bare tensor is the term ``name``.

    Raises:
        TypeError: it is not what a loss returns for ``windows`` windows.
    """
    if isinstance(output, Tensor):
        if output.shape != (windows,):
            raise TypeError(
                f"a loss returns one value per window, ({windows},), and not their mean; "
                f"this is {tuple(output.shape)}"
            )
        return LossOutput({name: output})
    if not isinstance(output, LossOutput):
        raise TypeError(f"a loss returns a tensor or a LossOutput, this is {kind(output)}")
    if not output.terms:
        raise TypeError("its LossOutput has no term, so there is nothing to minimise")
    for what, values in (("term", output.terms), ("metric", output.metrics)):
        for called, value in values.items():
            if not isinstance(value, Tensor) or value.shape not in ((), (windows,)):
                raise TypeError(f"its {what} {called} is {kind(value)}, not ({windows},) or ()")
    return output


def kind(value: Any) -> str:
    """A tensor's shape, or the type of anything else."""
    return str(tuple(value.shape)) if isinstance(value, Tensor) else type(value).__name__


def mean(values: Tensor, weight: Tensor | None = None) -> Tensor:
    """The mean over windows of (B,) values times their weights; a scalar as it is."""
    if not values.dim():
        return values
    return values.float().mean() if weight is None else (values * weight).mean()
