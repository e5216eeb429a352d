"""The training loss: a weighted sum of losses, with every term logged by name."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import torch
from torch import Tensor, nn

from lvmctl.core.batch import Batch, LossOutput, Prediction, Step
from lvmctl.nn.listwise_scores import score_list
from lvmctl.nn.rollout import roll_out
from lvmctl.plan import Plan, PlannedPart
from lvmctl.registry import Registry
from lvmctl.registry.faults import attribute_errors
from lvmctl.registry.specs import Shape
from lvmctl.sphere import centroid, cosine, unit

COUNTED = ("negatives", "order_pairs", "rollout")
"""Batch fields that come in the number the losses ask for, as attributes of these names."""


class Objective(nn.Module):
    """Weighted sum of the totals of several losses.

    Args:
        registry: resolves the losses and the sample gates.
        plan: which they are, with their options and weights.
        shape: what they are built for.
    """

    def __init__(self, registry: Registry, plan: Plan, shape: Shape) -> None:
        super().__init__()
        self.parts, self.sample = plan.losses, plan.sample
        self.losses = nn.ModuleList()
        self.logged: list[list[str] | None] = [None] * len(self.parts)
        for part in self.parts:
            make = registry.resolve(part.entry)
            with attribute_errors(part.entry):
                self.losses.append(make(part.options, shape))
        self.gates = []
        for part in self.sample:
            make = registry.resolve(part.entry)
            with attribute_errors(part.entry):
                self.gates.append(make(part.options))

    def asks(self, attribute: str, epoch: int | None = None) -> int:
        """The largest count any loss asks for, of one of :data:`COUNTED`.

        With an epoch, only the losses that have a weight in it are asked.
        """
        return max((getattr(loss, attribute, 0) for _, loss in self.active(epoch)), default=0)

    def reads(self, name: str, epoch: int) -> bool:
        """Whether a loss that has a weight in ``epoch`` reads this field of the prediction."""
        return any(name in part.entry.record.needs_prediction for part, _ in self.active(epoch))

    def active(self, epoch: int | None) -> list[tuple[PlannedPart, nn.Module]]:
        """The losses that have a weight in ``epoch``; all of them without one."""
        both = zip(self.parts, self.losses)
        return [each for each in both if epoch is None or not each[0].weight.is_zero(epoch)]

    def predict(self, model: nn.Module, batch: Batch, step: Step) -> Prediction:
        """What ``model`` predicts for a batch, with the rollout and the scores that the losses of
        ``step`` ask for."""
        prediction = model(batch.context)
        if steps := self.asks("rollout", step.epoch):
            rollout = roll_out(model, batch.context, prediction.q, steps)
            prediction = replace(prediction, rollout=rollout)
        if self.reads("scores", step.epoch):
            prediction = replace(prediction, scores=score_list(model, batch))
        return prediction

    def forward(
        self, prediction: Prediction, batch: Batch, step: Step
    ) -> tuple[Tensor, dict[str, Tensor]]:
        """The total, and detached scalars: ``loss``, ``loss_<term>``, metrics, what gates and
        geometry add."""
        if self.sample:
            batch = batch.having(weight=self.weight(batch))
        total: Tensor | float = 0.0
        values: dict[str, Tensor] = {}
        for number, (part, loss) in enumerate(zip(self.parts, self.losses)):
            if part.weight.is_zero(step.epoch):
                continue
            record = part.entry.record
            with attribute_errors(part.entry):
                output = loss(prediction, batch.only(record.needs, f"loss {record.name}"), step)
                named = self.checked(number, output)
            total = total + part.weight.at(step) * output.total
            before = f"{part.entry.qualified}." if part.added else ""
            values |= {f"{before}{name}": value for name, value in named.items()}
        if self.sample:
            values["gate_weight_mean"] = batch.weight.mean()
        values |= observed(prediction, batch)
        return total, {"loss": total.detach()} | {k: v.detach() for k, v in values.items()}

    def weight(self, batch: Batch) -> Tensor:
        """(B,) the product of the sample gates' weights."""
        weight = batch.context.new_ones(len(batch.context))
        for part, gate in zip(self.sample, self.gates):
            record = part.entry.record
            with attribute_errors(part.entry):
                given = gate(batch.only(record.needs, f"gate {record.name}"))
                if not isinstance(given, Tensor) or given.shape != weight.shape:
                    raise TypeError(f"a sample gate returns {len(weight)} weights, not {given!r}")
                weight = weight * given
        return weight

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


def told(model: nn.Module, step: Step) -> None:
    """Tell a model that wants to know where training stands."""
    if at := getattr(model, "at", None):
        at(step)


def observed(prediction: Prediction, batch: Batch) -> dict[str, Tensor]:
    """What a prediction tells about the model: α's entropy, λ, and ρ before anchoring."""
    values = {}
    if prediction.weights is not None:
        values["alpha_entropy"] = torch.special.entr(prediction.weights.detach()).sum(-1).mean()
    if prediction.anchor_lambda is not None:
        values["anchor_lambda"] = prediction.anchor_lambda
        if prediction.raw is not None:
            rho = cosine(unit(prediction.raw.detach()), centroid(batch.context))
            values["raw_anchor_cosine"] = rho.mean()
    return values


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
