"""The checks of what is kept of a model: its state, and a program made of it."""

from __future__ import annotations

import io

import torch
from torch import Tensor, nn

from lvmctl.testing.check import CheckFailed, Subject, check
from lvmctl.testing.checks.proofs import NEAR, ROUNDING
from lvmctl.testing.inputs.contexts import Contexts
from lvmctl.testing.inputs.models import built, given, off, predict, seeded


@check
@torch.no_grad()
def state_round_trips(subject: Subject) -> None:
    """A new model predicts the same once it has the state, read with `weights_only`.

    The state is one that training leaves: weights have moved, `at` was called.
    """
    context, file = Contexts().tensor(), io.BytesIO()
    model = built(subject, weights="moved")
    with seeded(0):
        predict(model.train(), context)  # running statistics move too
    torch.save(model.eval().state_dict(), file)
    file.seek(0)
    try:
        state = torch.load(file, weights_only=True)
    except Exception as error:
        raise CheckFailed("its state holds more than tensors and plain values") from error
    fresh = built(subject, seed=1, fit=False)
    try:
        fresh.load_state_dict(state)
    except Exception as error:
        raise CheckFailed(f"its state does not fit a new model: {one_line(error)}") from error
    found = given(predict(fresh, context))
    for name, value in given(predict(model, context)).items():
        if not off(value, found[name]) < NEAR:
            raise CheckFailed(
                f"{name} differs by up to {off(value, found[name]):.3g} after loading"
            )


@check
@torch.no_grad()
def exportable(subject: Subject) -> str:
    """`torch.export` makes a program of it that predicts the same."""
    model = Alone(built(subject, weights="moved"))
    try:
        program, sizes, note = exported(model, any_batch=True), (1, 6), "for any B"
    except Exception:  # B may be fixed: the first reason is not the one that counts
        try:
            program, sizes, note = exported(model, any_batch=False), (4,), "for a fixed B only"
        except Exception as error:
            raise CheckFailed(f"torch.export cannot read it: {one_line(error)}") from error
    program = program.module()
    for size in sizes:
        context = Contexts(batch=size, seed=1).tensor()
        away = off(program(context), model(context))
        if not away < ROUNDING:
            raise CheckFailed(
                f"q of the exported program differs by up to {away:.3g} for B = {size}"
            )
    return note


class Alone(nn.Module):
    """A model whose prediction is q alone, as a program gives tensors only."""

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.model = model

    def forward(self, context: Tensor) -> Tensor:
        return self.model(context).q


def exported(model: nn.Module, any_batch: bool) -> torch.export.ExportedProgram:
    """The program of a model, for any B or for B = 4."""
    context = Contexts(batch=4).tensor()
    sizes = {"context": {0: torch.export.Dim.DYNAMIC}} if any_batch else None
    return torch.export.export(model, (context,), dynamic_shapes=sizes)


def one_line(error: Exception) -> str:
    """The beginning of what an error says."""
    return " ".join(str(error).split())[:200] or type(error).__name__
