"""The check of what a model's prediction holds beside q."""

from __future__ import annotations

import torch
from torch import Tensor

from lvmctl.core.batch import Prediction
from lvmctl.testing.check import CheckFailed, Subject, check
from lvmctl.testing.checks.proofs import NEAR
from lvmctl.testing.examples import for_all
from lvmctl.testing.inputs.contexts import Contexts, accepted, contexts
from lvmctl.testing.inputs.models import Models, built, given, off, predict

RESERVED = ("q", "rollout", "loss", "alpha_entropy", "gate_weight_mean")
"""Names that no extra may have."""


@check
@torch.no_grad()
def fields(subject: Subject) -> None:
    """The prediction has the fields and extras that `gives` names and no others, as `Prediction`
    has them."""
    gives = tuple(name for name in subject.record.gives if name != "scores")
    if gives != subject.record.gives and not hasattr(built(subject), "score"):
        raise CheckFailed("`gives` names scores, and it has no score(context, pool)")
    if taken := [name for name in gives if name in RESERVED]:
        raise CheckFailed(f"`gives` names {', '.join(taken)}, which is lvmctl's to fill or to log")
    models = Models(subject)
    taken, _ = accepted(models, Exception)

    def rule(contexts: Contexts) -> None:
        context = contexts.tensor()
        prediction = predict(models(contexts.shape), context)
        declared(prediction, gives)
        formed(prediction, context)

    for_all(rule, contexts=contexts(taken))


def declared(prediction: Prediction, gives: tuple[str, ...]) -> None:
    """CheckFailed unless ``gives`` names what is there."""
    for name in ("rollout", "scores"):
        if getattr(prediction, name) is not None:
            raise CheckFailed(f"it fills {name}, which is lvmctl's to fill")
    filled = [name for name in given(prediction) if name != "q"]
    for name in filled:
        if name not in gives:
            raise CheckFailed(f"it fills {name}, which `gives` does not name")
    for name in gives:
        if name not in filled:
            raise CheckFailed(f"`gives` names {name}, which it does not fill")


def formed(prediction: Prediction, context: Tensor) -> None:
    """CheckFailed unless every field has its shape and its range."""
    wanted = {"raw": tuple(context[:, 0].shape), "weights": tuple(context.shape[:2])}
    found = {name: value for name, value in given(prediction).items() if name != "q"}
    for name, value in found.items():
        shape = tuple(value.shape) if isinstance(value, Tensor) else type(value).__name__
        if name in wanted and shape != wanted[name]:
            raise CheckFailed(f"{name} is {shape}, not a tensor {wanted[name]}")
        if not isinstance(value, Tensor) or shape[:1] not in ((), (len(context),)):
            raise CheckFailed(f"{name} is {shape}, not a tensor () or ({len(context)}, …)")
        if not value.isfinite().all():
            raise CheckFailed(f"{name} is not finite")
    if "weights" in found:
        least, sums = found["weights"].min(), found["weights"].sum(dim=-1)
        if least < 0 or off(sums, 1) > NEAR:
            raise CheckFailed(
                "weights are not on the simplex: "
                f"the least is {least:.3g}, the sums are {sums.min():.3g} to {sums.max():.3g}"
            )
