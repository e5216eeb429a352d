"""What a gate can say on some data before a model is trained (docs/methods.md#feasibility)."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from lvmctl.core.formatting import number, signed
from lvmctl.evaluation.gates.bounds import bound, judge
from lvmctl.evaluation.gates.profile_verdicts import ENOUGH
from lvmctl.evaluation.gates.verdicts import Evidence, GateVerdict, gate_verdict
from lvmctl.registry.specs import Geometry
from lvmctl.registry.verdict_specs import VerdictGate

STATUSES = {
    "INFEASIBLE": "beyond the ceiling",
    "VACUOUS": "met by chance",
    "MISLEADING": "met by a baseline that predicts worse than direct",
    "OPEN": "open to a better model",
    "MET": "met by a baseline already",
    "UNKNOWN": "unknown before a run",
}
"""Outcomes of a gate before a run, the most critical first."""

DEAD = ("INFEASIBLE", "VACUOUS", "MISLEADING")
"""Statuses of gates that say nothing of a model here."""


@dataclass(frozen=True)
class GateAnswer:
    """The outcome of a gate before a model is trained.

    Attributes:
        gate: the record.
        verdicts: by class of models.
        met_by: causal baselines that pass it, with their cos_next.
        direct: cos_next of ``direct``.
        geometry: the class that is judged; None is all of them.
    """

    gate: VerdictGate
    verdicts: dict[Geometry, GateVerdict]
    met_by: dict[str, float]
    direct: float
    geometry: Geometry | None = None

    @property
    def any(self) -> GateVerdict:
        """The verdict of the class that is judged, else of the widest."""
        return self.verdicts[self.geometry or next(iter(self.verdicts))]

    @property
    def status(self) -> str:
        """One of :data:`STATUSES`; INFEASIBLE is for every class that is judged."""
        judged = self.verdicts if self.geometry is None else (self.geometry,)
        statuses = {self.verdicts[geometry].status for geometry in judged}
        if statuses <= {"ABSENT"}:
            return "UNKNOWN"
        if "VACUOUS" in statuses:
            return "VACUOUS"
        if statuses == {"INFEASIBLE"}:
            return "INFEASIBLE"
        if not self.met_by:
            return "OPEN"
        return "MET" if max(self.met_by.values()) >= self.direct else "MISLEADING"

    @property
    def change(self) -> str:
        """The shortest change that makes the gate say something; empty where none is needed."""
        sign, top, gate = "≥" if self.gate.at_most is None else "≤", self.any.ceiling, self.gate
        lead = f" over {gate.against}" if gate.against else ""
        if self.status == "VACUOUS":
            return f"ask for more than random has, {number(self.any.random.value)}{lead}"
        if self.status == "INFEASIBLE" and top is not None:
            reachable = (
                top[1].low if gate.require_interval and math.isfinite(top[1].low) else top[1].value
            )
            return f"ask for {sign} {signed(reachable)}{lead} at most ({top[0]}'s)"
        if self.status == "UNKNOWN":
            return self.any.why
        if self.status == "MISLEADING":
            name, cosine = max(self.met_by.items(), key=lambda pair: pair[1])
            return f"ask for cos_next too: {name} passes with {signed(cosine)}"
        return ""

    @property
    def out_of_reach(self) -> list[str]:
        """Classes whose ceiling does not pass."""
        return [c for c, v in self.verdicts.items() if v.status == "INFEASIBLE"]

    def record(self) -> dict[str, Any]:
        """As plain data."""
        return {
            "gate": self.gate.name,
            "metric": self.gate.metric,
            "against": self.gate.against,
            "bound": bound(self.gate),
            "status": self.status,
            "met_by": self.met_by,
            "out_of_reach": self.out_of_reach,
            "ceilings": {
                c: v.ceiling and {"name": v.ceiling[0], "value": v.ceiling[1].value}
                for c, v in self.verdicts.items()
            },
            "random": self.any.random and self.any.random.value,
            "direct": self.any.direct and self.any.direct.value,
            "change": self.change,
            "source": self.gate.source,
        }


def gate_answer(
    gate: VerdictGate,
    evidence: Evidence,
    baselines: Mapping[str, float],
    classes: Sequence[Geometry],
    geometry: Geometry | None = None,
    missing: str = "",
) -> GateAnswer:
    """One gate, asked of ceilings, of chance and of baselines.

    Args:
        evidence: their metrics.
        baselines: those that predict without the target, with their cos_next; ``direct`` is one.
        classes: of models, whose ceilings are asked.
        geometry: the class that is judged; None is all of them.
        missing: what the gate's metric needs that is not there.
    """
    met = {
        name: cosine
        for name, cosine in baselines.items()
        if judge(gate, evidence.of(gate, name, gate.metric), gate.require_interval) == "PASS"
    }
    verdicts = {c: gate_verdict(gate, "direct", c, evidence) for c in classes}
    if missing:
        verdicts = {c: replace(verdict, why=missing) for c, verdict in verdicts.items()}
    return GateAnswer(gate, verdicts, met, baselines["direct"], geometry)


def verdict_of(statuses: list[str]) -> str:
    """The gravest thing to say of a profile, FEASIBLE where there is none; UNDECIDED where too few
    gates are known to say that (docs/methods.md#protocol)."""
    known = [status for status in statuses if status != "UNKNOWN"]
    for critical in DEAD:
        if critical in known:
            return critical
    return "FEASIBLE" if len(known) >= min(ENOUGH, len(statuses)) else "UNDECIDED"
