"""Which gates this data allows to be passed, and by which models (METHODS §3, Feasibility)."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any

from lvmctl.core.diagnosis import Diagnosis, Table
from lvmctl.core.errors import DataError
from lvmctl.core.formatting import number, signed
from lvmctl.core.reporter import Reporter
from lvmctl.data.splits.open import Splits
from lvmctl.data.windows import Windows
from lvmctl.diagnostics.data.window_options import FeasibilityOptions
from lvmctl.diagnostics.measuring import (
    CLASSES,
    fitted,
    sheet_on,
    windows_of,
    with_ceilings,
)
from lvmctl.evaluation.fivecat.evidence import evidence
from lvmctl.evaluation.gates.bounds import bound, judge
from lvmctl.evaluation.gates.ceilings import reach
from lvmctl.evaluation.gates.profile_verdicts import ENOUGH
from lvmctl.evaluation.gates.profiles import find_profile
from lvmctl.evaluation.gates.verdicts import GateVerdict, gate_verdict
from lvmctl.evaluation.metric_table import Sheet
from lvmctl.plan import make_plan
from lvmctl.registry import Registry, load_registry
from lvmctl.registry.specs import Geometry, VerdictGate

TESTS = {"val": "ACDE", "ood": "ADE"}
NEEDS_A_RUN = ("latency", "order_accuracy")
"""Families of figures that only a run has."""


@dataclass(frozen=True)
class GateAnswer:
    """What can be said of a gate before a model is trained.

    Attributes:
        gate: the record.
        verdicts: by class of models.
        met_by: causal baselines that pass it, with their cos_next.
        direct: cos_next of ``direct``.
        own: the class that is judged; None is all of them.
    """

    gate: VerdictGate
    verdicts: dict[Geometry, GateVerdict]
    met_by: dict[str, float]
    direct: float
    own: Geometry | None = None

    @property
    def any(self) -> GateVerdict:
        """The verdict of the class that is judged, else of the widest."""
        return self.verdicts[self.own or next(iter(self.verdicts))]

    @property
    def status(self) -> str:
        """One of :data:`STATUSES`; INFEASIBLE is for every class that is judged."""
        judged = self.verdicts if self.own is None else (self.own,)
        found = {self.verdicts[geometry].status for geometry in judged}
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
            return f"ask for {sign} {signed(asked)}{lead} at most ({top[0]}'s)"
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


class Feasibility:
    """Holds each gate of a profile against ceilings, chance and causal baselines."""

    def __init__(self, options: FeasibilityOptions) -> None:
        self.options = options

    def __call__(self, splits: Splits, reporter: Reporter) -> Diagnosis:
        options, registry = self.options, load_registry()
        profile, gates = find_profile(registry, options.profile)
        classes, recipe, own = CLASSES, options.recipe, None
        if recipe is not None:
            options, own = of_recipe(registry, options, recipe)
            classes = (own,)
        elif sum(entry.means(profile.name) for entry in registry.entries("recipe")) == 1:
            recipe = profile.name
            _, own = of_recipe(registry, options, recipe)
        sheets = measured(splits, options, gates, reporter)
        answers = [answer(gate, sheets, classes, own) for gate in gates]
        parts = {s: [a for a in answers if a.status == s] for s in STATUSES}
        counted = ", ".join(f"{len(found)} {STATUSES[s]}" for s, found in parts.items() if found)
        barred = {c: [a.gate.name for a in answers if c in a.out_of_reach] for c in classes}
        barred = [f"{c} models cannot meet {', '.join(g)}" for c, g in barred.items() if g]
        judged = "" if own is None else f", judged for {own} models like {recipe}'s,"
        said = "; ".join([f"of {len(answers)} gates of {profile.name}{judged} {counted}", *barred])
        verdict = verdict_of([a.status for a in answers])
        if verdict == "UNDECIDED":
            said += "; too few are known to say more"
            to_change = parts["UNKNOWN"]
        else:
            to_change = [a for a in answers if a.status in DEAD]
        return Diagnosis(
            verdict=verdict,
            sentence=f"On this data, {said}.",
            figures={
                "profile": profile.name,
                "classes": list(classes),
                "judged_class": own,
                "windows": len(sheets["val"].windows),
                "gates": [a.record() for a in answers],
            },
            tables=(table(answers),),
            change="; ".join(f"{a.gate.name}: {a.change}" for a in to_change),
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

DEAD = ("INFEASIBLE", "VACUOUS", "MISLEADING")
"""Statuses of gates that say nothing of a model here."""


def verdict_of(statuses: list[str]) -> str:
    """The gravest thing to say of a profile, FEASIBLE where there is none; UNDECIDED where too few
    gates are known to say that (METHODS §3)."""
    known = [status for status in statuses if status != "UNKNOWN"]
    for grave in DEAD:
        if grave in known:
            return grave
    return "FEASIBLE" if len(known) >= min(ENOUGH, len(statuses)) else "UNDECIDED"


def of_recipe(
    registry: Registry, options: FeasibilityOptions, recipe: str
) -> tuple[FeasibilityOptions, Geometry]:
    """The options with the K and h of ``recipe``, and the class of its model."""
    plan = make_plan(registry, recipe)
    geometry = plan.model.entry.record.geometry
    shape = {"context": plan.options.context, "horizon": plan.options.horizon}
    return replace(options, **shape), reach(geometry)


def measured(
    splits: Splits, options: FeasibilityOptions, gates: list[VerdictGate], reporter: Reporter
) -> dict[str, Sheet]:
    """Baselines, oracles and margin ceilings on ``val`` and, where a gate asks for it and there is
    text of another source, on ``ood``."""
    train, val = windows_of(splits, options)
    windows = {"val": val}
    if splits.ood is not None and any(map(asks_for_ood, gates)):
        try:
            windows["ood"] = Windows(splits.ood, options.context, options.horizon)
        except DataError as error:
            reporter.info(f"gates on OOD text are left out: {error}")
    predictors = fitted(train, options, reporter)
    return {
        split: with_ceilings(sheet_on(each, predictors, options, reporter, TESTS[split]))
        for split, each in windows.items()
    }


def asks_for_ood(gate: VerdictGate) -> bool:
    """Whether a gate says nothing without text of another source."""
    return gate.split == "ood" or gate.metric.startswith("coherence.")


def answer(
    gate: VerdictGate,
    sheets: dict[str, Sheet],
    classes: tuple[Geometry, ...],
    own: Geometry | None = None,
) -> GateAnswer:
    """One gate on the windows of ``val`` and ``ood``, judged for the class ``own`` if it is given,
    else for all ``classes``."""
    sheet, proof = sheets.get(gate.split, sheets["val"]), evidence(sheets, "", math.nan)
    causal = [name for name, m in sheet.measured.items() if m.predictor.kind == "baseline"]
    met = {
        name: sheet.figure(name, "cos_next").value
        for name in causal
        if name != "random"
        and judge(gate, proof.of(gate, name, gate.metric), gate.certain) == "PASS"
    }
    verdicts = {c: gate_verdict(gate, "direct", c, proof) for c in classes}
    why = ""
    if gate.metric.partition(".")[0] in NEEDS_A_RUN:
        why = "needs a run"
    elif asks_for_ood(gate) and "ood" not in sheets:
        why = "needs text of another source"
    if why:
        verdicts = {c: replace(verdict, why=why) for c, verdict in verdicts.items()}
    return GateAnswer(gate, verdicts, met, sheet.figure("direct", "cos_next").value, own)


def table(answers: list[GateAnswer]) -> Table:
    """For a reader."""
    rows = []
    for one in answers:
        gate, sign = one.gate, "≥" if one.gate.at_most is None else "≤"
        beyond = f"{gate.against} " if gate.against else ""
        asks = f"{sign} {beyond}{signed(bound(gate), 2)}"
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
