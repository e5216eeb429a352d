"""What a model shows besides q: what its losses log, its mixture weights, its anchor's pull."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import nn

from lvmctl.core.batch import Prediction, Step
from lvmctl.data.batches import BatchBuilder
from lvmctl.data.windows import Windows
from lvmctl.evaluation.fivecat.coherence import coherence
from lvmctl.evaluation.per_window import Column, Columns
from lvmctl.evaluation.retrieval.ranks import by_article
from lvmctl.evaluation.trained import Trained
from lvmctl.nn.listwise_scores import score_list
from lvmctl.nn.rollout import roll_out
from lvmctl.plan import PlannedPart
from lvmctl.registry.faults import attribute_errors
from lvmctl.sphere import centroid, cosine, unit

BATCH = 1024
GROUPS = 10
POINTS = 300
"""Windows whose anchoring is kept."""


class Anatomy(NamedTuple):
    """A run's predictions, opened.

    Attributes:
        q: (W, D) float32.
        metrics: what its losses log, such as ``order_accuracy``; every window carries the mean of
            its article.
        parts: ``weights``, α averaged over tenths of the windows by their coherence
            (``coherence`` (G,), ``mean`` (G, K) oldest chunk first, ``all`` (K,)), and ``anchor``,
            λ with ρ = cos(raw, c̄) and cos(q, c̄) of up to 300 windows (METHODS §2.5). What the
            model does not give is absent.
    """

    q: np.ndarray
    metrics: Columns
    parts: dict[str, Any]


def anatomy(trained: Trained, windows: Windows) -> Anatomy:
    """Look inside a run's predictions on all ``windows``."""
    metrics = LossMetrics(trained, windows)
    q = np.empty((len(windows), windows.split.dim), np.float32)
    weights, rho, anchored, anchor_lambda = [], [], [], None
    for low in range(0, len(windows), BATCH):
        index = np.arange(low, min(low + BATCH, len(windows)))
        context = torch.from_numpy(windows.context(index))
        prediction = trained.predict(context)
        metrics.add(prediction, index)
        q[index] = prediction.q.float().numpy()
        if prediction.weights is not None:
            weights.append(prediction.weights.float())
        if prediction.anchor_lambda is not None and prediction.raw is not None:
            middle = centroid(context)
            anchor_lambda = float(prediction.anchor_lambda)
            rho.append(cosine(unit(prediction.raw.float()), middle))
            anchored.append(cosine(prediction.q.float(), middle))
    found: dict[str, Any] = {}
    if weights:
        found["weights"] = grouped(torch.cat(weights).numpy(), coherence(windows))
    if rho:
        some = np.linspace(0, len(windows) - 1, min(POINTS, len(windows))).astype(int)
        found["anchor"] = {
            "lambda": anchor_lambda,
            "rho": torch.cat(rho).numpy()[some].tolist(),
            "cos_anchor": torch.cat(anchored).numpy()[some].tolist(),
        }
    return Anatomy(q, metrics.columns(), found)


def grouped(weights: np.ndarray, coherent: np.ndarray) -> dict[str, Any]:
    """Mean weights (G, K) of up to ten equal groups of windows, the least coherent first."""
    order = np.argsort(coherent, kind="stable")
    groups = [part for part in np.array_split(order, GROUPS) if len(part)]
    return {
        "coherence": [float(coherent[part].mean()) for part in groups],
        "mean": [weights[part].mean(axis=0).tolist() for part in groups],
        "all": weights.mean(axis=0).tolist(),
    }


class LossMetrics:
    """Collects what a run's losses log besides their terms, article by article.

    Args:
        trained: the run.
        windows: where predictions come from.
    """

    def __init__(self, trained: Trained, windows: Windows) -> None:
        self.trained, self.windows = trained, windows
        self.values: dict[str, list[np.ndarray]] = defaultdict(list)
        self.rows: dict[str, list[np.ndarray]] = defaultdict(list)
        self.asked = [
            (part, loss, builder(part, loss, windows))
            for part, loss in zip(trained.plan.losses, trained.losses)
        ]

    def add(self, prediction: Prediction, index: np.ndarray) -> None:
        """Count the windows ``index``; a loss that logs nothing is asked once."""
        for asked in list(self.asked):
            part, loss, batches = asked
            for here, _, _ in by_article(self.windows, index):
                batch, record = batches.batch(index[here], int(index[here][0])), part.entry.record
                seen = batch.only(record.needs, f"loss {part.entry.name}")
                shown = rows_of(prediction, here)
                if steps := batches.rollout:
                    context = torch.from_numpy(self.windows.context(index[here]))
                    with torch.inference_mode(), attribute_errors(self.trained.plan.model.entry):
                        further = roll_out(self.trained.model, context, shown.q, steps)
                    shown = replace(shown, rollout=further)
                if "scores" in record.needs_prediction:
                    with torch.inference_mode(), attribute_errors(self.trained.plan.model.entry):
                        shown = replace(shown, scores=score_list(self.trained.model, batch))
                with torch.inference_mode(), attribute_errors(part.entry):
                    metrics = loss(shown, seen, Step(1, 0, 1, 1)).metrics
                if not metrics:
                    self.asked.remove(asked)
                    break
                for name, value in metrics.items():
                    self.values[name].append(np.full(len(index[here]), float(value)))
                    self.rows[name].append(index[here])

    def columns(self) -> Columns:
        """The metrics by name."""
        return {
            name: Column(np.concatenate(self.values[name]), np.concatenate(self.rows[name]))
            for name in self.values
        }


def builder(part: PlannedPart, loss: nn.Module, windows: Windows) -> BatchBuilder:
    """Builds the batches that a loss reads."""
    return BatchBuilder(
        windows,
        part.entry.record.needs,
        negatives=getattr(loss, "negatives", 0),
        order_pairs=getattr(loss, "order_pairs", 0),
        rollout=getattr(loss, "rollout", 0),
    )


def rows_of(prediction: Prediction, here: slice) -> Prediction:
    """The part of a prediction for some of its contexts."""
    optional = (prediction.raw, prediction.weights)
    raw, weights = (None if value is None else value[here] for value in optional)
    return Prediction(prediction.q[here], raw, weights, prediction.anchor_lambda)
