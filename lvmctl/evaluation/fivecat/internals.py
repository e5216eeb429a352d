"""What a model shows besides q: what its losses log, its mixture weights and its extras."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor

from lvmctl.core.batch import Batch, Prediction, Step
from lvmctl.data.windows import Windows
from lvmctl.evaluation.fivecat.coherence import coherence
from lvmctl.evaluation.per_window import WindowMetric, WindowMetrics
from lvmctl.evaluation.retrieval.ranks import by_article
from lvmctl.evaluation.trained import Trained
from lvmctl.nn.loss_value import LossValue
from lvmctl.nn.objective import Objective
from lvmctl.registry.faults import attribute_errors

BATCH = 1024
GROUPS = 10
POINTS = 300
"""Windows of which single values are kept."""

STEP = Step(epoch=1, index=0, epochs=1, steps_per_epoch=1)
"""Losses whose metrics depend on the epoch are asked as in the first."""


class Internals(NamedTuple):
    """A run's predictions, opened.

    Attributes:
        q: (W, D) float32.
        metrics: what its losses log, such as ``order_accuracy``, by window; what is one metric of a
            whole batch is that of the window's article.
        parts: ``weights``, α averaged over tenths of the windows by their coherence
            (``coherence`` (G,), ``mean`` (G, K) oldest chunk first, ``all`` (K,)); and ``extras``
            by name, scalars or the values of up to 300 windows. What the model does not give is
            absent.
    """

    q: np.ndarray
    metrics: WindowMetrics
    parts: dict[str, Any]


def internals(
    trained: Trained, windows: Windows, progress: Callable[[int], object] = lambda n: None
) -> Internals:
    """Look inside a run's predictions on all ``windows``; ``progress`` is called with how many more
    of them are done."""
    metrics = LossMetrics(trained, windows)
    q = np.empty((len(windows), windows.split.dim), np.float32)
    weights: list[Tensor] = []
    extras: dict[str, list[Tensor]] = defaultdict(list)
    for low in range(0, len(windows), BATCH):
        index = np.arange(low, min(low + BATCH, len(windows)))
        context = torch.from_numpy(windows.context(index))
        prediction = trained.predict(context, windows.at(windows.inside(index)))
        metrics.add(prediction, index)
        q[index] = prediction.q.float().numpy()
        if prediction.weights is not None:
            weights.append(prediction.weights.float())
        for name, value in prediction.extras.items():
            extras[name].append(value.float())
        progress(len(index))
    parts: dict[str, Any] = {}
    some = np.linspace(0, len(windows) - 1, min(POINTS, len(windows))).astype(int)
    if weights:
        parts["weights"] = grouped(torch.cat(weights).numpy(), coherence(windows))
    if extras:
        parts["extras"] = {
            name: torch.cat(values)[some].tolist() if values[0].dim() else values[0].item()
            for name, values in extras.items()
        }
    return Internals(q, metrics.by_name(), parts)


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
        self.objective = with_metrics(trained, windows)
        self.builder = self.objective.batches(windows)

    def add(self, prediction: Prediction, index: np.ndarray) -> None:
        """Count the windows ``index``. A metric of a whole batch counts for each window of it."""
        for part, _, _ in by_article(self.windows, index) if self.objective.parts else ():
            rows = index[part]
            for value in measured(
                self.trained,
                self.objective,
                self.builder.batch(rows, int(rows[0])),
                rows_of(prediction, part),
            ):
                for name, metric in value.metrics.items():
                    each = metric.detach().float().expand(len(rows))
                    self.values[name].append(each.double().numpy())
                    self.rows[name].append(rows)

    def by_name(self) -> WindowMetrics:
        """The metrics by name."""
        return {
            name: WindowMetric(np.concatenate(self.values[name]), np.concatenate(self.rows[name]))
            for name in self.values
        }


def with_metrics(trained: Trained, windows: Windows) -> Objective:
    """Those losses of a run that log metrics, which the first article tells."""
    every = trained.objective.alone(range(len(trained.objective.parts)))
    index = np.flatnonzero(windows.article == windows.article[0])
    batch = every.batches(windows).batch(index)
    prediction = trained.predict(batch.context, windows.at(windows.inside(index)))
    values = measured(trained, every, batch, prediction)
    return trained.objective.alone(n for n, value in enumerate(values) if value.metrics)


@torch.inference_mode()
def measured(
    trained: Trained, objective: Objective, batch: Batch, prediction: Prediction
) -> list[LossValue]:
    """What losses of a run say of its prediction."""
    with attribute_errors(trained.plan.model.entry):
        prediction = objective.complete(prediction, trained.model, batch, STEP)
    return objective.measure(prediction, batch, STEP)


def rows_of(prediction: Prediction, part: slice) -> Prediction:
    """The part of a prediction for some of its contexts."""
    optional = (prediction.raw, prediction.weights)
    raw, weights = (None if value is None else value[part] for value in optional)
    extras = {name: v[part] if v.dim() else v for name, v in prediction.extras.items()}
    return Prediction(prediction.q[part], raw, weights, extras=extras)
