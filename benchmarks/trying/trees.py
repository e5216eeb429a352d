"""Trees in the place of the network: LightGBM's LambdaMART, of the package `lightgbm`."""

from __future__ import annotations

from collections.abc import Sequence

import click
import numpy as np
import torch
from torch import Tensor

from trying.lists import Lists
from trying.scoring import Trained

TREES, RATE, LEAVES, LEAST, SHARE = 400, 0.05, 15, 100, 0.5
"""How many trees, by how much each counts, leaves of one, candidates in a leaf at least, and the
share of the features, and of the lists' candidates, that a tree looks at."""


def grown(data: Sequence[Lists], seed: int, far: float) -> Trained:
    """Trees that learn which candidate of a list is the target; how ``far`` a number lies is
    nothing to them."""
    try:
        import lightgbm
    except ImportError:
        raise click.UsageError("trees need: pip install --no-deps lightgbm") from None
    rows = np.concatenate([each.inputs()[each.candidates].numpy() for each in data])
    right = np.concatenate([marks(each) for each in data])
    sizes = np.concatenate([each.candidates.sum(dim=1).numpy() for each in data])
    settings = {
        "objective": "lambdarank",
        "lambdarank_truncation_level": 10,
        "learning_rate": RATE,
        "num_leaves": LEAVES,
        "min_data_in_leaf": LEAST,
        "feature_fraction": SHARE,
        "bagging_fraction": SHARE,
        "bagging_freq": 1,
        "num_threads": torch.get_num_threads(),
        "max_bin": 63,
        "seed": seed,
        "verbosity": -1,
    }
    model = lightgbm.train(settings, lightgbm.Dataset(rows, right, group=sizes), TREES)

    def scores(lists: Lists) -> Tensor:
        made = torch.zeros(lists.candidates.shape, dtype=torch.float64)
        rows = lists.inputs()[lists.candidates].numpy()
        made[lists.candidates] = torch.from_numpy(model.predict(rows, num_threads=1))
        return made

    return scores


def marks(lists: Lists) -> np.ndarray:
    """Which of the candidates of all lists, one list after the other, are targets."""
    right = torch.zeros_like(lists.candidates).scatter(1, lists.targets[:, None], True)
    return right[lists.candidates].numpy().astype(np.int8)
