"""What a model does on windows it was not trained on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from lvmctl.baselines.weightings import Direct
from lvmctl.core.batch import Pool, Step
from lvmctl.core.tree import nested
from lvmctl.data.batches import BatchBuilder
from lvmctl.data.windows import Windows
from lvmctl.evaluation.fivecat.ceilings import margin_ceilings
from lvmctl.evaluation.fivecat.offsets import offset_metrics, offset_sweep, rivals
from lvmctl.evaluation.measure import PRIMARY, Protocol, measure
from lvmctl.evaluation.predictors import Predictor
from lvmctl.evaluation.retrieval.ranks import Score
from lvmctl.evaluation.statistics.intervals import Resampling
from lvmctl.evaluation.statistics.ranking import per_window
from lvmctl.evaluation.summary import means
from lvmctl.nn.objective import Means, Objective, set_step
from lvmctl.registry.record import NoOptions
from lvmctl.registry.specs import Geometry, Shape
from lvmctl.training.backend import Backend

POOLS = {"seed": "unfiltered", "fair": "filtered"}
"""The in-article pool of each rule of 5CAT B; the fair one is the primary pool everywhere."""

BATCH = 512
SHOWN = ("r@1", "r@5", "mrr@10", "chance_r@5")
JUDGED = ("r@5", "mrr@10")
"""Metrics with an interval, and with one of their difference to ``direct``."""


class Validation:
    """Loss terms, cosines, margins and in-article retrieval on a fixed set of windows, with the
    largest margins of the model's geometry beside them."""

    def __init__(self, builder: BatchBuilder, min_article: int, geometry: Geometry) -> None:
        self.builder = builder
        self.min_article = min_article
        windows = builder.windows
        shape = Shape(windows.split.dim, windows.context_length, windows.horizon)
        self.resampling = Resampling(len(windows.split.articles))
        direct = Predictor("direct", Direct(NoOptions(), shape))
        self.direct, self.direct_ranks = self.shown(direct(windows))
        ceilings = margin_ceilings(windows, geometry).items()
        self.beside = {
            "windows": len(windows),
            "direct": self.direct,
            "ceiling": nested((path, metric.mean()) for path, metric in ceilings),
        }

    def __call__(
        self,
        model: nn.Module,
        objective: Objective,
        backend: Backend,
        step: Step,
        check: Callable[[], None],
        score: Score | None = None,
    ) -> dict[str, Any]:
        """The record of one evaluation at ``step``, ``direct`` on the same windows beside it.

        Model and objective are put in evaluation mode. ``check`` is called between batches; it
        raises to stop. A model's own ``score`` ranks.
        """
        windows, totals = self.builder.windows, Means()
        q = np.empty((len(windows), windows.split.dim), dtype=np.float32)
        model.eval()
        objective.eval()
        set_step(model, step)
        with torch.no_grad():
            for number, low in enumerate(range(0, len(windows), BATCH)):
                check()
                index = np.arange(low, min(low + BATCH, len(windows)))
                batch = self.builder.batch(index, number)
                with backend.autocast():
                    prediction = objective.predict(model, batch, step)
                    _, values = objective(prediction, batch, step)
                totals.add(values, len(index))
                q[index] = prediction.q.float().cpu().numpy()
            if score is not None:
                score = on_device(score, self.builder.device, check)
            shown, ranks = self.shown(q, score)
        return totals.result() | shown | self.intervals(ranks) | self.beside

    def shown(
        self, q: np.ndarray, score: Score | None = None
    ) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
        """The protocol's metrics for predictions ``q`` (W, D), the primary pool's retrieval at the
        top; and what :data:`JUDGED` is window by window.

        A model with its own ``score`` is ranked by that; retrieval by its q alone is under ``q``.
        """
        windows = self.builder.windows
        protocol = Protocol(tuple(POOLS.values()), False, self.min_article)
        model = Predictor("model", not_asked, "run", score)
        measured = measure(windows, model, protocol, q)
        metrics = means(measured)
        ranked = metrics.pop("in_article")
        metrics |= retrieval_of(ranked)
        metrics["5cat"] = {"A": sweep_figures(windows, q), **metrics["5cat"]}
        metrics["in_article_windows"] = ranked["filtered"]["windows"]
        if "q" in metrics:
            metrics["q"] = retrieval_of(metrics["q"]["in_article"])
        primary = measured.ranks[PRIMARY]
        each = per_window(primary.ranks, primary.sizes)
        return metrics, {"article": windows.article[primary.rows]} | {m: each[m] for m in JUDGED}

    def intervals(self, ranks: dict[str, np.ndarray]) -> dict[str, Any]:
        """How many articles are ranked, and under ``ci`` the 95 % intervals of :data:`JUDGED` and
        of their difference to ``direct``, which resample articles."""
        article = ranks["article"]
        if not len(article):
            return {}
        samples = {}
        for metric in JUDGED:
            difference = ranks[metric] - self.direct_ranks[metric]
            samples |= {metric: (ranks[metric], article)}
            samples |= {f"{metric} - direct": (difference, article)}
        ends = self.resampling.intervals(samples).items()
        known = {name: list(pair) if np.isfinite(pair).all() else None for name, pair in ends}
        return {"in_article_articles": len(np.unique(article)), "ci": known}


def not_asked(*_: Tensor) -> Tensor:
    """Stands for a model whose predictions are known."""
    raise AssertionError("its predictions are known")


def retrieval_of(ranked: dict[str, Any]) -> dict[str, Any]:
    """What a record shows of metrics by in-article pool: the primary pool's, and 5CAT B."""
    by_rule = {rule: chosen(ranked[pool], ("r@1", "r@5")) for rule, pool in POOLS.items()}
    return chosen(ranked["filtered"], SHOWN) | {"5cat": {"B": by_rule}}


def on_device(score: Score, device: torch.device, check: Callable[[], None]) -> Score:
    """``score`` of a model on ``device``, which is asked article by article; ``check`` may stop."""

    def scored(context: Tensor, pool: Pool) -> Tensor:
        check()
        return score(context.to(device), pool.to(device))

    return scored


def sweep_figures(windows: Windows, q: np.ndarray) -> dict[str, Any]:
    """5CAT A of predictions: the published rule's margin (``seed``), the fair rule's ``accuracy``
    and its ``chance``, the margin over the best chunk outside the window (``fair``) with that
    chunk's offset (``rival``), and the mean cosine by offset (``sweep``).

    What the articles are too short for is left out.
    """
    sweep = offset_sweep(windows, q)
    metrics, rival = offset_metrics(windows, q, sweep), rivals(windows, sweep)
    record: dict[str, Any] = {
        rule: metrics[f"offsets.{rule}"].mean() for rule in POOLS if rule in rival
    }
    if "fair" in rival:
        record["rival"] = rival["fair"]
    if "offsets.accuracy" in metrics:
        record["accuracy"] = metrics["offsets.accuracy"].mean()
        record["chance"] = metrics["offsets.chance_accuracy"].mean()
    return record | {"sweep": {str(k): metric.mean() for k, metric in sweep.items()}}


def chosen(metrics: dict[str, Any], names: tuple[str, ...]) -> dict[str, Any]:
    """Those of ``names`` that were found."""
    return {name: metrics[name] for name in names if name in metrics}


def best_metric(wanted: str, val: dict[str, Any]) -> str:
    """``wanted``, or ``cos_next`` where no article is long enough for retrieval."""
    return wanted if wanted in val else "cos_next"
