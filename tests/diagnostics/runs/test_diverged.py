"""Figures that are no numbers at the end, as this tool and as others write them down."""

from __future__ import annotations

import math

import pytest
from diagnostics.histories import planted, val

from lvmctl.diagnostics.runs.history import History
from lvmctl.diagnostics.runs.history_rules import diverged


def ending(*values, name="cos_next", **beside):
    """A history of one figure of validation."""
    return History([{"epoch": e + 1, "val": {name: v, **beside}} for e, v in enumerate(values)])


def since(history):
    return [finding.epoch for finding in diverged(history)]


@pytest.mark.parametrize("broken", [math.nan, math.inf, -math.inf])
def test_a_figure_that_ends_as_no_number_has_diverged(broken):
    (finding,) = diverged(ending(0.4, 0.5, broken, broken, broken))
    assert (finding.name, finding.severity, finding.epoch) == ("diverged", "critical", 3)
    assert finding.evidence == (
        "NaN or infinite up to the last epoch (5): val.cos_next from epoch 3; the last "
        "cos_next is .500 (epoch 2)"
    )
    assert since(ending(broken, broken)) == [1]


def test_what_is_a_number_again_has_not_diverged():
    assert since(ending(0.4, math.nan, 0.5)) == []
    assert since(ending(math.nan, 0.4, math.nan)) == [3]
    assert since(ending(None, math.nan, name="loss", cos_next=0.5)) == [1]


@pytest.mark.parametrize("name", ["cos_next", "cos_anchor", "loss"])
def test_null_is_how_this_tool_writes_nan(name):
    (finding,) = diverged(planted(val(8, **{name: None})))
    assert (finding.epoch, f"val.{name} from epoch 8" in finding.evidence) == (8, True)


def test_the_loss_of_training_and_lambda_count_too():
    def break_down(record):
        if record["epoch"] >= 9:
            record["train"]["loss"] = math.nan
        if record["epoch"] == 10:
            record["anchor_lambda"] = None

    (finding,) = diverged(planted(break_down))
    assert finding.epoch == 9
    assert "train.loss from epoch 9, anchor_lambda from epoch 10; the last" in finding.evidence


@pytest.mark.parametrize("name", ["margin", "margin.last"])
def test_a_margin_counts_by_either_name(name):
    assert since(ending(0.1, math.nan, name=name)) == [2]


def test_null_may_mean_that_nothing_was_measured():
    assert since(ending(0.4, None)) == []  # nothing else in that epoch either
    assert since(ending(0.4, None, windows=5)) == [2]
    assert since(ending(None, 0.4, None, windows=5)) == []  # every other epoch
    assert since(ending(None, None, name="loss", cos_next=0.5)) == []  # never
    assert since(ending(None, None, windows=5)) == [1]  # measured, and without a cosine


def test_what_is_left_out_is_not_broken():
    assert since(History([{"epoch": 1, "val": {"cos_next": 0.4}}, {"epoch": 2, "val": {}}])) == []
    assert since(ending(0.4, "high")) == []
    assert since(ending(0.4, 10**400)) == []
