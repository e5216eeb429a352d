"""The ceilings that plugins give to the metrics a run logs."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from lvmctl.core.errors import PluginError
from lvmctl.data import Windows, open_split
from lvmctl.evaluation.fivecat.ceilings import add_ceilings, known_metrics, margin_ceilings
from lvmctl.registry.declare import Plugin
from lvmctl.registry.find import Origin
from lvmctl.registry.registry import Registry
from lvmctl.registry.verdict_specs import MetricSpec

TARGETS = SimpleNamespace(
    good=lambda train, windows: np.full(len(windows), 0.25),
    short=lambda train, windows: np.zeros(3),
)


def registry(target: str) -> Registry:
    """A plugin whose metric ``told`` has this ceiling, and another metric without any."""
    known = MetricSpec(
        name="told", summary="s", chance=0.5, ceiling="top", target=f"{__name__}:TARGETS.{target}"
    )
    origin = Origin("mine", "lvmctl-mine", "1.0", "mine")
    records = (known, MetricSpec(name="other", summary="s"))
    return Registry([Plugin(origin, "ok", records=records)], hook=None)


def ceilings(target: str, logged: set[str], train: bool = True) -> dict:
    windows = Windows(open_split("synth:ar1?articles=4&chunks=10&dim=4"), 3, 1)
    subject = SimpleNamespace(train=windows if train else None, val=windows)
    metric_tables = {"val": SimpleNamespace(windows=windows, ceilings={})}
    add_ceilings(registry(target), metric_tables, "unit", subject, logged)
    ceilings = metric_tables["val"].ceilings
    assert ceilings.pop("unit-margin-ceiling")
    return ceilings


def test_a_metric_that_the_run_logs_has_its_ceiling():
    (column,) = ceilings("good", {"told"})["top"].values()
    assert column.mean() == 0.25
    assert len(column.rows) == 28


def test_nothing_is_asked_of_what_is_not_logged_or_cannot_be_fitted():
    assert ceilings("short", {"else"}) == {}
    assert ceilings("short", {"told"}, train=False) == {}


def test_a_ceiling_of_another_form_is_the_plugins_fault():
    with pytest.raises(PluginError, match=r"mine.*a ceiling has 28 values, not \(3,\)"):
        ceilings("short", {"told"})


def test_a_free_prediction_is_bounded_by_how_far_the_target_is_from_the_previous():
    windows = Windows(open_split("synth:ar1?articles=3&chunks=9&dim=4"), 3, 2)
    ceilings = margin_ceilings(windows, "unit")
    vectors = windows.split.unit_rows(0, 27).astype(np.float64)
    for name, away in (("last", 2), ("second_last", 1), ("unseen", -2)):
        # The target is chunk 4 of the window; its mirror image has to be of the same article.
        rows = [i for i, s in enumerate(windows.position) if s + away >= 0]
        first = windows.rows[rows]
        wanted = np.linalg.norm(vectors[first + 4] - vectors[first + away], axis=1)
        assert ceilings[f"margin.{name}"].rows.tolist() == rows
        assert ceilings[f"margin.{name}"].values == pytest.approx(wanted, abs=1e-6)


def test_what_is_known_of_logged_metrics():
    assert known_metrics(registry("good"), {"told", "other", "more"}) == {
        "told": {"chance": 0.5, "ceiling": "top"}
    }
