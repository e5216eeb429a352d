"""The verdict's sentence: which epoch it speaks of, and when nothing found is nothing known."""

from __future__ import annotations

import pytest
from diagnostics.histories import planted, records, val

from lvmctl.core.formatting import number
from lvmctl.diagnostics.runs.history import History
from lvmctl.diagnostics.runs.rendering import sentence, unknown, verdict
from lvmctl.diagnostics.runs.run import best_epoch


def test_the_figures_are_of_the_last_epoch():
    text = sentence([], History(records()), "")
    last = records()[-1]["val"]
    assert text == (
        f"No fault was found in 10 epochs: it ends with cos_next {number(last['cos_next'])} "
        f"(direct .420), R@5 {number(last['r@5'])} (chance .140)."
    )
    assert sentence([], History(records(1)), "").startswith("No fault was found in 1 epoch: ")


def test_figures_of_an_earlier_epoch_are_called_so():
    def unmeasured(record):
        if record["epoch"] > 8:
            del record["val"]["cos_next"]
        record["val"]["direct"] = {"cos_next": 0.0}

    history = planted(unmeasured)
    value = history.last("val.cos_next")
    assert f"cos_next {number(value)} at epoch 8 (direct .000), R@5" in sentence([], history, "")


def test_an_unfinished_run_is_called_so():
    history = planted(epochs=1, config={"options": {"epochs": 50}})
    assert sentence([], history, "").startswith("No fault was found in 1 of 50 epochs: ")


@pytest.mark.parametrize(
    ("beside", "known"),
    [
        ({}, False),
        ({"r@5": 0.3}, False),
        ({"chance_r@5": 0.1}, False),
        ({"direct": {"r@5": 0.3}}, False),
        ({"direct": {"cos_next": 0.3}}, True),
        ({"r@5": 0.3, "chance_r@5": 0.1}, True),
        ({"r@5": 0.3, "direct": {"r@5": 0.2}}, True),
    ],
)
def test_nothing_found_is_nothing_known_without_anything_to_compare_with(beside, known):
    doubt = unknown(History([{"epoch": 1, "val": {"cos_next": 0.5, **beside}}]))
    assert (doubt == "") == known
    assert verdict([], doubt) == ("HEALTHY" if known else "UNDECIDED")
    if not known:
        assert "records (cos_next .500" in doubt
        assert "neither direct nor a rank beside chance" in sentence([], History([]), doubt)


def test_figures_that_cannot_be_leave_it_undecided():
    doubt = unknown(planted(val(**{"mrr@10": 3.0})))
    assert "figures that cannot be: val.mrr@10 3 (epoch 10)" in doubt
    assert "val.cos_next 7 (epoch 1)" in unknown(History([{"epoch": 1, "val": {"cos_next": 7}}]))


def test_nothing_measured_is_reported():
    assert "Nothing was measured" in unknown(History([{"epoch": 1}]))


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
