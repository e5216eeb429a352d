"""How figures are shown, and which baselines are fitted."""

from __future__ import annotations

from math import isnan, nan

import pytest
from diagnostics.worlds import world
from recorder import Recorder

from lvmctl.diagnostics.estimates import estimate_record, format_estimate
from lvmctl.diagnostics.measuring import fit_predictors, windows_of
from lvmctl.diagnostics.records import WindowOptions
from lvmctl.evaluation.gates.bounds import Estimate


@pytest.mark.parametrize(
    ("value", "ci", "signed", "text"),
    [
        (0.545, (0.53, 0.56), False, ".545 [.530, .560]"),
        (0.125, (-0.01, 1.2), True, "+.125 [-.010, +1.200]"),
        (0.125, (nan, nan), True, "+.125"),
        (0.125, (nan, 0.2), False, ".125"),
        (0.125, (0.1, nan), True, "+.125"),
        (nan, (nan, nan), True, "-"),
    ],
)
def test_an_interval_is_shown_where_there_is_one(value, ci, signed, text):
    record = estimate_record(value, ci)
    assert (record["ci"] is None) == any(map(isnan, ci))
    assert format_estimate(record, signed=signed) == text
    assert format_estimate(Estimate(value, *ci).record(), signed=signed) == text
    assert format_estimate(None) == "-"


def test_only_the_baselines_that_are_named_are_fit_predictors():
    train, _ = windows_of(world("ar1", articles=20, chunks=8), WindowOptions())
    names = ("ridge", "direct", "cone-oracle", "nobody")
    fitted = fit_predictors(train, Recorder(), names)
    assert {each.name: each.kind for each in fitted} == {
        "direct": "baseline",
        "ridge": "baseline",
        "cone-oracle": "oracle",
    }
    every = {each.name for each in fit_predictors(train, Recorder())}
    assert {"direct", "ridge", "ridge-centred", "wiener", "oracle"} < every
