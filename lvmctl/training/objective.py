"""The training loss: a weighted sum of losses, with every term logged by name."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from lvmctl.batch import Batch, LossOutput, Prediction, Step
from lvmctl.plan import PlannedPart
from lvmctl.registry import Registry
from lvmctl.registry.blame import blame
from lvmctl.spec import Shape


class Objective(nn.Module):
    """Weighted sum of the totals of several losses.

    Args:
        registry: resolves the losses.
        parts: which losses, with their options and weights.
        shape: what they are built for.
    """

    def __init__(self, registry: Registry, parts: Sequence[PlannedPart], shape: Shape) -> None:
        super().__init__()
        self.parts = tuple(parts)
        self.losses = nn.ModuleList()
        self.logged: list[list[str] | None] = [None] * len(parts)
        for part in parts:
            make = registry.resolve(part.entry)
            with blame(part.entry):
                self.losses.append(make(part.options, shape))

    def asks(self, attribute: str) -> int:
        """The largest count any loss asks for: ``negatives`` or ``order_pairs`` per window."""
        return max((getattr(loss, attribute, 0) for loss in self.losses), default=0)

    def forward(
        self, prediction: Prediction, batch: Batch, step: Step
    ) -> tuple[Tensor, dict[str, Tensor]]:
        """The total, and detached scalars: ``loss``, ``loss_<term>``, metrics, α's entropy."""
        total: Tensor | float = 0.0
        values: dict[str, Tensor] = {}
        for number, (part, loss) in enumerate(zip(self.parts, self.losses)):
            record = part.entry.record
            with blame(part.entry):
                output = loss(prediction, batch.only(record.needs, f"loss {record.name}"), step)
                named = self.checked(number, output)
            total = total + part.weight * output.total
            for name, value in named.items():
                values[name if name not in values else f"{part.entry.qualified}.{name}"] = value
        if prediction.weights is not None:
            entropy = torch.special.entr(prediction.weights.detach()).sum(-1).mean()
            values["alpha_entropy"] = entropy
        if prediction.anchor_lambda is not None:
            values["anchor_lambda"] = prediction.anchor_lambda
        return total, {"loss": total.detach()} | {k: v.detach() for k, v in values.items()}

    def checked(self, number: int, output: LossOutput) -> dict[str, Tensor]:
        """What loss ``number`` logs, by name, after a look at its output's form."""
        if not isinstance(output, LossOutput):
            raise TypeError(f"a loss returns a LossOutput, this is {type(output).__name__}")
        named = {f"loss_{name}": term for name, term in output.terms.items()} | output.metrics
        for name, value in {"total": output.total, **named}.items():
            if not isinstance(value, Tensor) or value.dim():
                raise TypeError(f"{name} is not a scalar tensor: {str(value)[:60]}")
        before = self.logged[number] = self.logged[number] or list(named)
        if list(named) != before:
            raise ValueError(f"it logs {list(named)} now and {before} before")
        return named


class Means:
    """Running means of named scalars, weighted by windows, without waiting for the device."""

    def __init__(self, names: Sequence[str] = (), sums: Tensor | None = None, windows: int = 0):
        self.names, self.sums, self.windows = list(names), sums, windows

    def add(self, values: dict[str, Tensor], windows: int) -> None:
        """Count ``values`` as the means over ``windows`` windows."""
        here = torch.stack([value.float() for value in values.values()])
        here = (here if here.device.type == "mps" else here.double()) * windows
        self.names = list(values)
        self.sums = here if self.sums is None else self.sums + here
        self.windows += windows

    def result(self) -> dict[str, float]:
        """The means so far; empty when nothing was counted."""
        if self.sums is None:
            return {}
        return dict(zip(self.names, (self.sums / self.windows).tolist()))

    def state(self) -> dict:
        """For a checkpoint; ``Means(**state)`` continues."""
        return {"names": self.names, "sums": self.sums, "windows": self.windows}
