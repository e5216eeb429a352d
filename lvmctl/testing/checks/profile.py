"""Checks of profiles: the gates that they name, and how many of them have to pass."""

from __future__ import annotations

from lvmctl.evaluation.gates.profiles import find_profile
from lvmctl.registry.verdict_specs import ProfileSpec
from lvmctl.testing.check import Check, CheckFailed, Subject, check


@check
def gates_are_verdicts(subject: Subject) -> str:
    """Every gate it names is there and judges a figure."""
    _, gates = find_profile(subject.registry, f"{subject.plugin.name}/{subject.record.name}")
    return f"{len(gates)} gates"


@check
def needed_can_be_passed(subject: Subject) -> str | None:
    """It needs at least one of its tests, and no more than there are."""
    profile: ProfileSpec = subject.record
    _, gates = find_profile(subject.registry, f"{subject.plugin.name}/{profile.name}")
    tests = {gate.category or gate.name for gate in gates if not gate.optional}
    if not tests:
        raise CheckFailed("all of its gates are optional, so that nothing is judged")
    if profile.needed is not None and not 1 <= profile.needed <= len(tests):
        raise CheckFailed(f"it needs {profile.needed} of {len(tests)} tests")
    return f"{profile.needed or len(tests)} of {len(tests)} tests"


CHECKS: tuple[Check, ...] = (gates_are_verdicts, needed_can_be_passed)
