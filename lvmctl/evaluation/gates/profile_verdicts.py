"""What the gates of a profile amount to (docs/methods.md#feasibility)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from lvmctl.evaluation.gates.bounds import Status
from lvmctl.evaluation.gates.verdicts import Evidence, GateVerdict, gate_verdict
from lvmctl.registry.specs import Geometry
from lvmctl.registry.verdict_specs import ProfileSpec, VerdictGate

COUNTED: tuple[Status, ...] = ("FAIL", "MARGINAL", "PASS")
"""What says something about the model, worst first."""

ENOUGH = 3
"""Fewer counted tests decide nothing, unless the profile has no more."""


def enough(tests: int) -> int:
    """How many of a profile's tests must be counted for a verdict."""
    return max(1, min(ENOUGH, tests))


@dataclass(frozen=True)
class ProfileVerdict:
    """A profile's gates and what they amount to.

    Attributes:
        profile: the profile.
        predictor: who was judged.
        gates: every gate, optional ones too.
        tests: what is counted, with its status: the categories of gates that have one, other gates
            by name. Optional gates are left out.
    """

    profile: ProfileSpec
    predictor: str
    gates: tuple[GateVerdict, ...]
    tests: dict[str, Status]

    @property
    def counted(self) -> int:
        """n, the tests that say something about the model."""
        return sum(status in COUNTED for status in self.tests.values())

    @property
    def passed(self) -> int:
        """k, the tests passed. MARGINAL is not."""
        return sum(status == "PASS" for status in self.tests.values())

    @property
    def needed(self) -> int:
        """Tests that have to pass: the profile's number, or all n where n is smaller."""
        n = self.counted
        return n if self.profile.needed is None else min(self.profile.needed, n)

    @property
    def outcome(self) -> Literal["PASS", "FAIL", "UNDECIDED"]:
        """UNDECIDED when fewer than three tests are counted, of a profile that has three."""
        if self.counted < enough(len(self.tests)):
            return "UNDECIDED"
        return "PASS" if self.passed >= self.needed else "FAIL"

    @property
    def failed(self) -> bool:
        """Whether the command ends with exit code 1."""
        return self.outcome == "FAIL"

    def record(self) -> dict[str, Any]:
        """As plain data."""
        return {
            "profile": self.profile.name,
            "source": self.profile.source,
            "predictor": self.predictor,
            "outcome": self.outcome,
            "passed": self.passed,
            "counted": self.counted,
            "needed": self.needed,
            "tests": self.tests,
            "gates": [gate.record() for gate in self.gates],
        }


def profile_verdict(
    profile: ProfileSpec,
    gates: Sequence[VerdictGate],
    predictor: str,
    geometry: Geometry,
    evidence: Evidence,
    published_rules: bool = False,
) -> ProfileVerdict:
    """Judge a predictor by the gates of a profile.

    Args:
        geometry: the class of the predictor, which decides its ceilings.
        published_rules: judge as was published: their metrics, without intervals and without asking
            whether a gate can be passed, or failed.
    """
    verdicts = [
        gate_verdict(gate, predictor, geometry, evidence, published_rules) for gate in gates
    ]
    parts: dict[str, list[Status]] = {}
    for verdict in verdicts:
        if not verdict.gate.optional:
            name = verdict.gate.category or verdict.gate.name
            parts.setdefault(name, []).append(verdict.status)
    tests = {name: together(statuses) for name, statuses in parts.items()}
    return ProfileVerdict(profile, predictor, tuple(verdicts), tests)


def together(statuses: Sequence[Status]) -> Status:
    """The status of a test of several gates: the worst counted one, or why none is counted."""
    return min((s for s in statuses if s in COUNTED), key=COUNTED.index, default=statuses[0])
