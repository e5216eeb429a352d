"""Options of P9."""

from __future__ import annotations

from lvmctl_ranker.options import GROUPS, P9Options

from lvmctl.config import bind


def test_groups_are_left_out_by_name():
    options = bind(P9Options, [("--set", {"without": "rank,csls"})]).options
    assert options.ranker.without == ("rank", "csls")
    assert set(options.ranker.without) < set(GROUPS)
