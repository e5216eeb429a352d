"""What a run's predictions are made of: linear estimates, and the cone of the context."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import torch

from lvmctl import Windows
from lvmctl.data import open_splits
from lvmctl.evaluation.predictors import baselines
from lvmctl.evaluation.trained import load_run
from lvmctl.registry import load_registry
from lvmctl.sphere import cone_projection

LINEAR = ("ridge", "wiener", "direct")
SAMPLE = 500
"""Windows whose distance from the cone is taken, evenly spread."""

_fitted: dict[tuple, dict[str, np.ndarray]] = {}


def internals(run: Path) -> dict[str, float]:
    """Mean cosines of a run's predictions to those of linear baselines, and the largest
    ‖q - P q‖, P the projection onto the window's cone; from its file where it was measured."""
    saved = run / "internals.json"
    if not saved.exists():
        saved.write_text(json.dumps(measured(run)))
    return json.loads(saved.read_text())


def measured(run: Path) -> dict[str, float]:
    trained = load_run(load_registry(), run)
    source = trained.config["data"]["data"]
    shape = (trained.plan.options.context, trained.plan.options.horizon)
    if (source, shape) not in _fitted:
        splits = open_splits(source)
        val, train = Windows(splits.val, *shape), Windows(splits.train, *shape)
        rows_fitted, _ = baselines(load_registry(), trained.plan.shape(trained.dim), train)
        linear = {b.name: b(val) for b in rows_fitted if b.name in LINEAR}
        _fitted[source, shape] = linear | {"windows": val}
    fitted = _fitted[source, shape]
    val = fitted["windows"]
    q = trained.predictor()(val)
    cosines = {name: float((q * fitted[name]).sum(-1).mean()) for name in LINEAR}
    index = np.linspace(0, len(val) - 1, min(SAMPLE, len(val))).astype(int)
    context, chosen = torch.from_numpy(val.context(index)), torch.from_numpy(q[index]).double()
    away = (chosen - cone_projection(context, chosen)).norm(dim=-1).max().item()
    return cosines | {"cone": away}
