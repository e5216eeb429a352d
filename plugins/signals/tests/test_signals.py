"""Each signal fires on a run that breaks it, and on no other."""

from __future__ import annotations

import math
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lvmctl_signals.signals import signals_of
from lvmctl_signals.table import PUBLISHED, RULES

DOCUMENTED = {
    # docs/methods.md#recipes, "Training signals", typed again: low, high, when, epoch, recipes
    "gate-weight": ("gate_weight_mean", 0.5, None, "after", 0, PUBLISHED),
    "stuck": ("cos_next", 0.35, None, "after", 5, PUBLISHED),
    "drift": ("cos_anchor", 0.05, None, "after", 0, PUBLISHED),
    "lambda-eff": ("lambda_eff", 0.001, 0.02, "after", 0, PUBLISHED),
    "loss-share": ("loss_share", 0.15, 0.35, "after", 0, PUBLISHED),
    "cos-next": ("cos_next", 0.50, None, "by", 5, PUBLISHED),
    "margin": ("margin[last]", 0, None, "by", 5, PUBLISHED),
    "retrieval": ("r@5", 0.70, None, "by", 8, PUBLISHED),
    "p7-margin-1": ("margin[last]", 0.05, 0.15, "at", 1, ("p7",)),
    "p7-cos_next-1": ("cos_next", 0.25, 0.35, "at", 1, ("p7",)),
    "p7-margin-5": ("margin[last]", 0.20, 0.30, "at", 5, ("p7",)),
    "p7-cos_next-5": ("cos_next", 0.40, 0.50, "at", 5, ("p7",)),
    "p7-margin-10": ("margin[last]", 0.25, 0.40, "at", 10, ("p7",)),
    "p7-cos_next-10": ("cos_next", 0.45, 0.55, "at", 10, ("p7",)),
}
BOUNDS = [
    (rule, side) for rule in RULES for side in ("low", "high") if getattr(rule, side) is not None
]


def names(history, recipe="p8"):
    return [signal.signal for signal in signals_of(history, recipe)]


def key(rule):
    return "margin" if "margin" in rule.path else rule.path[-1]


def test_the_table_is_that_of_methods():
    ours = {r.name: (r.figure, r.low, r.high, r.when, r.epoch, r.recipes) for r in RULES}
    assert ours == DOCUMENTED
    assert [rule.name for rule in RULES if rule.above] == ["margin"]


@pytest.mark.parametrize("recipe", ["p7", "p8", None])
def test_a_healthy_run_has_no_signal(history, recipe):
    assert signals_of(history(), recipe) == []


@pytest.mark.parametrize(("rule", "side"), BOUNDS, ids=lambda x: getattr(x, "name", x))
def test_a_bound_satisfies_and_what_lies_beyond_does_not(history, rule, side):
    bound = getattr(rule, side)
    out = -1e-4 if side == "low" else 1e-4
    at = bound - out if rule.above else bound
    assert rule.name not in names(history(**{key(rule): at}), "p7")
    assert rule.name not in names(history(**{key(rule): at + out / 1000}), "p7")
    broken = [
        s for s in signals_of(history(**{key(rule): bound + out}), "p7") if s.signal == rule.name
    ]
    assert len(broken) == 1
    (signal,) = broken
    first = {"after": rule.epoch + 1, "by": rule.epoch, "at": rule.epoch}[rule.when]
    assert (signal.epoch, signal.value) == (first, bound + out)
    assert (signal.low, signal.high, signal.unreachable) == (rule.low, rule.high, False)
    assert signal.source == rule.source
    assert signal.source in signal.text


def test_a_margin_of_nothing_is_not_above_nothing(history):
    assert "margin" in names(history(margin=0.0))


def test_the_lines(history):
    texts = {
        s.signal: s.text for s in signals_of(history(cos_next=0.31, lambda_eff=1e-5, margin=-0.1))
    }
    assert texts["stuck"] == (
        "warning: epoch 6: cos_next 0.31 < 0.35 after epoch 5: stuck "
        "(P7 quick start, failure signals)"
    )
    assert texts["lambda-eff"] == (
        "warning: epoch 1: lambda_eff 1e-05, not 0.001 to 0.02 (P6b implementation, logs to watch)"
    )
    assert texts["margin"] == (
        "warning: epoch 5: best margin[last] -0.1 <= 0 by epoch 5: a correct model of text has it "
        "below 0 (P6b implementation, success criteria)"
    )


def test_a_figure_is_never_shown_as_the_bound_it_breaks(history):
    (signal,) = signals_of(history(cos_anchor=0.04999))
    assert "cos_anchor 0.04999 < 0.05" in signal.text


def test_signals_come_in_the_order_of_epochs(history):
    epochs = [signal.epoch for signal in signals_of(history(cos_next=0.1, **{"r@5": 0.1}), "p7")]
    assert epochs == sorted(epochs) == [1, 5, 5, 6, 8, 10]


@pytest.mark.parametrize("recipe", ["p9", "ranker/p9", "plain", "mine"])
def test_what_the_reports_expect_of_their_recipes_is_not_asked_of_others(history, recipe):
    drifted = history(cos_next=0.1, cos_anchor=0.01, margin=-0.3, **{"r@5": 0.1})
    assert signals_of(drifted, recipe) == []
    assert {"stuck", "drift", "cos-next", "margin", "retrieval"} <= {*names(drifted, "p8")}


@pytest.mark.parametrize("recipe", ["p7", "p7/p7", "lvmctl-p7/p7"])
def test_the_bands_are_p7s(history, recipe):
    low = history(margin=0.01)
    assert names(low, recipe) == ["p7-margin-1", "p7-margin-5", "p7-margin-10"]
    assert names(low, "p8") == names(low, "other-p7") == names(low, None) == []


def test_by_an_epoch_takes_the_best_so_far(history):
    records = history(cos_next=0.4)
    records[2]["val"]["cos_next"] = 0.6
    assert names(records) == []
    del records[2]["val"]
    assert [(s.signal, s.epoch) for s in signals_of(records)] == [("cos-next", 5)]
    del records[4]["val"]
    assert [(s.signal, s.epoch) for s in signals_of(records)] == [("cos-next", 6)]
    assert signals_of(records[:5]) == []


def test_by_an_epoch_is_judged_once(history):
    records = history()
    for record in records[6:]:
        record["val"]["cos_next"] = 0.4
    assert names(records) == []


def test_a_band_is_judged_at_its_epoch_alone(history):
    records = history()
    for record in records:
        if record["epoch"] not in (1, 5, 10):
            record["val"]["margin"]["last"] = 0.9
    assert names(records, "p7") == []


@pytest.mark.parametrize("ceiling", [0.24, 0.1])
def test_a_band_above_the_ceiling_is_unreachable(history, ceiling):
    signals = signals_of(history(margin=0.06, ceiling=ceiling), "p7")
    unreachable = {signal.signal: signal.unreachable for signal in signals}
    assert unreachable == {"p7-margin-5": ceiling < 0.2, "p7-margin-10": True}
    assert signals[-1].text == (
        "note: epoch 10: margin[last] 0.25 to 0.4 is UNREACHABLE: no model of this class can have "
        f"more than {ceiling} on this data (P7 implementation, expected by epoch)"
    )


@pytest.mark.parametrize(("ceiling", "unreachable"), [(0.0, True), (-0.01, True), (0.01, False)])
def test_the_margin_above_nothing_has_a_ceiling_too(history, ceiling, unreachable):
    (signal,) = signals_of(history(margin=-0.1, ceiling=ceiling))
    assert signal.unreachable is unreachable
    if unreachable:
        assert "margin[last] > 0 by epoch 5 is UNREACHABLE" in signal.text
        assert "below 0 (" not in signal.text


def test_any_figure_may_have_a_ceiling(history):
    records = history(cos_anchor=0.01)
    for record in records:
        record["val"]["ceiling"] = {"cos_anchor": 0.02}
    (signal,) = signals_of(records)
    assert signal.unreachable
    assert "cos_anchor >= 0.05 is UNREACHABLE" in signal.text
    assert "more than 0.02" in signal.text


def test_a_margin_above_its_band_is_not_unreachable(history):
    (signal,) = [s for s in signals_of(history(margin=0.2, ceiling=0.01), "p7") if s.epoch == 1]
    assert not signal.unreachable


@pytest.mark.parametrize("value", [None, math.nan, math.inf, -math.inf, "0.1", True, [], {}])
def test_what_is_no_figure_is_not_judged(history, value):
    figures = ("margin", "cos_next", "cos_anchor", "r@5", "gate_weight_mean", "lambda_eff")
    assert signals_of(history(**dict.fromkeys(figures, value)), "p7") == []
    (signal,) = signals_of(history(margin=-1.0, ceiling=value))
    assert not signal.unreachable


JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers(-2, 12) | st.text(max_size=3),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["epoch", "train", "val", "margin", "last"]), inner)
    ),
    max_leaves=12,
)


@given(st.lists(JSON, max_size=4), JSON)
def test_nothing_raises(history, recipe):
    signals_of(history, recipe)


@given(st.lists(st.floats(-1, 1), max_size=12), st.integers(0, 12))
def test_signals_are_not_repeated(values, stop):
    history = [
        {"epoch": e, "val": {"cos_next": v, "cos_anchor": v, "margin": {"last": v}, "r@5": v}}
        for e, v in enumerate(values, 1)
    ]
    before, after = signals_of(history[:stop], "p7"), signals_of(history, "p7")
    assert [signal for signal in after if signal.epoch <= stop] == before
    assert len({signal.signal for signal in after}) == len(after)
    assert all(re.match(r"warning: epoch \d+: \S", signal.text) for signal in after)
