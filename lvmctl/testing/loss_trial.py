"""A loss that is tried: built, and called on random batches as training calls it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields
from typing import Any

import torch
from torch import Tensor, nn

from lvmctl.core.batch import Batch, Prediction, Step
from lvmctl.core.errors import out_of_memory
from lvmctl.nn.loss_value import LossValue
from lvmctl.nn.objective import COUNTED
from lvmctl.plan import PlannedPart, batch_fields
from lvmctl.registry.specs import Shape
from lvmctl.testing.check import CheckFailed, Skipped, Subject
from lvmctl.testing.contexts import SHAPE, seeded
from lvmctl.testing.samples import constant_prediction, random_batch, random_prediction

KINDS = {"ordinary": 0.5, "identical": 1.0, "opposite": -1.0, "orthogonal": 0.0, "copied": None}
"""Predictions that every loss meets, by cos(q, target); a copied one is the newest chunk."""

FIRST = Step(epoch=1, index=0, epochs=20, steps_per_epoch=4)
STEPS = (FIRST, Step(3, 2, 20, 4), Step(20, 3, 20, 4))
"""The first step of a training, one of its early epochs, and the last."""

OPTIONAL = tuple(f.name for f in fields(Prediction) if f.name not in ("q", "extras"))
"""Fields of a prediction that a model may leave out. Other names are those of its extras."""


class Trial:
    """A loss and the inputs it is tried on.

    Every call starts from the loss's first state and the same state of torch's generator, and gets
    copies of its inputs, so that no rule sees what another one is there to find. Skipped where it
    cannot be built, which is the business of a rule of its own.

    Attributes:
        loss: the module.
        read: prediction fields and extras that the record says it reads, q among them.
        counts: how many negatives and rollout steps it asks for, and of a plugin's fields.
        fields: targets of the batch fields of plugins that it reads, by name.
        state: where every call starts from.
    """

    def __init__(self, subject: Subject, shape: Shape = SHAPE) -> None:
        self.record, self.shape = subject.record, shape
        self.part = PlannedPart(subject.entry, subject.options)
        try:
            self.loss: nn.Module = built(subject, shape)
        except Exception as error:
            if out_of_memory(error):
                raise
            raise Skipped("it cannot be built") from error
        if fault := misbuilt(self.loss):
            raise Skipped(fault)
        self.read = ("q", *dict.fromkeys(self.record.needs_prediction))
        self.fields = fields_of(subject)
        self.counts = {name: getattr(self.loss, name, 0) for name in (*COUNTED, *self.fields)}
        self.state = {name: value.clone() for name, value in self.loss.state_dict().items()}

    def batch(self, seed: int = 0, size: int = 8, more: int = 0) -> Batch:
        """A random batch with all that it may read, and ``more`` of what comes in a number."""
        counts = {name: count + more for name, count in self.counts.items()}
        dim, k, horizon = self.shape.dim, self.shape.context_length, self.shape.horizon
        return random_batch(size, dim, k, horizon=horizon, seed=seed, fields=self.fields, **counts)

    def example(
        self, seed: int = 0, size: int = 8, kind: str = "ordinary"
    ) -> tuple[Prediction, Batch]:
        """A prediction of one of :data:`KINDS` and the batch it is for, both with every field."""
        batch = self.batch(seed, size)
        if kind == "copied":
            prediction = constant_prediction(batch.last, batch)
        else:
            prediction = random_prediction(batch, KINDS[kind], seed)
        return prediction_of(self.parts(prediction)), batch

    def __call__(self, prediction: Prediction, batch: Batch, step: Step = FIRST) -> LossValue:
        """What the loss gives, without gradient; TypeError for what is no output of a loss."""
        with torch.no_grad():
            return self._call(prediction, batch, step)

    def parts(self, prediction: Prediction) -> dict[str, Tensor]:
        """:func:`parts_of` a prediction, with values in (0, 1) for the extras that the loss reads:
        only a model knows what it says."""
        values = torch.linspace(0.1, 0.9, len(prediction.q))
        extras = [name for name in self.read if name not in ("q", *OPTIONAL)]
        return dict.fromkeys(extras, values) | parts_of(prediction)

    def total(self, prediction: Prediction, batch: Batch) -> float:
        """The value that training minimises, where all windows count alike."""
        return float(self(prediction, batch).total)

    def gradients(
        self,
        prediction: Prediction,
        batch: Batch,
        step: Step = FIRST,
        bf16: bool = False,
        weight: Tensor | None = None,
    ) -> tuple[LossValue, dict[str, Tensor]]:
        """The output, and the total's gradient by prediction field and by ``loss.PARAMETER``.

        Zero where the total does not depend on something. The fields are those the record names.

        Args:
            bf16: compute as a training with ``precision=bf16`` does: the forward pass alone is
                under autocast.
            weight: (B,) of the windows, as sample gates give them; None is 1 for all.
        """
        parts = self.parts(prediction)
        leaves = {
            name: parts[name].detach().clone().requires_grad_()
            for name in self.read
            if name in parts
        }
        parameters = self.loss.named_parameters()
        over = leaves | {f"loss.{name}": p for name, p in parameters if p.requires_grad}
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=bf16):
            output = self._call(prediction_of(parts | leaves), batch, step, weight)
        gradients: Sequence[Tensor | None] = [None] * len(over)
        if output.total.requires_grad:
            gradients = torch.autograd.grad(output.total, list(over.values()), allow_unused=True)
        return output, {
            name: torch.zeros_like(value) if gradient is None else gradient
            for (name, value), gradient in zip(over.items(), gradients)
        }

    def _call(
        self, prediction: Prediction, batch: Batch, step: Step, weight: Tensor | None = None
    ) -> LossValue:
        self.loss.load_state_dict(self.state)
        copies = {name: value.clone() for name, value in self.parts(prediction).items()}
        with seeded(0):
            output = self.loss(prediction_of(copies), copied(batch), step)
        return LossValue.of(self.part, output, len(prediction.q), weight)


def fields_of(subject: Subject) -> dict[str, Callable[..., Any]]:
    """Targets of the batch fields of plugins that the record reads, by name; those that there are
    not are another rule's business."""
    registry, part = subject.registry, PlannedPart(subject.entry, subject.options)
    entries = batch_fields(registry, [part], problems=[])
    return {name: registry.resolve(entry) for name, entry in entries.items()}


def require_fields(subject: Subject) -> None:
    """CheckFailed where the record names a batch field that there is not."""
    problems: list[str] = []
    batch_fields(subject.registry, [PlannedPart(subject.entry, subject.options)], problems)
    if problems:
        raise CheckFailed("; ".join(problems))


def parts_of(prediction: Prediction) -> dict[str, Tensor]:
    """The fields that a prediction has and its extras, by name."""
    fields = {name: getattr(prediction, name) for name in ("q", *OPTIONAL)}
    return {name: v for name, v in fields.items() if v is not None} | prediction.extras


def prediction_of(parts: Mapping[str, Tensor]) -> Prediction:
    """The prediction of these fields; other names are extras."""
    fields = {name: value for name, value in parts.items() if name in ("q", *OPTIONAL)}
    return Prediction(**fields, extras={name: parts[name] for name in parts if name not in fields})


def copied(batch: Batch) -> Batch:
    """The same values in tensors of their own."""
    return batch.having(**{name: getattr(batch, name).clone() for name in batch})


def built(subject: Subject, shape: Shape = SHAPE, seed: int = 0) -> Any:
    """The loss with the weights of a seed; torch's own generator is left as it was."""
    with seeded(seed):
        return subject.build(shape=shape)


def misbuilt(loss: Any) -> str | None:
    """What is wrong with what the target built, None where nothing is."""
    if not isinstance(loss, nn.Module):
        return f"the target builds a {type(loss).__name__}, not a torch.nn.Module"
    for name in COUNTED:
        count = getattr(loss, name, 0)
        if type(count) is not int or count < 0:
            return f"its attribute {name!r} is {count!r}, not a whole number ≥ 0"
    return None


def working(subject: Subject) -> Trial:
    """A trial of a loss that can be built and called, and whose output has the right form; Skipped
    for others, which are the business of rules of their own."""
    trial = Trial(subject)
    try:
        trial(*trial.example())
    except Exception as error:
        if out_of_memory(error):
            raise
        raise Skipped(f"it failed with {type(error).__name__} on an ordinary batch") from error
    return trial


def deterministic(subject: Subject) -> Trial:
    """A :func:`working` trial of a loss that gives the same twice."""
    trial = working(subject)
    example = trial.example()
    for step in STEPS:
        if difference(trial(*example, step), trial(*example, step)):
            raise Skipped("it is not deterministic")
    return trial


def values(output: LossValue) -> dict[str, Tensor]:
    """Total, terms and metrics under names for a reader."""
    terms = {f"term {name}": value for name, value in output.terms.items()}
    metrics = {f"metric {name}": value for name, value in output.metrics.items()}
    return {"total": output.total, **terms, **metrics}


def difference(first: LossValue, second: LossValue, tolerance: float = 0.0) -> str | None:
    """What differs between two outputs by more than a share ``tolerance``, the total first; None
    where nothing does."""
    before, after = values(first), values(second)
    if before.keys() != after.keys():
        return f"{', '.join(before)} became {', '.join(after)}"
    for name in before:
        was, now = before[name].double().flatten(), after[name].double().flatten()
        if was.shape != now.shape:
            return f"its {name} had {len(was)} values and has {len(now)}"
        apart = ~torch.isclose(was, now, rtol=tolerance, atol=0.0, equal_nan=True)
        if apart.any():
            return f"its {name} was {was[apart][0]:.6g} and became {now[apart][0]:.6g}"
    return None


def listed(names: Sequence[str]) -> str:
    """``a``, ``a and b``, ``a, b and c``."""
    *most, last = names
    return f"{', '.join(most)} and {last}" if most else last
