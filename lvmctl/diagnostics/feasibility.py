"""Which gates this data allows to be passed, and by which models (METHODS §3, Feasibility)."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any

from lvmctl.data.splits import Splits
from lvmctl.diagnosis import Diagnosis, Screen, Table
from lvmctl.diagnostics.measuring import CLASSES, number, sheet_of, windows_of
from lvmctl.diagnostics.window_options import FeasibilityOptions
from lvmctl.evaluation.sheet import Sheet
from lvmctl.evaluation.verdicts import Evidence, GateVerdict, gate_verdict
from lvmctl.gates.bounds import bound, judge
from lvmctl.gates.ceilings import reach
from lvmctl.gates.profiles import find_profile
from lvmctl.plan import make_plan
from lvmctl.registry import Registry, load_registry
from lvmctl.spec import GateSpec, Geometry

TESTS = "ACDE"
NEEDS_A_RUN = ("latency", "order_accuracy", "coherence")
"""Families of figures that only a run or text of another source has."""


@dataclass(frozen=True)
class GateAnswer:
    """What can be said of a gate before a model is trained.

    Attributes:
        gate: the record.
        verdicts: by class of models.
        met_by: causal baselines that pass it, with their cos_next.
        direct: cos_next of ``direct``.
    """

    gate: GateSpec
    verdicts: dict[Geometry, GateVerdict]
    met_by: dict[str, float]
    direct: float

    @property
    def any(self) -> GateVerdict:
        """The verdict of the widest class asked about."""
        return next(iter(self.verdicts.values()))

    @property
    def status(self) -> str:
        """One of :data:`STATUSES`; INFEASIBLE is for every class asked about."""
        found = {verdict.status for verdict in self.verdicts.values()}
        if found <= {"ABSENT"}:
            return "UNKNOWN"
        if "VACUOUS" in found:
            return "VACUOUS"
        if found == {"INFEASIBLE"}:
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
            asked = top[1].low if gate.certain and math.isfinite(top[1].low) else top[1].value
            return f"ask for {sign} {number(asked, signed=True)}{lead} at most ({top[0]}'s)"
        if self.status == "UNKNOWN":
            return self.any.why
        if self.status == "MISLEADING":
            name, cosine = max(self.met_by.items(), key=lambda pair: pair[1])
            return f"ask for cos_next too: {name} passes with {number(cosine, signed=True)}"
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


class Feasibility:
    """Holds each gate of a profile against ceilings, chance and causal baselines."""

    def __init__(self, options: FeasibilityOptions) -> None:
        self.options = options

    def __call__(self, splits: Splits, screen: Screen) -> Diagnosis:
        options, registry = self.options, load_registry()
        classes = CLASSES
        if options.recipe is not None:
            options, geometry = of_recipe(registry, options)
            classes = (geometry,)
        profile, gates = find_profile(options.profile, registry.entries("gate"))
        train, val = windows_of(splits, options)
        sheet = sheet_of(train, val, options, screen, TESTS)
        answers = [answer(gate, sheet, classes) for gate in gates]
        parts = {s: [a for a in answers if a.status == s] for s in STATUSES}
        counted = ", ".join(f"{len(found)} {STATUSES[s]}" for s, found in parts.items() if found)
        dead = [a for a in answers if a.status in ("INFEASIBLE", "VACUOUS", "MISLEADING")]
        barred = {c: [a.gate.name for a in answers if c in a.out_of_reach] for c in classes}
        barred = [f"{c} models cannot meet {', '.join(g)}" for c, g in barred.items() if g]
        said = "; ".join([f"of {len(answers)} gates of {profile.name} {counted}", *barred])
        return Diagnosis(
            verdict=min((a.status for a in dead), key=list(STATUSES).index, default="FEASIBLE"),
            sentence=f"On this data, {said}.",
            figures={
                "profile": profile.name,
                "classes": list(classes),
                "windows": len(val),
                "gates": [a.record() for a in answers],
            },
            tables=(table(answers),),
            change="; ".join(f"{a.gate.name}: {a.change}" for a in dead),
        )


STATUSES = {
    "INFEASIBLE": "beyond their ceiling",
    "VACUOUS": "met by chance",
    "MISLEADING": "met by a baseline that predicts worse than direct",
    "OPEN": "open to a better model",
    "MET": "met by a baseline already",
    "UNKNOWN": "unknown before a run",
}
"""What can be said of a gate, the gravest first."""


def of_recipe(
    registry: Registry, options: FeasibilityOptions
) -> tuple[FeasibilityOptions, Geometry]:
    """The options with the recipe's K and h, and the class of its model."""
    plan = make_plan(registry, options.recipe)
    geometry = plan.model.entry.record.geometry
    shape = {"context": plan.options.context, "horizon": plan.options.horizon}
    return replace(options, **shape), reach(geometry)


def answer(gate: GateSpec, sheet: Sheet, classes: tuple[Geometry, ...]) -> GateAnswer:
    """One gate on the windows of a sheet."""
    alone = gate.split != "val" or gate.metric.partition(".")[0] in NEEDS_A_RUN

    def figure(name: str, split: str, path: str):
        return None if alone else sheet.figure(name, path)

    def difference(name: str, other: str, split: str, path: str):
        return None if alone else sheet.difference(name, other, path)

    evidence = Evidence(figure, difference)
    causal = [name for name, m in sheet.measured.items() if m.predictor.kind == "baseline"]
    met = {
        name: sheet.figure(name, "cos_next").value
        for name in causal
        if name != "random"
        and judge(gate, evidence.of(gate, name, gate.metric), gate.certain) == "PASS"
    }
    verdicts = {c: gate_verdict(gate, "direct", c, evidence) for c in classes}
    if alone:
        verdicts = {c: explained(v, gate) for c, v in verdicts.items()}
    return GateAnswer(gate, verdicts, met, sheet.figure("direct", "cos_next").value)


def explained(verdict: GateVerdict, gate: GateSpec) -> GateVerdict:
    """A verdict on what only a run has, with that as its reason."""
    why = "needs text of another source" if gate.split == "ood" else "needs a run"
    return replace(verdict, why=why)


def table(answers: list[GateAnswer]) -> Table:
    """For a reader."""
    rows = []
    for one in answers:
        gate, sign = one.gate, "≥" if one.gate.at_most is None else "≤"
        asks = f"{sign} {gate.against + ' ' if gate.against else ''}{bound(gate):+.2f}"
        tops = [
            v.ceiling and f"{number(v.ceiling[1].value)}{' ✗' * (c in one.out_of_reach)}"
            for c, v in one.verdicts.items()
        ]
        direct = one.any.direct and number(one.any.direct.value)
        met = ", ".join(list(one.met_by)[:3]) or "-"
        rows.append((gate.name, asks, one.status, direct, *tops, met, one.change or "-"))
    classes = [f"{c} ceiling" for c in answers[0].verdicts]
    return Table(
        ("gate", "asks", "status", "direct", *classes, "met by", "what would change it"),
        tuple(rows),
    )
