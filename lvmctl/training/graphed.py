"""Steps that the host does not wait for, so that a GPU can hold a whole one in a CUDA graph.

What a step decides is decided on the device: gradients are always scaled by what clipping leaves of
them, and a step that is not finite is skipped by the optimiser itself. The host looks at what
happened every :data:`LOOK` steps. On a GPU one step of an epoch is recorded and the others of its
shape are replayed; elsewhere the same arithmetic runs step by step.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode

from lvmctl import processes
from lvmctl.core.batch import Batch, Step
from lvmctl.core.errors import PluginError, UsageError, first_line
from lvmctl.nn.objective import set_step
from lvmctl.plan import Plan
from lvmctl.registry.faults import attribute_errors, attribute_errors_among
from lvmctl.training.rate import learning_rate

LOOK = 64
"""Steps between two looks at what happened."""

WARM = 3
"""Steps made one by one before the first is recorded: libraries set themselves up in them."""

ATEN = torch.ops.aten
READ_BACK = {
    ATEN._local_scalar_dense.default,
    ATEN.is_nonzero.default,
    ATEN.equal.default,
    ATEN.nonzero.default,
    ATEN.masked_select.default,
    ATEN.unique_consecutive.default,
    ATEN._unique2.default,
    ATEN.lift_fresh.default,
}
"""What makes the host wait: for a number, for the shape of what comes next, or for a number of its
own to be copied."""


class Watched(Step):
    """A step that remembers whether it was asked for its number within the epoch."""

    __slots__ = ("asked",)

    def __getattribute__(self, name: str) -> Any:
        if name == "index":
            object.__setattr__(self, "asked", True)
        return super().__getattribute__(name)


class ReadBack(TorchDispatchMode):
    """Names the first operation that makes the host wait, in :attr:`name`."""

    name: str | None = None

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        masked = func in (ATEN.index.Tensor, ATEN.index_put_.default) and any(
            index is not None and index.dtype == torch.bool for index in args[1]
        )
        if self.name is None and (func in READ_BACK or masked):
            self.name = str(func)
        return func(*args, **(kwargs or {}))


class Late(NamedTuple):
    """A step that the host has not looked at: names and (n,) values of what it measured, whether it
    was finite, and its windows."""

    now: Step
    names: list[str]
    values: Tensor
    finite: Tensor
    windows: int


class GraphedSteps:
    """The steps of a :class:`~lvmctl.training.loop.Training`, without the host.

    Attributes:
        why_not: why steps of this epoch are not recorded; None where they can be.
    """

    def __init__(self, training: Any) -> None:
        if training.options.graph and (processes.size() > 1 or training.backend.device == "mps"):
            what = "is for one process, on a GPU of CUDA or on a CPU"
            raise UsageError(what, where="graph=true", hint="leave graph out")
        self.training = training
        self.on_gpu = training.backend.device == "cuda"
        self.rate = torch.zeros((), device=training.backend.device)
        self.made, self.late = 0, list[Late]()
        self.why_not: str | None = None
        self.key: tuple[Any, ...] | None = None
        self.graph: Any = None
        self.held: Batch | None = None
        self.output: tuple[dict[str, Tensor], Tensor] | None = None

    def step(self, batch: Batch, now: Step) -> None:
        """One step on a batch; what it measured is kept until :meth:`look`."""
        training = self.training
        with attribute_errors(training.plan.model.entry):
            set_step(training.model, now)
        self.set_rate(learning_rate(training.options, now))
        key = now.epoch, *((name, tensor.shape) for name, tensor in tensors(batch).items())
        if key != self.key:
            self.key, self.graph, self.held, self.why_not = key, None, None, None
            values, finite = self.watched(batch, now)
        elif self.graph is None:
            values, finite = self.record_or_make(batch, now)
        else:
            for name, tensor in tensors(self.held).items():
                tensor.copy_(tensors(batch)[name])
            self.graph.replay()
            values, finite = self.output
        stacked = torch.stack([value.float() for value in values.values()])
        self.late.append(Late(now, [*values], stacked, finite.clone(), len(batch.context)))
        self.made += 1
        if len(self.late) == LOOK:
            self.look()

    def record_or_make(self, batch: Batch, now: Step) -> tuple[dict[str, Tensor], Tensor]:
        """Make a step, and on a GPU record it for those that follow."""
        if self.made < WARM or not self.on_gpu or self.why_not:
            return self.compute(batch, now)
        held = Batch({name: tensor.clone() for name, tensor in tensors(batch).items()})
        graph = torch.cuda.CUDAGraph()
        try:
            with torch.cuda.graph(graph):
                output = self.compute(held, now)
        except RuntimeError as error:
            self.why_not = f"it cannot be recorded ({first_line(error)})"
            return self.compute(batch, now)
        self.graph, self.held, self.output = graph, held, output
        graph.replay()
        return output

    def watched(self, batch: Batch, now: Step) -> tuple[dict[str, Tensor], Tensor]:
        """Make the first step of an epoch, and find out whether it could be recorded."""
        step = Watched(now.epoch, now.index, now.epochs, now.steps_per_epoch)
        with ReadBack() as mode:
            output = self.compute(batch, step)
        if mode.name is not None:
            self.why_not = f"it waits for the device ({mode.name})"
        elif getattr(step, "asked", False):
            self.why_not = "a weight changes from step to step"
        elif batch.ranked is not None:
            self.why_not = "the model is told which chunks it ranks, and may remember them"
        return output

    def compute(self, batch: Batch, now: Step) -> tuple[dict[str, Tensor], Tensor]:
        """Forward, backward and update; what was measured, and whether it was finite."""
        training = self.training
        optimizer, clip = training.optimizer, training.options.clip
        optimizer.zero_grad()
        with training.backend.autocast():
            with attribute_errors(training.plan.model.entry):
                prediction = training.objective.predict(training.model, batch, now)
            total, values = training.objective(prediction, batch, now)
        require_gradient(total, training.plan)
        with attribute_errors_among([part.entry for part in training.plan.parts]):
            total.backward()
        gradients = [p.grad for p in training.parameters if p.grad is not None]
        norm = torch.nn.utils.get_total_norm(gradients)
        finite = torch.isfinite(total.detach() + norm)
        if clip > 0:
            torch.nn.utils.clip_grads_with_norm_(training.parameters, clip, norm)
        optimizer.found_inf = (~finite).float()
        optimizer.step()
        return values, finite

    def set_rate(self, rate: float) -> None:
        """Give the optimiser its learning rate; a graph reads it from the device."""
        groups = self.training.optimizer.param_groups
        if self.on_gpu:
            self.rate.fill_(rate)
            for group in groups:
                group.update(lr=self.rate, capturable=True)
        else:
            for group in groups:
                group["lr"] = rate

    def look(self) -> None:
        """Count and report the steps since the last look; what was not finite was skipped."""
        training, reporter = self.training, self.training.reporter
        late, self.late = self.late, []
        finite = torch.stack([step.finite for step in late]).tolist() if late else []
        for (now, names, values, _, windows), made in zip(late, finite):
            if not made:
                training.skip()
                continue
            training.means.add(dict(zip(names, values)), windows)
            if reporter.every and (training.before + now.index + 1) % reporter.every == 0:
                reporter.values(now, dict(zip(names, values.tolist())))


def require_gradient(total: Tensor | float, plan: Plan) -> None:
    """Refuse losses that training could not minimise, as none of the step has a gradient."""
    if not (isinstance(total, Tensor) and total.requires_grad):
        raise PluginError(
            "no loss of this step has a gradient",
            where=", ".join(part.entry.qualified for part in plan.losses),
            hint="a loss must not detach what it is given",
        )


def tensors(batch: Batch) -> dict[str, Tensor]:
    """The fields of a batch by name."""
    return {name: getattr(batch, name) for name in batch}
