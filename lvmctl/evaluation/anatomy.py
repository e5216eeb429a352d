"""What a model shows besides q: mixture weights and the anchor's pull."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from lvmctl.data.windows import Windows
from lvmctl.evaluation.coherence import coherence
from lvmctl.evaluation.trained import Trained
from lvmctl.geometry import centroid, cosine, unit

BATCH = 1024
GROUPS = 10
POINTS = 300
"""Windows whose anchoring is kept."""


def anatomy(trained: Trained, windows: Windows) -> dict[str, Any]:
    """The parts of a model's prediction that explain q, where it gives them.

    Returns:
        ``weights``: α averaged over tenths of the windows, by their coherence: ``coherence`` (G,),
        ``mean`` (G, K) oldest chunk first, and ``all`` (K,). ``anchor``: λ, and for up to 300
        windows ρ = cos(raw, c̄) and cos(q, c̄) (METHODS §2.5). Absent is what the model does not
        give.
    """
    weights, rho, anchored, anchor_lambda = [], [], [], None
    for low in range(0, len(windows), BATCH):
        index = np.arange(low, min(low + BATCH, len(windows)))
        context = torch.from_numpy(windows.context(index))
        prediction = trained.predict(context)
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
    return found


def grouped(weights: np.ndarray, coherent: np.ndarray) -> dict[str, Any]:
    """Mean weights (G, K) of up to ten equal groups of windows, the least coherent first."""
    order = np.argsort(coherent, kind="stable")
    groups = [part for part in np.array_split(order, GROUPS) if len(part)]
    return {
        "coherence": [float(coherent[part].mean()) for part in groups],
        "mean": [weights[part].mean(axis=0).tolist() for part in groups],
        "all": weights.mean(axis=0).tolist(),
    }
