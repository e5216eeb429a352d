"""Summaries of commands are shown whole."""

from __future__ import annotations

import pytest


@pytest.mark.parametrize(
    "group", ["", "data", "eval", "diagnose", "plugins", "experiments", "runs"]
)
def test_no_summary_is_cut(run_cli, group):
    shown = run_cli(*group.split(), "--help").stdout.partition("Commands:")[2]
    assert shown
    assert "..." not in shown
