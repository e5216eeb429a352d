"""The predictors of ``fivecat_reference.py``, in torch."""

from __future__ import annotations

import torch

from lvmctl.evaluation.predictors import Predictor
from lvmctl.sphere import centroid, unit


def rising(context: torch.Tensor) -> torch.Tensor:
    return unit((context * torch.arange(1.0, context.shape[1] + 1)[:, None]).sum(1))


PREDICTORS = {
    "direct": Predictor("direct", lambda context: context[:, -1]),
    "centroid": Predictor("centroid", centroid),
    "rising": Predictor("rising", rising),
}
