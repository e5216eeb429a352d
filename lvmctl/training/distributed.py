"""One training shared out over processes: each predicts a part of every batch.

All of them compute the losses of the whole batch from the predictions of all. So in-batch
negatives, masks and means are those of one process, whatever a loss reads, and a loss needs to know
nothing of it. Beside the model, losses are cheap. Gradients flow back to a process's own part alone
and are summed (docs/scale.md).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import fields
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from lvmctl import processes
from lvmctl.core.batch import Batch, Prediction, Step
from lvmctl.core.run_directory import RunDirectory
from lvmctl.data.sampling import generator
from lvmctl.nn.objective import Objective
from lvmctl.training.state import generators, restore_rng


class Shared:
    """This process's part in a training; alone it is all of it. A model on a GPU draws there."""

    def __init__(self, seed: int, on_gpu: bool) -> None:
        self.seed, self.on_gpu = seed, on_gpu
        self.flat: Tensor | None = None
        self.draw_anew()

    def draw_anew(self, step: int = 0) -> None:
        """Give this process random numbers of its own from a step on.

        What a model drops out has to differ between the parts of a batch; what losses draw, and the
        weights at the beginning, have to be the same in all processes.
        """
        common = generators(self.on_gpu)
        key = (processes.rank(), step)
        torch.manual_seed(int(generator(self.seed, "process", *key).integers(2**63)))
        self.own = generators(self.on_gpu)
        restore_rng(common)

    @contextmanager
    def own_generators(self) -> Iterator[None]:
        """Draw what this process alone draws."""
        common = generators(self.on_gpu)
        restore_rng(self.own)
        yield
        self.own = generators(self.on_gpu)
        restore_rng(common)

    def predict(
        self, objective: Objective, model: nn.Module, batch: Batch, step: Step
    ) -> Prediction:
        """What ``model`` predicts for a batch, of which it is given this process's windows."""
        if processes.size() == 1:
            return objective.predict(model, batch, step)
        with self.own_generators():
            prediction = objective.predict(model, batch.rows(own_rows(len(batch))), step)
        return whole(prediction, len(batch))

    def sum_gradients(self, model: nn.Module, losses: nn.Module, total: Tensor) -> Tensor:
        """Give all processes the gradients of the whole batch.

        Those of the ``model``'s parameters are summed: each process has what its windows add. Those
        of the ``losses``' own are the first process's, as each has all of them.

        Returns:
            ``total`` (), the same number in all, so that all skip the same steps.
        """
        total = total.detach()
        if processes.size() == 1:
            return total
        parameters = [*model.parameters(), *losses.parameters()]
        added = {*model.parameters()} if processes.rank() else {*parameters}
        has = [p.grad is not None and p in added for p in parameters]
        pieces = [
            (p.grad if there else torch.zeros_like(p)).flatten()
            for p, there in zip(parameters, has)
        ]
        pieces.append(total.new_tensor([float(there) for there in has]))
        pieces.append(total[None] / processes.size())
        self.flat = torch.cat(pieces) if self.flat is None else torch.cat(pieces, out=self.flat)
        summed = processes.sum_over_processes(self.flat).split([len(piece) for piece in pieces])
        for parameter, piece, count in zip(parameters, summed, summed[-2].tolist()):
            if count:
                parameter.grad = piece.view_as(parameter).to(parameter.dtype)
        return summed[-1][0].clone()

    def share_start(self, *modules: nn.Module) -> None:
        """Begin with the first process's weights: on another kind of machine others are drawn."""
        for module in modules:
            for tensor in module.state_dict().values():
                processes.copy_from_first(tensor)

    def state(self) -> dict[str, Any]:
        """For a checkpoint, in all processes at once: what each of several draws next.

        What all draw alike goes on from the first, which alone validates.
        """
        if processes.size() == 1:
            return {}
        restore_rng(processes.from_first(lambda: generators(self.on_gpu)))
        return {"processes": processes.gather(self.own)}

    def load_state(self, state: Mapping[str, Any], step: int) -> None:
        """Go on from :meth:`state`; drawing anew where the processes were fewer or more."""
        saved = state.get("processes", [])
        if len(saved) == processes.size():
            self.own = saved[processes.rank()]
        else:
            self.draw_anew(step)


class ReadOnlyRun(RunDirectory):
    """The run directory in the processes after the first: read, and neither locked nor written."""

    def __enter__(self) -> ReadOnlyRun:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def write(self, path: Any, value: Any) -> None:
        pass

    def update_manifest(self, **values: Any) -> None:
        pass


def run_directory(make: Callable[[], RunDirectory]) -> RunDirectory:
    """The run directory that ``make`` gives in the first process; in the others, to read."""
    made: list[RunDirectory] = []

    def path_of_first() -> Path:
        made.append(make())
        return made[0].path

    path = processes.from_first(path_of_first)
    return made[0] if made else ReadOnlyRun(path)


def own_rows(count: int, rank: int | None = None, size: int | None = None) -> slice:
    """Which windows of a batch of ``count`` are a process's: every size-th, from its rank on.

    A process for which there is none is given the first one, which then counts nowhere.
    """
    rank = processes.rank() if rank is None else rank
    return slice(rank, None, size or processes.size()) if rank < count else slice(0, 1)


class Gather(torch.autograd.Function):
    """The rows of a batch from the processes that have them; gradients go to the own ones.

    Tensors (b, …) of a process's rows → as many tensors (count, …), in one exchange.
    """

    @staticmethod
    def forward(ctx: Any, count: int, *own: Tensor) -> tuple[Tensor, ...]:
        ctx.count, ctx.shapes = count, [tensor.shape for tensor in own]
        bytes_of = [packed(each.reshape(len(each), -1)).view(torch.uint8) for each in own]
        here = len(range(processes.rank(), count, processes.size()))
        rows = torch.cat(bytes_of, dim=1)[:here]
        padded = functional.pad(rows, (0, 0, 0, -(-count // processes.size()) - here))
        every = processes.stack(padded).transpose(0, 1).flatten(0, 1)[:count]
        parts = every.split([part.shape[1] for part in bytes_of], dim=1)
        whole = tuple(
            packed(part).view(each.dtype).view(count, *each.shape[1:])
            for part, each in zip(parts, own)
        )
        constant = [each for each, moves in zip(whole, ctx.needs_input_grad[1:]) if not moves]
        ctx.mark_non_differentiable(*constant)
        return whole

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        if processes.rank() >= ctx.count:
            return None, *(each.new_zeros(shape) for each, shape in zip(gradients, ctx.shapes))
        return None, *(each[own_rows(ctx.count)] for each in gradients)


def packed(tensor: Tensor) -> Tensor:
    """A copy whose numbers lie one behind the other, which alone can be read as bytes."""
    return tensor.clone(memory_format=torch.contiguous_format)


def whole(prediction: Prediction, count: int) -> Prediction:
    """The prediction of a batch of ``count`` windows, from each process's for its own.

    Of a scalar it is the mean over windows.
    """
    named = {field.name: getattr(prediction, field.name) for field in fields(prediction)}
    extras = named.pop("extras")
    tensors = {("", name): value for name, value in named.items() if value is not None}
    tensors |= {("extras", name): value for name, value in extras.items()}
    scalars = [key for key, value in tensors.items() if not value.dim()]
    own = tensors | {key: tensors[key].float().expand(len(prediction.q)) for key in scalars}
    every = dict(zip(own, Gather.apply(count, *own.values())))
    every |= {key: every[key].mean() for key in scalars}
    shared = {name: every.pop(("extras", name)) for name in extras}
    return Prediction(**{name: value for (_, name), value in every.items()}, extras=shared)
