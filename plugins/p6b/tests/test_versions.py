"""The versions against docs/methods.md#recipes, value by value."""

from __future__ import annotations

import pytest
from lvmctl_p6b.versions import LAMBDA_MIN, RATIO_MARGIN, VERSIONS

# docs/methods.md#p6b, epochs counted from 1: (margin, share, cap) per epoch.
STAGES = {
    "1": [(0.02, 0.10, None)] * 2 + [(0.04, 0.20, None)] * 3 + [(0.05, 0.25, None)] * 7,
    "2": [(0.02, 0.10, None)] * 3
    + [(0.03, 0.15, None)] * 3
    + [(0.04, 0.20, None)] * 3
    + [(0.05, 0.25, None)] * 3,
    "2.1": [(0.02, 0.15, 0.25)] * 3
    + [(0.03, 0.15, 0.25)] * 3
    + [(0.04, 0.15, 0.25)] * 3
    + [(0.05, 0.15, 0.25)] * 3,
    "2.2": [(0.06, 0.15, 0.35)] * 3 + [(0.06, 0.25, 0.45)] * 3 + [(0.07, 0.35, 0.50)] * 6,
    "2.3": [(0.02, 0.15, 0.30)] * 3 + [(0.03, 0.20, 0.35)] * 3 + [(0.04, 0.25, 0.40)] * 6,
}

# gamma, lambda_max, ratio_weight, skip, floor, floor_weight, norm, orthogonality, confidence
CONSTANTS = {
    "1": (8, 0.05, 0, "never", 0, 0, 0, 0, False),
    "2": (4, 0.02, 0, "negative", 0, 0, 0, 0, False),
    "2.1": (4, 0.02, 0.3, "bad-sign", 0.10, 1e-3, 1e-3, 0, False),
    "2.2": (4, 0.03, 0.3, "bad-sign", 0.12, 2e-3, 1e-3, 5e-4, False),
    "2.3": (4, 0.018, 0.3, "bad-sign", 0.10, 1e-3, 1e-3, 1e-4, True),
}


def test_there_are_five_versions():
    assert list(VERSIONS) == ["1", "2", "2.1", "2.2", "2.3"]


@pytest.mark.parametrize("name", STAGES)
def test_margins_shares_and_caps_of_every_epoch(name):
    stages = [VERSIONS[name].stage(epoch) for epoch in range(1, 13)]
    assert [(s.margin, s.share, s.cap) for s in stages] == STAGES[name]


@pytest.mark.parametrize("name", CONSTANTS)
def test_constants(name):
    v = VERSIONS[name]
    numbers = (v.gamma, v.lambda_max, v.ratio_weight, v.skip, v.floor, v.floor_weight)
    assert (*numbers, v.norm_weight, v.orthogonality, v.confidence) == CONSTANTS[name]


def test_what_all_versions_share():
    assert (LAMBDA_MIN, RATIO_MARGIN) == (1e-4, 0.05)
