"""``track`` names plugins that are installed."""

from __future__ import annotations

import pytest

from lvmctl.core.errors import UsageError
from lvmctl.plan import make_plan
from lvmctl.registry import load_registry


@pytest.mark.parametrize(
    ("track", "words"), [("tensorbord", "tensorbord"), ("core,nothing-like-it", "lvmctl-trackers")]
)
def test_an_unknown_tracker_is_a_usage_error(track, words):
    with pytest.raises(UsageError, match=words):
        make_plan(load_registry(), "plain", [("--set", {"track": track})])


def test_names_are_split_at_commas():
    plan = make_plan(load_registry(), "plain", [("--set", {"track": "core, core"})])
    assert plan.options.tracked == ("core", "core")
