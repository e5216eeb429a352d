"""Checks under pytest: one test each, with expected failures that have to fail."""

from __future__ import annotations

import pytest

from lvmctl.core.errors import PluginError, UsageError
from lvmctl.testing import conformance, parametrize_with_checks
from lvmctl.testing.check import Check, CheckFailed, Skipped
from lvmctl.testing.conformance import cases

pytest_plugins = ["pytester"]


def holds(subject):
    pass


def breaks(subject):
    raise CheckFailed("it is 3, not 2")


def applies(subject):
    raise Skipped("there is none")


@pytest.fixture
def ends(pytester, monkeypatch):
    """Runs a test of three checks in a pytest of its own and counts how they ended."""
    made = tuple(Check(run.__name__, "", run) for run in (holds, breaks, applies))
    monkeypatch.setattr(conformance, "checks", lambda kind: () if kind == "plugin" else made)
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")

    def run(decorator: str) -> dict[str, int]:
        pytester.makepyfile(
            f"""
            from lvmctl.testing import parametrize_with_checks

            @{decorator}
            def test_conformance(check):
                check()
            """
        )
        return pytester.runpytest_inprocess("-p", "no:cacheprovider").parseoutcomes()

    return run


def test_a_check_is_a_test(ends):
    assert ends('parametrize_with_checks("core/mse")') == {"passed": 1, "failed": 1, "skipped": 1}


def test_an_expected_failure_is_none(ends):
    ended = ends('parametrize_with_checks("core/mse", expected_failures={"breaks": "by design"})')
    assert ended == {"passed": 1, "xfailed": 1, "skipped": 1}


def test_an_expected_failure_that_passes_fails(ends):
    reasons = {"loss mse: holds": "was slow", "breaks": "by design"}
    ended = ends(f'parametrize_with_checks("core/mse", expected_failures={reasons})')
    assert ended == {"failed": 1, "xfailed": 1, "skipped": 1}


def test_each_test_carries_the_name_of_its_subject_and_check():
    name, tests = parametrize_with_checks("core/mse", "core/cosine").args
    assert name == "check"
    names = [case.id for record in ("mse", "cosine") for case in cases(f"core/{record}")]
    assert [test.id for test in tests] == names
    assert "loss mse: is_built" in names


def test_what_nothing_has_is_refused():
    with pytest.raises(PluginError, match="no plugin or record"):
        parametrize_with_checks("nobody-has-this")
    with pytest.raises(UsageError, match="expected_failures"):
        parametrize_with_checks("core/mse", expected_failures={"nothing": "why"})
    with pytest.raises(UsageError, match="power"):
        parametrize_with_checks("core/mse", options={"power": 2})
