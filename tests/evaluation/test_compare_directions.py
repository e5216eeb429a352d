"""A recipe read forward beside itself read backward."""

from __future__ import annotations

import numpy as np
import pytest
from evaluation.test_compare import compared, train

from lvmctl.evaluation.compare_rendering import compare_lines, easier, latency_lines
from lvmctl.evaluation.eval_data import EvalRequest, of_run
from lvmctl.evaluation.trained import load_run
from lvmctl.registry import load_registry

WORLD = "synth:topic?articles=60&chunks=16&dim=12&seed=3"


@pytest.fixture(scope="module")
def pair(tmp_path_factory):
    """Paths of a run that reads forward and of one that reads backward."""
    place = tmp_path_factory.mktemp("directions")
    return [train(place, way, data=WORLD, direction=way) for way in ("forward", "backward")]


def test_a_run_is_evaluated_on_what_it_read(pair):
    forward, backward = (
        of_run(EvalRequest(), load_run(load_registry(), path)).val for path in pair
    )
    assert not forward.split.backward
    assert backward.split.backward
    first = np.array([0])  # begins where the article ends
    end = int(forward.split.starts[0] + forward.split.lengths[0])
    read = forward.split.unit_rows(end - 6, end)[::-1]
    assert np.allclose(backward.context(first)[0], read[:5], atol=1e-6)
    assert np.allclose(backward.target(first)[0], read[5], atol=1e-6)


def test_the_difference_is_that_of_the_two_rows_and_its_interval_holds_it(pair):
    result = compared(pair).to_dict()
    (both,) = result["directions"]
    assert (both["forward"], both["backward"]) == ("forward", "backward")
    rows = result["predictors"]
    for path in ("cos_next", "in_article.filtered.r@5"):
        values = [_at(rows[name], path) for name in ("forward", "backward")]
        difference = both["differences"][path]
        assert difference["value"] == pytest.approx(values[0] - values[1], abs=1e-9)
        assert difference["ci"][0] <= difference["value"] <= difference["ci"][1]
    # The world is reversible: neither way is easier.
    low, high = both["differences"]["cos_next"]["ci"]
    assert low < 0.02
    assert high > -0.02
    shown = " ".join(compared(pair).table().split())
    assert "forward minus backward, which reads backward: " in shown
    assert "backward minus direct (K = 5, horizon 1, read backward)" in shown
    assert "Baselines in the table read forward" in shown


@pytest.mark.parametrize(
    ("ci", "says"),
    [
        ((0.01, 0.03), "forward better by MRR@10"),
        ((-0.03, -0.01), "backward better by MRR@10"),
        ((-0.01, 0.03), "neither way clearly better by MRR@10"),
    ],
)
def test_the_interval_says_which_way_is_better(ci, says):
    differences = {"cos_next": {"ci": (-1, -1)}, "in_article.filtered.mrr@10": {"ci": ci}}
    assert easier({"differences": differences}) == f"{says}, paired by article"


def test_runs_of_one_direction_are_no_pair(pair):
    assert compared(pair[:1]).to_dict()["directions"] == []


def _at(tree, path):
    parts = path.split(".")
    for part in parts:
        tree = tree[part]
    return tree


def test_one_is_counted_in_the_singular():
    val = {"name": "s@val"}
    result = {"data": {"val": val}, "windows": 1, "articles": 1, "window": 1}
    line = " ".join(next(compare_lines(result)).split())
    assert line.startswith("1 target of 1 article of s@val")
    assert line.endswith("(1 chunk)")


def test_latency_lines_fit():
    each = {"p50": 1234.567, "p95": 2345.678}
    times = {batch: dict.fromkeys(("query", "reference", "score"), each)
             for batch in ("batch_1", "batch_256")}  # fmt: skip
    times |= {"reference": "lstm model of the same size", "ratio": 1.25, "ratio_ci": [1.1, 1.4]}
    lines = "\n".join(latency_lines(times)).splitlines()
    assert max(map(len, lines)) <= 80
    said = " ".join(" ".join(lines).split())
    assert said.count("score 1234.57 (p95 2345.68)") == 2
    assert "times that of the lstm model of the same size: 1.250 [1.100, 1.400]" in said
