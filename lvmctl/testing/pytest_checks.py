"""The conformance kit under pytest: one test for each check."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from lvmctl.testing.check import Skipped
from lvmctl.testing.conformance import Case, cases, expect


class CheckTest:
    """A case as pytest runs it: a rule that does not apply is a skipped test."""

    def __init__(self, case: Case) -> None:
        self.case = case

    def __call__(self) -> None:
        try:
            self.case()
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
            CheckTest(case),
            id=case.id,
            marks=[pytest.mark.xfail(reason=reasons[case.id], strict=True)]
            if case.id in reasons
            else [],
        )
        for case in chosen
    ]
    return pytest.mark.parametrize("check", tests)
