"""Two real stores beside the checkout, measured by others in float64: agree to 1e-3."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from lvmctl.data import Windows, open_split
from lvmctl.evaluation.measure import Protocol, measure
from lvmctl.evaluation.predictors import baselines, named
from lvmctl.evaluation.statistics.intervals import Resampling
from lvmctl.evaluation.summary import summary
from lvmctl.registry import load_registry
from lvmctl.registry.specs import Shape

DATA = Path(__file__).parents[3] / "shared" / "data"
K = 5

pytestmark = pytest.mark.skipif(
    not (DATA / "expected.json").is_file(), reason=f"there are no shared stores at {DATA}"
)


@pytest.mark.parametrize(
    ("store", "predictor"),
    [("books", "direct"), ("math", "direct"), ("math", "centroid"), ("math", "span-oracle")],
)
def test_every_field_agrees(store, predictor):
    expected = json.loads((DATA / "expected.json").read_text(encoding="utf-8"))[store]
    windows = Windows(open_split(str(DATA / store)), K, 1)
    assert len(windows) == expected["windows"]
    assert len(windows.split.articles) == expected["articles"]
    chosen = named(baselines(load_registry(), Shape(windows.split.dim, K))[0], predictor)
    tree = summary(
        windows,
        measure(windows, chosen, Protocol()),
        Resampling(len(windows.split.articles), resamples=2),
    )
    assert compared(tree, expected["predictors"][predictor], predictor) == 1 + 3 + 3 + 4 * 7


def compared(tree: dict, wanted: dict, where: str) -> int:
    """Compare every field of ``wanted``; how many there were."""
    count = 0
    for key, value in wanted.items():
        if isinstance(value, dict):
            count += compared(tree[key], value, f"{where}.{key}")
        else:
            assert tree[key] == pytest.approx(value, abs=1e-3), f"{where}.{key}"
            count += 1
    return count
