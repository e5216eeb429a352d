"""What a run's losses pull at, which parameters they reach, and what its sample gates do."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from lvmctl.core.batch import Batch, Step
from lvmctl.core.diagnosis import Finding
from lvmctl.core.formatting import number, signed
from lvmctl.core.inputs import open_input, read_text
from lvmctl.data.windows import Windows
from lvmctl.diagnostics.runs.findings import found
from lvmctl.diagnostics.runs.history_rules import gate_hint
from lvmctl.evaluation.trained import Trained
from lvmctl.nn.objective import set_step
from lvmctl.registry.faults import attribute_errors
from lvmctl.sphere import cosine

HOLDS = 0.4
"""Share of the losses' gradient norms. A loss that has more than all others moves the model; where
training has settled, losses that oppose each other have half each."""
AGAINST = -0.1
"""Cosine between a loss's gradient and that of 1 - cos_next: to descend one is to climb the
other. Squared error has 1. A ranking loss may be below 0 where cos_next is near its best, so that
this alone is no fault."""
ENOUGH = 64
"""Windows on which a gate may be called constant."""


@dataclass(frozen=True)
class Pull:
    """What one loss does to the model at its weight.

    Attributes:
        name: of the loss.
        weight: the recipe's, at the epoch.
        gradient: norm of its gradient in the model's parameters, mean over batches.
        share: of the sum of all losses' norms, in [0, 1].
        alignment: cosine of its mean gradient with that of the mean of 1 - cos_next, in [-1, 1];
            0 where it has none.
    """

    name: str
    weight: float
    gradient: float
    share: float
    alignment: float


@dataclass(frozen=True)
class Gradients:
    """What a few batches of training windows show.

    Attributes:
        pulls: one per loss that has a weight at the epoch.
        gates: by sample gate, ``low``, ``mean`` and ``high`` of the weights it gives.
        windows: windows looked at.
        untouched: parameters that never received a gradient, by name.
        evidence: how that is known.
    """

    pulls: tuple[Pull, ...]
    gates: dict[str, dict[str, float]]
    windows: int
    untouched: list[str]
    evidence: str

    def record(self) -> dict[str, Any]:
        """As plain data."""
        return asdict(self)


def measure_gradients(
    trained: Trained, windows: Windows, epoch: int, batches: int, seed: int
) -> Gradients:
    """Gradients on batches of the run's own size, in evaluation mode, so without dropout, with the
    weights that losses have in ``epoch``. Each window is drawn once at most."""
    plan, model, objective = trained.plan, trained.model, trained.objective
    step = Step(epoch, 0, max(plan.options.epochs, epoch), 1)
    builder = objective.batches(windows, seed=plan.options.seed)
    parts = [objective.parts[number] for number in objective.active(epoch)]
    parameters = [*trainable(trained).values()]
    is_model = [any(p is parameter for parameter in model.parameters()) for p in parameters]
    reached = np.zeros(len(parameters), bool)
    norms = np.zeros(len(parts))
    sums: list[Tensor | float] = [0.0] * (len(parts) + 1)
    weights: dict[str, list[Tensor]] = {part.entry.name: [] for part in plan.sample}
    blocks = batch_indices(len(windows), plan.options.batch_size, batches, seed)
    for block, index in enumerate(blocks):
        batch = builder.batch(index, epoch, block)
        for part, weight in zip(plan.sample, objective.gate_weights(batch)):
            weights[part.entry.name].append(weight.detach())
        for place, value in enumerate(loss_values(trained, batch, step)):
            grads = gradients(value, parameters)
            flat = [g.flatten() for g, counted in zip(grads, is_model) if counted]
            flat = torch.cat(flat) if flat else torch.zeros(1)
            sums[place] = sums[place] + flat
            if place:
                reached |= np.array([bool(g.any()) for g in grads], bool)
                norms[place - 1] += flat.norm().item() / len(blocks)
    pulls = tuple(
        Pull(
            part.entry.name,
            part.weight.at(step),
            float(norm),
            float(norm / (norms.sum() or 1)),
            float(torch.cosine_similarity(total, sums[0], dim=0)),
        )
        for part, norm, total in zip(parts, norms, sums[1:])
    )
    gates = {name: spread(torch.cat(values)) for name, values in weights.items()}
    untouched, evidence = never_reached(trained, reached, epoch)
    return Gradients(pulls, gates, sum(map(len, blocks)), untouched, evidence)


@torch.enable_grad()
def loss_values(trained: Trained, batch: Batch, step: Step) -> Iterator[Tensor]:
    """Scalars that gradients are taken of: 1 - cos_next, then each loss at its weight."""
    model, objective = trained.model, trained.objective
    with attribute_errors(trained.plan.model.entry):
        set_step(model, step)
        prediction = objective.predict(model, batch, step)
    yield (1 - cosine(prediction.q, batch.target)).mean()
    for value in objective.measure(prediction, batch, step, objective.weight(batch)):
        yield value.part.weight.at(step) * value.total


def trainable(trained: Trained) -> dict[str, nn.Parameter]:
    """Parameters that the optimiser has, by name, in its order."""
    parameters = {f"model.{name}": p for name, p in trained.model.named_parameters()}
    for place, (part, loss) in enumerate(zip(trained.plan.losses, trained.objective.losses)):
        for name, parameter in loss.named_parameters():
            parameters[f"{part.entry.name}[{place}].{name}"] = parameter
    return parameters


def batch_indices(windows: int, size: int, batches: int, seed: int) -> list[np.ndarray]:
    """Indices of up to ``batches`` batches of different windows; the last one may be smaller."""
    order = np.random.default_rng(seed).permutation(windows)[: size * batches]
    return [order[low : low + size] for low in range(0, len(order), size)]


def gradients(value: Tensor, parameters: list[nn.Parameter]) -> list[Tensor]:
    """d value / d parameter for each parameter; zeros where it has no part."""
    wanted = [p for p in parameters if p.requires_grad]
    grads: dict[int, Tensor | None] = {}
    if value.requires_grad and wanted:
        values = torch.autograd.grad(value, wanted, retain_graph=True, allow_unused=True)
        grads = {id(p): grad for p, grad in zip(wanted, values)}
    return [torch.zeros_like(p) if grads.get(id(p)) is None else grads[id(p)] for p in parameters]


def spread(weights: Tensor) -> dict[str, float]:
    """Least, mean and largest."""
    low, mean, high = weights.min().item(), weights.mean().item(), weights.max().item()
    return {"low": low, "mean": mean, "high": high}


def never_reached(trained: Trained, reached: np.ndarray, epoch: int) -> tuple[list[str], str]:
    """Parameters without a gradient, ever where the optimiser's state shows it, and the evidence.

    Those of a loss that has had no weight yet are left out.
    """
    parameters = trainable(trained)
    evidence, without = "no gradient on these windows", ~reached
    try:
        moments = optimiser_moments(trained)
    except Exception:  # a damaged or foreign file: the gradients of a batch decide instead
        moments = None
        evidence += "; the newest checkpoint, which would show all steps, cannot be read"
    if moments is not None and len(moments) == len(parameters):
        without = [moment is None or not bool(moment.any()) for moment in moments]
        evidence = "no second moment in the optimiser of the newest checkpoint"
    waiting = tuple(
        f"{part.entry.name}[{number}]."
        for number, part in enumerate(trained.plan.losses)
        if all(part.weight.is_zero(e) for e in range(1, epoch + 1))
    )
    names = [name for name, lacks in zip(parameters, without) if lacks]
    return [name for name in names if not name.startswith(waiting)], evidence


def optimiser_moments(trained: Trained) -> list[Tensor | None] | None:
    """AdamW's second moment of each parameter in the newest checkpoint, None for one that never
    had a gradient; None altogether where there is no such checkpoint or no step was taken."""
    places = trained.run.checkpoints
    if not (places / "latest").exists():
        return None
    name = read_text(places / "latest").strip()
    with open_input(places / name) as file:
        saved = torch.load(file, map_location="cpu", weights_only=True)["optimizer"]
    ids = [number for group in saved["param_groups"] for number in group["params"]]
    states = saved["state"]
    moments = [states.get(number, {}).get("exp_avg_sq") for number in ids]
    return moments if any(moment is not None for moment in moments) else None


def gradient_findings(measured: Gradients, epoch: int | None, poor: bool) -> Iterator[Finding]:
    """What :func:`measure_gradients` shows to be wrong with the weights of ``epoch``; ``poor`` says
    that cos_next is low or was lost, which a loss that dominates then explains."""
    moved = [pull for pull in measured.pulls if pull.gradient > 0]
    for pull in moved if poor and len(moved) > 1 else ():
        if pull.share >= HOLDS and pull.alignment <= AGAINST:
            times = pull.gradient / (sum(other.gradient for other in moved) - pull.gradient)
            yield found(
                "loss-domination",
                epoch,
                f"{pull.name} has the gradient norm {number(pull.gradient, None)}, "
                f"{number(times, 1)} times that of all other losses, and to descend it lowers "
                f"cos_next (cosine {signed(pull.alignment, 2)} with the gradient of 1 - cos_next)",
                about=pull.name,
            )
    if measured.untouched:
        names = ", ".join(measured.untouched[:3])
        more = len(measured.untouched) - 3
        which = f"{names} and {more} more" if more > 0 else names
        yield found("frozen-parameter", None, f"{which}: {measured.evidence}")
    for name, gate in measured.gates.items():
        if measured.windows >= ENOUGH and gate["high"] - gate["low"] <= 1e-6:
            weight = f"the weight {gate['mean']:.6g}"
            evidence = f"{name} gives each of {measured.windows} training windows {weight}"
            yield found("constant-gate", None, evidence, remedy=gate_hint([name]))
