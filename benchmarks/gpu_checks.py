"""Whether a device computes what the CPU computes: steps, evaluation, graphs, resume, ranks."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import global_ranks as ranks_benchmark
import numpy as np
import torch

from lvmctl import Windows, open_split
from lvmctl.core.errors import LvmctlError
from lvmctl.core.reporter import SILENT
from lvmctl.core.run_directory import RunDirectory
from lvmctl.data.splits.open import Splits
from lvmctl.evaluation.retrieval.global_ranks import global_ranks
from lvmctl.nn.objective import Means
from lvmctl.plan import make_plan
from lvmctl.registry import Registry, load_registry
from lvmctl.training.backend import choose_backend
from lvmctl.training.inputs import require_inputs
from lvmctl.training.loop import Training

STEPS = 20
LARGEST_LOSS, LARGEST_FIGURE = 1e-3, 1e-4
STILL = {"dropout": 0, "window_dropout": 0}
"""Options without which nothing is drawn in a step: each device draws its own numbers."""


def make_training(
    recipe: str,
    splits: Splits,
    device: str,
    path: Path | None = None,
    still: bool = True,
    sizes: Mapping[str, int] = MappingProxyType({}),
    **values: Any,
) -> Training:
    """A training of a recipe on a device, in a run directory that may be there; ``still`` without
    what is drawn, of ``sizes`` as far as it has these options.

    Raises:
        LvmctlError: the recipe needs other data.
    """
    registry = load_registry()
    values = taken(registry, recipe, values, {**sizes} | (STILL if still else {}))
    plan = make_plan(registry, recipe, [("benchmark", values)])
    shape = plan.options.context, plan.options.horizon
    windows = Windows(splits.train, *shape), Windows(splits.val, *shape)
    require_inputs(plan, *windows)
    backend = choose_backend(device, plan.options.precision)
    path = path or Path(tempfile.mkdtemp()) / "run"
    run = RunDirectory(path) if path.exists() else RunDirectory.create(path)
    return Training(plan, registry, run, *windows, backend, SILENT)


def taken(registry: Registry, recipe: str, values: dict[str, Any], wished: dict[str, Any]) -> dict:
    """``values``, and those of ``wished`` that are options of a recipe."""
    for name, value in wished.items():
        try:
            make_plan(registry, recipe, [("benchmark", values | {name: value})])
        except LvmctlError:
            continue
        values = values | {name: value}
    return values


def losses(training: Training, steps: int = STEPS) -> list[float]:
    """The loss of each of the first steps."""
    training.model.train()
    training.objective.train()
    order, size = training.visit(1), training.options.batch_size
    found = []
    for step in range(steps):
        training.index, training.means = step % training.steps, Means()
        training.step(np.resize(np.roll(order, -step * size), size))
        training.graphed.look()
        found.append(training.means.result()["loss"])
    return found


def relative(mine: list[float], wanted: list[float]) -> float:
    """The largest relative difference."""
    pairs = zip(mine, wanted, strict=True)
    return max(abs(a - b) / max(abs(b), 1e-3) for a, b in pairs)


def compare_recipe(recipe: str, splits: Splits, device: str, **values: Any) -> dict[str, Any]:
    """Loss of the first steps on both, step by step and by graph, and the figures of evaluation
    with the same weights."""
    try:
        cpu = make_training(recipe, splits, "cpu", **values)
    except LvmctlError as error:
        return {"recipe": recipe, "left_out": error.what}
    wanted = losses(cpu)
    other = make_training(recipe, splits, device, **values)
    result: dict[str, Any] = {"recipe": recipe, "loss": relative(losses(other), wanted)}
    graphed = make_training(recipe, splits, device, **values, graph=True)
    result["graph_loss"] = relative(losses(graphed), wanted)
    result["graph"] = graphed.graphed.graph is not None
    result["why_not"] = graphed.graphed.why_not
    other.model.load_state_dict(cpu.model.state_dict())
    other.objective.load_state_dict(cpu.objective.state_dict())
    mine, right = figures(other.validate()), figures(cpu.validate())
    worst = max(right, key=lambda name: abs(mine[name] - right[name]))
    result |= {"figure": abs(mine[worst] - right[worst]), "worst": worst}
    errors = result["loss"], result["graph_loss"]
    result["ok"] = max(errors) <= LARGEST_LOSS and result["figure"] <= LARGEST_FIGURE
    resident = other.builder.vectors
    result["resident"] = isinstance(resident, torch.Tensor) and resident.device.type == device
    return result


def figures(record: dict[str, Any], path: str = "") -> dict[str, float]:
    """All finite numbers of a record by their paths, but for intervals, which are resampled."""
    found = {}
    for name, value in record.items():
        if isinstance(value, dict) and name != "ci":
            found |= figures(value, f"{path}{name}.")
        elif isinstance(value, float) and np.isfinite(value):
            found[path + name] = value
    return found


def resumed(splits: Splits, device: str, **values: Any) -> dict[str, Any]:
    """Whether a training that was stopped after an epoch ends with the same bits, with its chance
    drawn on the device, step by step and by graph."""
    result: dict[str, Any] = {}
    for name, graph in (("steps", False), ("graph", True)):
        with tempfile.TemporaryDirectory() as folder:
            whole, stopped = Path(folder) / "whole", Path(folder) / "stopped"
            given = values | {"graph": graph, "still": False}
            wanted = make_training("p8", splits, device, whole, **given, epochs=2)
            wanted.fit()
            make_training("p8", splits, device, stopped, **given, epochs=1).fit()
            later = make_training("p8", splits, device, stopped, **given, epochs=2)
            later.restore()
            later.fit()
            pairs = zip(later.parameters, wanted.parameters)
            result[name] = all(torch.equal(a, b) for a, b in pairs)
    return result


def rank(device: str, chunks: int, queries: int, dim: int) -> dict[str, Any]:
    """Exact global ranks on a device: seconds, rates, and how many differ from float64."""
    with tempfile.TemporaryDirectory() as folder:
        ranks_benchmark.make_store(Path(folder), chunks, dim, "float32")
        windows = Windows(open_split(folder), 5, 1)
        index, q = ranks_benchmark.predictions(windows, queries)
        global_ranks(windows, index[:2], q[:2], device=device)  # what the library takes once
        begin = time.perf_counter()
        ranks, _ = global_ranks(windows, index, q, device=device)
        seconds = time.perf_counter() - begin
        some = np.linspace(0, len(index) - 1, min(200, len(index))).astype(int)
        wrong = ranks_benchmark.differing(windows, index[some], q[some], ranks[some])
    return {
        "chunks": chunks,
        "dim": dim,
        "queries": len(index),
        "seconds": seconds,
        "ranks_per_second": len(index) / seconds,
        "scores_per_second": len(index) * chunks / seconds,
        "differing": wrong,
        "checked": len(some),
    }
