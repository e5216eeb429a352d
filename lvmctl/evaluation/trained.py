"""A finished run as a predictor: its model with the weights of its best epoch."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from lvmctl.batch import Prediction, Step
from lvmctl.data.batches import BatchBuilder
from lvmctl.data.windows import Windows
from lvmctl.errors import RunError
from lvmctl.evaluation.columns import Column, Columns
from lvmctl.evaluation.predictors import Predictor, own_score
from lvmctl.evaluation.ranks import by_article
from lvmctl.plan import Plan, PlannedPart, from_record
from lvmctl.registry import Registry
from lvmctl.registry.blame import blame
from lvmctl.runs import RunDirectory


@dataclass(frozen=True)
class Trained:
    """A run that can predict.

    Attributes:
        run: its directory.
        config: its ``config.json``.
        plan: what was trained.
        dim: D.
        model: in evaluation mode, on the CPU, with the best epoch's weights.
        losses: likewise, by position in the plan.
    """

    run: RunDirectory
    config: dict[str, Any]
    plan: Plan
    dim: int
    model: nn.Module
    losses: tuple[nn.Module, ...]

    @property
    def name(self) -> str:
        """The run directory's name."""
        return self.run.path.resolve().name

    def predictor(self, name: str | None = None) -> Predictor:
        """The run as a row of a table, called ``name`` (the recipe's by default)."""
        entry = self.plan.model.entry

        def call(context: Tensor) -> Tensor:
            return self.predict(context).q

        return Predictor(
            name or self.plan.recipe,
            call,
            "run",
            own_score(entry, self.model),
            entry.record.geometry,
        )

    def predict(self, context: Tensor) -> Prediction:
        """The model's whole :class:`~lvmctl.batch.Prediction` for contexts (B, K, D)."""
        entry = self.plan.model.entry
        with torch.inference_mode(), blame(entry):
            prediction = self.model(context)
            if not isinstance(prediction, Prediction) or prediction.q.shape != context[:, 0].shape:
                raise TypeError("a model returns a Prediction whose q is (B, D)")
        return prediction

    def loss_metrics(self, windows: Windows) -> Columns:
        """Metrics that the losses log, such as ``order_accuracy``, article by article.

        Every window of an article carries the article's mean.
        """
        found: dict[str, list[tuple[np.ndarray, float]]] = defaultdict(list)
        for part, loss in zip(self.plan.losses, self.losses):
            builder = BatchBuilder(
                windows,
                part.entry.record.needs,
                negatives=getattr(loss, "negatives", 0),
                order_pairs=getattr(loss, "order_pairs", 0),
            )
            every = np.arange(len(windows))
            for number, (slice_, _, _) in enumerate(by_article(windows, every)):
                metrics = self.logged(part, loss, builder, every[slice_], number)
                if not metrics:
                    break
                for name, value in metrics.items():
                    found[name].append((every[slice_], value))
        return {name: spread(parts) for name, parts in found.items()}

    def logged(
        self,
        part: PlannedPart,
        loss: nn.Module,
        builder: BatchBuilder,
        index: np.ndarray,
        number: int,
    ) -> dict[str, float]:
        """The metrics of one loss on the windows ``index``."""
        batch = builder.batch(index, number)
        prediction = self.predict(batch.context)
        needs = part.entry.record.needs
        with torch.inference_mode(), blame(part.entry):
            output = loss(prediction, batch.only(needs, part.entry.name), Step(1, 0, 1, 1))
        return {name: float(value) for name, value in output.metrics.items()}


def spread(parts: list[tuple[np.ndarray, float]]) -> Column:
    """One value for all windows of an article, as a column."""
    rows = np.concatenate([index for index, _ in parts])
    values = np.concatenate([np.full(len(index), value) for index, value in parts])
    return Column(values, rows)


def load_run(registry: Registry, path: Path) -> Trained:
    """The run at ``path`` with the weights of ``best_model.pt`` (tensors only).

    Raises:
        RunError: no run is there, it has no best model, or its files are damaged.
        PluginError: a plugin it needs is missing or broken.
    """
    run = RunDirectory.open(path)
    config = run.read(run.config)
    try:
        dim = int(config["splits"]["train"]["dim"])
        plan = from_record(registry, config)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise RunError(
            f"is not the configuration of a run ({type(error).__name__}: {error})",
            where=run.config,
            mend="restore it, or train again",
        ) from error
    weights = read_weights(run)
    shape = plan.shape(dim)
    with blame(plan.model.entry):
        model = registry.resolve(plan.model.entry)(plan.model.options, shape)
    losses = nn.Module()
    losses.losses = nn.ModuleList()
    for part in plan.losses:
        with blame(part.entry):
            losses.losses.append(registry.resolve(part.entry)(part.options, shape))
    try:
        model.load_state_dict(weights["model"])
        losses.load_state_dict(weights["losses"])
    except (RuntimeError, KeyError, TypeError, AttributeError) as error:
        raise RunError(
            f"does not fit the model in config.json ({str(error).splitlines()[0]})",
            where=run.best_model,
            mend="restore both from one run, or train again",
        ) from error
    return Trained(run, config, plan, dim, model.eval(), tuple(losses.losses.eval()))


def read_weights(run: RunDirectory) -> Any:
    """What ``best_model.pt`` holds."""
    if not run.best_model.is_file():
        raise RunError(
            "has no best_model.pt: no epoch was finished",
            where=run.path,
            mend=f"go on with lvmctl train --resume {run.path}",
        )
    try:
        return torch.load(run.best_model, map_location="cpu", weights_only=True)
    except Exception as error:
        said = (str(error).splitlines() or [type(error).__name__])[0]
        raise RunError(f"is damaged ({said})", where=run.best_model, mend="train again") from error
