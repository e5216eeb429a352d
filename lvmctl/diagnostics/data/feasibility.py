"""Which gates this data allows to be passed, and by which models (METHODS §3, Feasibility)."""

from __future__ import annotations

from dataclasses import replace

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
    metric_table_on,
    windows_of,
    with_ceilings,
)
from lvmctl.evaluation.fivecat.evidence import evidence
from lvmctl.evaluation.gates.bounds import bound
from lvmctl.evaluation.gates.ceilings import reach
from lvmctl.evaluation.gates.feasibility import DEAD, STATUSES, GateAnswer, gate_answer, verdict_of
from lvmctl.evaluation.gates.profiles import find_profile
from lvmctl.evaluation.metric_table import MetricTable
from lvmctl.plan import make_plan
from lvmctl.registry import Registry, load_registry
from lvmctl.registry.specs import Geometry
from lvmctl.registry.verdict_specs import VerdictGate

TESTS = {"val": "ACDE", "ood": "ADE"}


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
        metric_tables = measured(splits, options, gates, reporter)
        answers = [answer(registry, gate, metric_tables, classes, own) for gate in gates]
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
                "windows": len(metric_tables["val"].windows),
                "gates": [a.record() for a in answers],
            },
            tables=(table(answers),),
            change="; ".join(f"{a.gate.name}: {a.change}" for a in to_change),
        )


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
) -> dict[str, MetricTable]:
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
        split: with_ceilings(metric_table_on(each, predictors, options, reporter, TESTS[split]))
        for split, each in windows.items()
    }


def asks_for_ood(gate: VerdictGate) -> bool:
    """Whether a gate says nothing without text of another source."""
    return gate.split == "ood" or gate.metric.startswith("coherence.")


def answer(
    registry: Registry,
    gate: VerdictGate,
    metric_tables: dict[str, MetricTable],
    classes: tuple[Geometry, ...],
    own: Geometry | None = None,
) -> GateAnswer:
    """One gate on the windows of ``val`` and ``ood``, judged for the class ``own`` if it is given,
    else for all ``classes``."""
    metric_table = metric_tables.get(gate.split, metric_tables["val"])
    rows = (name for name, one in metric_table.measured.items() if one.predictor.kind == "baseline")
    cosines = {
        name: metric_table.estimate(name, "cos_next").value for name in rows if name != "random"
    }
    missing = ""
    if gate.metric.partition(".")[0] == "latency" or gate.metric in registry.names("metric"):
        missing = "needs a run"
    elif asks_for_ood(gate) and "ood" not in metric_tables:
        missing = "needs text of another source"
    return gate_answer(
        gate, evidence(registry, metric_tables, "", None), cosines, classes, own, missing
    )


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
