"""Two real stores beside the checkout, measured by others in float64: agree to 1e-3."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from lvmctl.baselines.centroid import Centroid
from lvmctl.baselines.direct import Direct
from lvmctl.data import Windows, open_split
from lvmctl.evaluation.figures import figures
from lvmctl.evaluation.predictors import Predictor
from lvmctl.geometry import span_projection, unit
from lvmctl.spec import NoOptions, Shape

DATA = Path(__file__).parents[3] / "shared" / "data"
K = 5
# What this package measures of what the file holds.
SECTIONS = ("cos_prev", "margin", "in_article")

pytestmark = pytest.mark.skipif(
    not (DATA / "expected.json").is_file(), reason=f"there are no shared stores at {DATA}"
)


@pytest.fixture(scope="module", params=["books", "math"])
def store(request):
    """Windows of a store and what is expected of it."""
    expected = json.loads((DATA / "expected.json").read_text(encoding="utf-8"))[request.param]
    return Windows(open_split(str(DATA / request.param)), K, 1), expected


def span_oracle(windows: Windows) -> np.ndarray:
    q = []
    for index in np.array_split(np.arange(len(windows)), 20):
        context, target = (torch.from_numpy(f(index)) for f in (windows.context, windows.target))
        q.append(unit(span_projection(context, target)).float().numpy())
    return np.concatenate(q)


@pytest.mark.parametrize("predictor", ["direct", "centroid", "span-oracle"])
def test_figures_agree(store, predictor):
    windows, expected = store
    assert len(windows) == expected["windows"]
    assert len(windows.split.articles) == expected["articles"]
    if predictor == "span-oracle":
        q = span_oracle(windows)
    else:
        shape = Shape(windows.split.dim, K)
        made = {"direct": Direct, "centroid": Centroid}[predictor](NoOptions(), shape)
        q = Predictor(predictor, made)(windows)
    found, wanted = figures(windows, q), expected["predictors"][predictor]
    assert found["cos_next"] == pytest.approx(wanted["cos_next"], abs=1e-3)
    for section in SECTIONS:
        compare(found[section], wanted[section], section)


def compare(found: dict, wanted: dict, where: str) -> None:
    for key, value in wanted.items():
        if isinstance(value, dict):
            compare(found[key], value, f"{where}.{key}")
        else:
            assert found[key] == pytest.approx(value, abs=1e-3), f"{where}.{key}"
