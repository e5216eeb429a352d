"""The conformance kit under pytest: one test for each check, and the numbers of a profile."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

import pytest

from lvmctl.evaluation.gates.profiles import find_profile
from lvmctl.registry import load_registry
from lvmctl.testing.check import Skipped
from lvmctl.testing.conformance import Case, cases, expect


def run(case: Case) -> None:
    """Run a case as a test: a rule that does not apply is a skipped one."""
    try:
        case()
    except Skipped as reason:
        pytest.skip(str(reason))


def parametrize_with_checks(
    *names: str,
    options: Mapping[str, Any] | None = None,
    expected_failures: Mapping[str, str] | None = None,
) -> pytest.MarkDecorator:
    """Turn a test function of one argument, ``check``, into a test for each check::

        @parametrize_with_checks("angular", expected_failures={"finite_in_bf16": "float32 only"})
        def test_conformance(check):
            check()

    Args:
        names: installed plugins or records, see :func:`lvmctl.testing.conformance.cases`.
        options: values by option name, for a record.
        expected_failures: reasons by check name, or by ``"loss angular: finite_in_bf16"``. Such a
            test must fail: when it passes, the excuse has to go.

    Raises:
        PluginError: an unknown name, or a broken or disabled plugin.
        UsageError: options or expected failures that nothing has.
    """
    chosen = [case for name in names for case in cases(name, options)]
    reasons = expect(chosen, expected_failures or {})
    tests = [
        pytest.param(
            partial(run, case),
            id=case.id,
            marks=[pytest.mark.xfail(reason=reasons[case.id], strict=True)]
            if case.id in reasons
            else [],
        )
        for case in chosen
    ]
    return pytest.mark.parametrize("check", tests)


DETAILS = ("against", "require_interval", "marginal", "optional", "seed_metric")
"""What a line of :func:`gate_lines` names where a gate has it."""


def gate_lines(profile: str) -> list[str]:
    """The gates of an installed profile, a line each, to compare with numbers that were typed from
    their source a second time: ``A val offsets.fair >= 0.05 seed_metric=offsets.seed``."""
    lines = []
    for gate in find_profile(load_registry(), profile)[1]:
        bound = f">= {gate.at_least:g}" if gate.at_most is None else f"<= {gate.at_most:g}"
        values = {name: getattr(gate, name) for name in DETAILS}
        details = [n if v is True else f"{n}={v}" for n, v in values.items() if v]
        lines.append(" ".join([gate.category or "-", gate.split, gate.metric, bound, *details]))
    return lines
