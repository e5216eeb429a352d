"""Which model a run's time is compared with."""

from __future__ import annotations

import pytest

from lvmctl.evaluation.fivecat.latency import reference_of
from lvmctl.registry import load_registry
from lvmctl.registry.verdict_specs import VerdictGate


def gate(**details) -> VerdictGate:
    return VerdictGate(name="g", summary="s", metric="latency.ratio", at_most=1.15, **details)


@pytest.mark.parametrize(
    ("gates", "model"),
    [
        ([], "core/free"),
        ([gate()], "core/free"),
        ([gate(), gate(reference="p8/mixture")], "p8/mixture"),
    ],
)
def test_the_gates_say_which_model_a_run_is_timed_beside(gates, model):
    assert reference_of(load_registry(), gates).qualified == model
