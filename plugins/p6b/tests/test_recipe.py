"""P6b's published settings, value by value, what they compose, and what is refused."""

from __future__ import annotations

import pytest
from lvmctl_p6b.options import DirectionalOptions, P6bOptions
from lvmctl_p6b.recipe import compose

import lvmctl
from lvmctl import UsageError
from lvmctl.config import bind, describe

PUBLISHED = {
    # docs/methods.md#p6b
    "context": 5,
    "horizon": 2,
    "epochs": 12,
    "batch_size": 32,
    "w_mse": 1.0,
    "w_directional": 1.0,
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
    # The newest version; nothing of it is changed.
    "version": "2.3",
    "margin": None,
    "share": None,
    "share_cap": None,
    "lambda_max": None,
    "gamma": None,
}


def test_the_defaults_are_the_published_values():
    defaults = {info.short: info.default for info in describe(P6bOptions)}
    assert {name: defaults[name] for name in PUBLISHED} == PUBLISHED


def test_the_composition():
    composition = compose(P6bOptions(directional=DirectionalOptions(version="2.1")))
    assert composition.model.name == "core/free"
    weights = {part.name: part.weight for part in composition.losses}
    assert weights == {"core/mse": 1.0, "p6b/directional": 1.0}
    assert composition.gates == ()
    assert composition.run_name == {"v": "2.1", "c": 5}


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"version": "2.4"}, "'2.4' is not one of 1, 2, 2.1, 2.2, 2.3"),
        ({"horizon": "1"}, "1 is not allowed, it is fixed at 2"),
        ({"gamma": "0"}, "is below 0.001"),
        ({"share": "0"}, "0.0 is below 1e-06"),
        ({"lambda_max": "0"}, "is below 0.0001"),
    ],
)
def test_a_value_out_of_range_is_refused(values, message):
    with pytest.raises(UsageError, match=message):
        bind(P6bOptions, [("--set", values)])


def test_a_window_of_one_chunk_has_no_second_last(tmp_path):
    with pytest.raises(UsageError, match="second_last"):
        lvmctl.train("p6b", context=1, out=tmp_path / "a")
    assert not (tmp_path / "a").exists()


def test_a_model_without_a_raw_prediction_is_refused(tmp_path):
    pytest.importorskip("lvmctl_p8")
    missing = "loss directional needs the prediction's raw, which model p8/mixture"
    with pytest.raises(UsageError, match=missing):
        lvmctl.train("p8", loss="p6b/directional", out=tmp_path / "a")
