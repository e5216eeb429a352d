"""What a model does on windows it was not trained on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import nn

from lvmctl.baselines.direct import Direct
from lvmctl.batch import Step
from lvmctl.data.batches import BatchBuilder
from lvmctl.evaluation.figures import figures
from lvmctl.evaluation.predictors import Predictor
from lvmctl.spec import NoOptions, Shape
from lvmctl.training.backend import Backend
from lvmctl.training.objective import Means, Objective

PRIMARY = "filtered"
BATCH = 512
SHOWN = ("r@1", "r@5", "mrr@10")


class Validation:
    """Loss terms, cosines, margins and in-article retrieval on a fixed set of windows.

    Args:
        builder: builds the batches of the validation windows.
        min_article: shortest article of the in-article figures.
    """

    def __init__(self, builder: BatchBuilder, min_article: int) -> None:
        self.builder = builder
        self.min_article = min_article
        windows = builder.windows
        shape = Shape(windows.split.dim, windows.context_length, windows.horizon)
        self.direct = self.shown(Predictor("direct", Direct(NoOptions(), shape))(windows))

    def __call__(
        self,
        model: nn.Module,
        objective: Objective,
        backend: Backend,
        step: Step,
        check: Callable[[], None],
    ) -> dict[str, Any]:
        """The record of one evaluation, ``direct`` on the same windows beside it.

        Args:
            model, objective: what is evaluated; both are put in evaluation mode.
            backend: how to compute.
            step: where training stands.
            check: called between batches; raises to stop.
        """
        windows, means = self.builder.windows, Means()
        q = np.empty((len(windows), windows.split.dim), dtype=np.float32)
        model.eval()
        objective.eval()
        with torch.no_grad():
            for number, low in enumerate(range(0, len(windows), BATCH)):
                check()
                index = np.arange(low, min(low + BATCH, len(windows)))
                batch = self.builder.batch(index, number)
                with backend.autocast():
                    prediction = model(batch.context)
                    _, values = objective(prediction, batch, step)
                means.add(values, len(index))
                q[index] = prediction.q.float().cpu().numpy()
        return means.result() | self.shown(q) | {"windows": len(windows), "direct": self.direct}

    def shown(self, q: np.ndarray) -> dict[str, Any]:
        """The protocol's figures for predictions, the primary pool's retrieval at the top."""
        found = figures(self.builder.windows, q, min_article=self.min_article, pools=(PRIMARY,))
        ranked = found.pop("in_article")[PRIMARY]
        found |= {name: ranked[name] for name in (*SHOWN, "chance_r@5") if name in ranked}
        return found | {"in_article_windows": ranked["windows"]}
