"""Which epoch's weights are the best ones, read from a history."""

from __future__ import annotations

import pytest
from diagnostics.histories import planted

from lvmctl.diagnostics.runs.history import History
from lvmctl.diagnostics.runs.run import best_epoch


@pytest.mark.parametrize(("by", "epoch"), [("loss", 2), ("mrr@10", 3), ("cos_next", 1)])
def test_the_best_epoch_is_that_of_the_metric_that_was_asked(by, epoch):
    figures = {"loss": (3, 1, 2), "mrr@10": (0.1, 0.1, 0.2), "cos_next": (0.5, 0.4, 0.3)}
    history = History(
        [
            {"epoch": e + 1, "val": {name: values[e] for name, values in figures.items()}}
            for e in range(3)
        ],
        {"options": {"best_by": by}},
    )
    assert best_epoch(history) == epoch


def test_without_the_metric_the_best_epoch_is_that_of_cos_next():
    history = planted(
        lambda record: record["val"].pop("loss"), config={"options": {"best_by": "loss"}}
    )
    best = max(history.curve("val.cos_next"), key=lambda point: point.value)
    assert best_epoch(history) == best.epoch
    assert best_epoch(History([{"epoch": 1}])) is None
