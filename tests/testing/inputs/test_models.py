"""How the models that are checked come about: small, and without a trace."""

from __future__ import annotations

from dataclasses import dataclass, replace

import pytest
import torch
from judged import failures
from sound_models import Free, outcomes

from lvmctl.config import option
from lvmctl.nn.records import MODELS
from lvmctl.nn.sequence.options import SequenceOptions
from lvmctl.registry import load_registry
from lvmctl.testing.checks.model import CHECKS
from lvmctl.testing.conformance import cases
from lvmctl.testing.inputs.models import small


@dataclass(frozen=True, kw_only=True)
class Wide(SequenceOptions):
    least: int = option(64, "least width", low=1, high=10**6)

    def __post_init__(self):
        if self.width < self.least:
            raise ValueError("too narrow")


@dataclass(frozen=True, kw_only=True)
class Own:
    width: int = option(512, "width", low=1, high=10**6)


def test_only_the_sizes_of_the_common_encoder_are_made_small():
    options = SequenceOptions(encoder="gru", dropout=0.3)
    sizes = {"width": 16, "layers": 2, "heads": 2, "feedforward": 32}
    assert small(options) == replace(options, **sizes)
    assert small(Own()) == Own()


def test_options_that_want_another_size_keep_theirs():
    assert small(Wide()) == Wide()


def test_checks_leave_no_trace_in_random_numbers():
    before = torch.get_rng_state()
    assert failures(outcomes(Free)) == {}
    assert torch.equal(torch.get_rng_state(), before)


@pytest.mark.parametrize("encoder", ["transformer", "lstm", "gru"])
@pytest.mark.parametrize("model", MODELS, ids=lambda record: record.name)
def test_the_models_of_core_pass(model, encoder):
    registry = load_registry()
    found = cases(f"core/{model.name}", {"encoder": encoder}, registry)
    ended = {case.check.name: case.outcome() for case in found if case.check in CHECKS}
    assert failures(ended) == {}
    assert ended["exportable"].why == "for any B"
