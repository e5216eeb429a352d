"""Checks of profiles."""

from __future__ import annotations

from lvmctl.evaluation.gates.profiles import find_profile
from lvmctl.registry.verdict_specs import ProfileSpec, VerdictGate
from lvmctl.testing.check import CheckFailed, Subject, check, checks_in


def gates_of(subject: Subject) -> list[VerdictGate]:
    """The gates that the profile names."""
    name = f"{subject.plugin.name}/{subject.record.name}"
    return find_profile(subject.registry, name)[1]


@check
def gates_are_verdicts(subject: Subject) -> str:
    """Every gate it names is there and judges a figure, and it or the gate names a source of the
    bound."""
    profile: ProfileSpec = subject.record
    gates = gates_of(subject)
    if unsourced := [gate.name for gate in gates if not (gate.source or profile.source)]:
        raise CheckFailed(f"{unsourced[0]} has no source for its bound: set source")
    return f"{len(gates)} gates"


@check
def needed_can_be_passed(subject: Subject) -> str:
    """It needs at least one of its tests, and no more than there are."""
    profile: ProfileSpec = subject.record
    gates = gates_of(subject)
    tests = {gate.category or gate.name for gate in gates if not gate.optional}
    if not tests:
        raise CheckFailed("all of its gates are optional, so that nothing is judged")
    if profile.needed is not None and not 1 <= profile.needed <= len(tests):
        raise CheckFailed(f"it needs {profile.needed} of {len(tests)} tests")
    return f"{profile.needed or len(tests)} of {len(tests)} tests"


CHECKS = checks_in(globals())
