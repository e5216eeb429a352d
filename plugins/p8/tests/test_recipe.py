"""P8's published settings, value by value, and what they compose."""

from __future__ import annotations

import pytest
from lvmctl_p8.options import KillOptions, P8Options
from lvmctl_p8.recipe import compose

from lvmctl import UsageError
from lvmctl.config import bind, describe

PUBLISHED = {
    # docs/methods.md#p8
    "context": 5,
    "horizon": 1,
    "temperature": 0.07,
    "negatives": 2,
    "in_batch": 0,
    "margin": 0.07,
    "w_rank": 1.0,
    "w_margin": 0.5,
    "w_order": 0.2,
    "epochs": 10,
    "batch_size": 32,
    # docs/methods.md#common-settings
    "encoder": "transformer",
    "width": 512,
    "layers": 4,
    "heads": 8,
    "feedforward": 2048,
    "dropout": 0.1,
    "lr": 5e-4,
    "weight_decay": 0.01,
    "clip": 1.0,
    # The report's kill rule is there for those who want it.
    "kill_rule": False,
}


def test_the_defaults_are_the_published_values():
    defaults = {info.short: info.default for info in describe(P8Options)}
    assert {name: defaults[name] for name in PUBLISHED} == PUBLISHED


def test_the_kill_rule_is_the_published_one():
    assert KillOptions() == KillOptions(epoch=2, margin=0.0, r_at_5=0.75)


def test_the_composition():
    composition = compose(P8Options())
    assert composition.model.name == "p8/mixture"
    weights = {part.name: part.weight for part in composition.losses}
    assert weights == {"p8/listwise": 1.0, "core/previous-repel": 0.5, "p8/order": 0.2}
    assert composition.gates == ()
    assert composition.run_name == {"c": 5, "m": 0.07}


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"negatives": "7"}, "7 is above 6"),
        ({"in_batch": "-1"}, "-1 is below 0"),
        ({"temperature": "0"}, "is below 0.001"),
        ({"margin": "2.5"}, "2.5 is above 2"),
        ({"encoder": "rnn"}, "'rnn' is not one of transformer, lstm, gru"),
        ({"dropout": "1"}, "1.0 is above 0.9"),
        ({"temprature": "1"}, "temperature"),
    ],
)
def test_a_value_out_of_range_is_refused(values, message):
    with pytest.raises(UsageError, match=message):
        bind(P8Options, [("--set", values)])
