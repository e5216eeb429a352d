"""The forward pass with its losses: training, validation, evaluation and diagnosis all use it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import reduce
from types import MappingProxyType
from typing import Any

import torch
from torch import Tensor, nn

from lvmctl.core.batch import Batch, Pool, Prediction, Step, bare_name
from lvmctl.data.batches import BatchBuilder
from lvmctl.data.fields import FieldMaker, build_field
from lvmctl.data.windows import Windows
from lvmctl.nn.loss_value import LossValue
from lvmctl.plan import ONE, PlannedPart, batch_fields
from lvmctl.registry import Registry
from lvmctl.registry.build import build
from lvmctl.registry.faults import attribute_errors
from lvmctl.registry.specs import Shape

COUNTED = ("negatives", "rollout")
"""Core's fields that come in the number the losses ask for, as attributes of these names; fields of
plugins do so by their own."""


class Objective(nn.Module):
    """The losses of a recipe with its sample gates; called, it is the scalar that training
    minimises.

    Args:
        parts: which losses, with their weights.
        losses: the losses themselves.
        sample: which sample gates.
        gates: the gates themselves.
        fields: makers of the batch fields of plugins that they read, by name.
        reads: what the model reads of chunks beside their vectors.
        q_reads: whether its q is made from that, too.
    """

    def __init__(
        self,
        parts: Sequence[PlannedPart],
        losses: Iterable[nn.Module],
        sample: Sequence[PlannedPart] = (),
        gates: Sequence[Callable[[Batch], Tensor]] = (),
        fields: Mapping[str, FieldMaker] = MappingProxyType({}),
        reads: tuple[str, ...] = (),
        q_reads: bool = False,
    ) -> None:
        super().__init__()
        self.reads, self.q_reads = reads, q_reads
        self.parts, self.losses = tuple(parts), nn.ModuleList(losses)
        self.sample, self.gates = tuple(sample), tuple(gates)
        self.fields = dict(fields)
        self.names: list[tuple[str, ...] | None] = [None] * len(self.parts)

    @classmethod
    def of(
        cls,
        registry: Registry,
        parts: Sequence[PlannedPart],
        sample: Sequence[PlannedPart],
        shape: Shape,
        reads: tuple[str, ...] = (),
        q_reads: bool = False,
    ) -> Objective:
        """The losses ``parts`` and the gates ``sample``, built for ``shape`` and a model that
        ``reads`` this of chunks beside their vectors, for its q too if ``q_reads``.

        Raises:
            PluginError: one of them cannot be built.
        """
        losses = []
        for part in parts:
            loss = build(registry, part.entry, options=part.options, shape=shape)
            with attribute_errors(part.entry):
                if not isinstance(loss, nn.Module):
                    raise TypeError(f"a loss is a torch.nn.Module, this is {type(loss).__name__}")
            losses.append(loss)
        gates = [build(registry, part.entry, options=part.options) for part in sample]
        entries = batch_fields(registry, (*parts, *sample))
        fields = {name: build_field(registry, entry) for name, entry in entries.items()}
        return cls(parts, losses, sample, gates, fields, reads, q_reads)

    def alone(self, numbers: Iterable[int]) -> Objective:
        """Those of its losses, at weight 1 throughout and without sample gates."""
        numbers = list(numbers)
        parts = [replace(self.parts[n], weight=ONE) for n in numbers]
        losses = [self.losses[n] for n in numbers]
        return Objective(parts, losses, fields=self.fields, reads=self.reads, q_reads=self.q_reads)

    def batches(self, windows: Windows, **settings: Any) -> BatchBuilder:
        """Builds the batches of ``windows`` that the losses and gates read.

        Args:
            settings: ``seed``, ``device`` and ``share`` of the builder.
        """
        parts = (*self.parts, *self.sample)
        needs = {bare_name(name) for part in parts for name in part.entry.record.needs}
        fields = {name: make for name, make in self.fields.items() if name in needs}
        counts = {name: self.asks(name) for name in (*COUNTED, *fields)}
        settings |= {"reads": self.reads, "ranked": any(map(reads_scores, self.parts))}
        return BatchBuilder(windows, needs, fields=fields, **counts, **settings)

    def asks(self, attribute: str, epoch: int | None = None) -> int:
        """The largest count any loss asks for, of one of :data:`COUNTED` or of a plugin's field.

        With an epoch, only the losses that have a weight in it are asked.
        """
        counts = (getattr(self.losses[n], attribute, 0) for n in self.active(epoch))
        return max(counts, default=0)

    def active(self, epoch: int | None) -> list[int]:
        """Numbers of the losses that have a weight in ``epoch``; of all of them without one."""
        every = enumerate(self.parts)
        return [n for n, part in every if epoch is None or not part.weight.is_zero(epoch)]

    def predict(self, model: nn.Module, batch: Batch, step: Step) -> Prediction:
        """What ``model`` predicts for a batch, with all that the losses of ``step`` read of it."""
        window = (batch.ranked[0],) if self.q_reads and batch.ranked else ()
        return self.complete(model(batch.context, *window), model, batch, step)

    def complete(
        self, prediction: Prediction, model: nn.Module, batch: Batch, step: Step
    ) -> Prediction:
        """``prediction`` with the rollout and the scores that the losses of ``step`` read."""
        if steps := self.asks("rollout", step.epoch):
            rollout = roll_out(model, batch.context, prediction.q, steps)
            prediction = replace(prediction, rollout=rollout)
        if any(reads_scores(self.parts[n]) for n in self.active(step.epoch)):
            prediction = replace(prediction, scores=score_list(model, batch))
        return prediction

    def forward(
        self, prediction: Prediction, batch: Batch, step: Step
    ) -> tuple[Tensor, dict[str, Tensor]]:
        """The total, and detached scalars: ``loss``, ``loss_<term>``, metrics, and what gates and
        the model add."""
        weight = self.weight(batch)
        total: Tensor | float = 0.0
        logged: dict[str, Tensor] = {}
        for value in self.measure(prediction, batch, step, weight):
            total = total + value.part.weight.at(step) * value.total
            logged |= value.logged()
        if weight is not None:
            logged["gate_weight_mean"] = weight.mean()
        logged |= observed(prediction)
        return total, {"loss": total.detach()} | {k: v.detach() for k, v in logged.items()}

    def measure(
        self, prediction: Prediction, batch: Batch, step: Step, weight: Tensor | None = None
    ) -> list[LossValue]:
        """What each loss that has a weight in the epoch of ``step`` says of a batch.

        Args:
            prediction: completed, see :meth:`complete`.
            batch: of :meth:`batches`.
            step: where training stands.
            weight: (B,) of the windows, see :meth:`weight`; None where all count alike.
        """
        values = []
        for number in self.active(step.epoch):
            part, loss = self.parts[number], self.losses[number]
            record = part.entry.record
            with attribute_errors(part.entry):
                output = loss(prediction, batch.only(record.needs, f"loss {record.name}"), step)
                value = LossValue.of(part, output, len(prediction.q), weight)
                self.check_names(number, value)
            values.append(value)
        return values

    def weight(self, batch: Batch) -> Tensor | None:
        """(B,) the product of the sample gates' weights; None without gates."""
        return reduce(torch.mul, self.gate_weights(batch)) if self.sample else None

    def gate_weights(self, batch: Batch) -> list[Tensor]:
        """(B,) the weights of each sample gate."""
        weights = []
        for part, gate in zip(self.sample, self.gates):
            record = part.entry.record
            with attribute_errors(part.entry):
                weight = gate(batch.only(record.needs, f"gate {record.name}"))
                if not isinstance(weight, Tensor) or weight.shape != batch.context.shape[:1]:
                    raise TypeError(
                        f"a sample gate returns {len(batch.context)} weights, not {weight!r}"
                    )
            weights.append(weight)
        return weights

    def check_names(self, number: int, value: LossValue) -> None:
        """What a loss logs has to have the same names at every step."""
        names = (*value.terms, *value.metrics)
        before = self.names[number] = self.names[number] or names
        if names != before:
            raise ValueError(f"it gives {', '.join(names)} now and {', '.join(before)} before")


def reads_scores(part: PlannedPart) -> bool:
    """Whether a loss reads what the model's own ``score`` gives."""
    return "scores" in part.entry.record.needs_prediction


def roll_out(model: nn.Module, context: Tensor, q: Tensor, steps: int) -> Tensor:
    """Feed predictions back: each context (B, K, D) drops its oldest chunk and takes q (B, D), the
    first step, as its newest.

    Returns:
        (B, R, D) unit vectors; step r came from a context with r - 1 predictions in it.
    """
    predictions = [q]
    while len(predictions) < steps:
        context = torch.cat([context[:, 1:], predictions[-1][:, None].to(context)], dim=1)
        predictions.append(model(context).q)
    return torch.stack(predictions, dim=1)


def score_list(model: nn.Module, batch: Batch) -> Tensor:
    """What ``model.score`` gives the target and the negatives of each context, with gradient:
    (B, 1 + M), the target's score first; of a negative that is not real, any number.
    """
    vectors = torch.cat([batch.target[:, None], batch.negatives], dim=1)
    mask = batch.negative_mask
    candidates = torch.cat([mask.new_ones(len(mask), 1), mask], dim=1)
    article = batch.article if model.training else None
    pool = Pool(vectors, candidates, article, *(batch.ranked or ()))
    return model.score(batch.context, pool)


def set_step(model: nn.Module, step: Step) -> None:
    """Tell a model that has ``at`` where training stands."""
    if at := getattr(model, "at", None):
        at(step)


def observed(prediction: Prediction) -> dict[str, Tensor]:
    """What a prediction tells about the model: α's entropy, and the means of its extras."""
    values = {name: value.detach().float().mean() for name, value in prediction.extras.items()}
    if prediction.weights is not None:
        values["alpha_entropy"] = torch.special.entr(prediction.weights.detach()).sum(-1).mean()
    return values


class Means:
    """Running means of named scalars, weighted by windows, without waiting for the device."""

    def __init__(self, names: Sequence[str] = (), sums: Tensor | None = None, windows: int = 0):
        self.names, self.sums, self.windows = list(names), sums, windows

    def add(self, values: dict[str, Tensor], windows: int) -> None:
        """Count ``values`` as the means over ``windows`` windows."""
        sums = torch.stack([value.float() for value in values.values()])
        sums = (sums if sums.device.type == "mps" else sums.double()) * windows
        self.names = list(values)
        self.sums = sums if self.sums is None else self.sums + sums
        self.windows += windows

    def result(self) -> dict[str, float]:
        """The means so far; empty when nothing was counted."""
        if self.sums is None:
            return {}
        return dict(zip(self.names, (self.sums / self.windows).tolist()))

    def state(self) -> dict:
        """For a checkpoint; ``Means(**state)`` continues."""
        return {"names": self.names, "sums": self.sums, "windows": self.windows}
