"""How figures are shown, and which baselines are fitted."""

from __future__ import annotations

from math import nan

import pytest
from diagnostics.worlds import world
from recorder import Recorder

from lvmctl.diagnostics.data.window_options import WindowOptions
from lvmctl.diagnostics.measuring import fitted, shown, windows_of
from lvmctl.evaluation.gates.bounds import Estimate


@pytest.mark.parametrize(
    ("figure", "signed", "text"),
    [
        (Estimate(0.545, 0.53, 0.56), False, ".545 [.530, .560]"),
        (Estimate(0.125, -0.01, 1.2), True, "+.125 [-.010, +1.200]"),
        (Estimate(0.125, nan, nan), False, ".125"),
        (Estimate(0.125, nan, nan), True, "+.125"),
        (Estimate(0.125, nan, 0.2), True, "+.125"),
        (Estimate(0.125, 0.1, nan), True, "+.125"),
        (Estimate(nan, nan, nan), True, "-"),
        (None, False, "-"),
    ],
)
def test_an_interval_is_shown_where_there_is_one(figure, signed, text):
    assert shown(figure, signed) == text


def test_only_the_baselines_that_are_named_are_fitted():
    options = WindowOptions()
    train, _ = windows_of(world("ar1", articles=20, chunks=8), options)
    found = fitted(train, options, Recorder(), ("ridge", "direct", "cone-oracle", "nobody"))
    assert {one.name: one.kind for one in found} == {
        "direct": "baseline",
        "ridge": "baseline",
        "cone-oracle": "oracle",
    }
    every = {one.name for one in fitted(train, options, Recorder())}
    assert {"direct", "ridge", "ridge-centred", "wiener", "oracle"} < every
