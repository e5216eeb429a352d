"""Which gates this data allows to be passed, and by which models (docs/methods.md#feasibility)."""

from __future__ import annotations

from dataclasses import replace

from lvmctl.core.diagnosis import Diagnosis, Table
from lvmctl.core.errors import DataError
from lvmctl.core.formatting import count, number, signed
from lvmctl.core.reporter import Reporter
from lvmctl.data.splits.open import Splits
from lvmctl.data.windows import Windows
from lvmctl.diagnostics.measuring import CLASSES, fit_predictors, measure_predictors, windows_of
from lvmctl.diagnostics.records import FeasibilityOptions
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

CEILINGS = """unit, span, cone: the best that any prediction, linear combinations of the window \
and mixtures of it can have, as a lead where a gate asks for one over a baseline; ✗: which is not \
enough."""
NAMED = 2
"""Gates that a sentence names; of more it says how many."""
TESTS = {"val": "ACDE", "ood": "ADE"}


class Feasibility:
    """Holds each gate of a profile against ceilings, chance and causal baselines.

    Gates are judged for the class of models of the recipe that is named, or that has the profile's
    name; else for all classes.
    """

    def __init__(self, options: FeasibilityOptions) -> None:
        self.options = options

    def __call__(self, splits: Splits, reporter: Reporter) -> Diagnosis:
        """Ask what each gate can say on these splits."""
        options, registry = self.options, load_registry()
        profile, gates = find_profile(registry, options.profile)
        classes, recipe, judged = CLASSES, options.recipe, None
        if recipe is not None:
            options, judged = of_recipe(registry, options, recipe)
            classes = (judged,)
        elif sum(entry.means(profile.name) for entry in registry.entries("recipe")) == 1:
            recipe = profile.name
            _, judged = of_recipe(registry, options, recipe)
        metric_tables = measure_splits(splits, options, gates, reporter)
        answers = [answer(registry, gate, metric_tables, classes, judged) for gate in gates]
        verdict = verdict_of([a.status for a in answers])
        whose = "" if judged is None else f", judged for {judged} models like {recipe}'s"
        decisive = ("UNKNOWN",) if verdict == "UNDECIDED" else DEAD
        return Diagnosis(
            verdict=verdict,
            sentence=f"Of {count(len(answers), 'gate')} of {profile.name}{whose}, "
            f"{summary(answers, classes if judged is None else (judged,), verdict)}.",
            figures={
                "profile": profile.name,
                "classes": list(classes),
                "judged_class": judged,
                "windows": len(metric_tables["val"].windows),
                "gates": [a.record() for a in answers],
            },
            tables=tables(answers),
            change="; ".join(f"{a.gate.name}: {a.change}" for a in answers if a.status in decisive),
        )


def summary(answers: list[GateAnswer], classes: tuple[Geometry, ...], verdict: str) -> str:
    """How many gates have each status, and which no model of a class can meet."""
    counts = {status: sum(a.status == status for a in answers) for status in STATUSES}
    parts = [
        ", ".join(f"{n} {'is' if n == 1 else 'are'} {STATUSES[s]}" for s, n in counts.items() if n)
    ]
    for geometry in classes:
        barred = [a.gate.name for a in answers if geometry in a.out_of_reach]
        if barred:
            which = ", ".join(barred) if len(barred) <= NAMED else f"{len(barred)} of them"
            parts.append(f"{geometry} models cannot meet {which}")
    if verdict == "UNDECIDED":
        parts.append("too few are known to say more")
    return "; ".join(parts)


def of_recipe(
    registry: Registry, options: FeasibilityOptions, recipe: str
) -> tuple[FeasibilityOptions, Geometry]:
    """The options with the K and h of ``recipe``, and the class of its model."""
    plan = make_plan(registry, recipe)
    shape = {"context": plan.options.context, "horizon": plan.options.horizon}
    return replace(options, **shape), reach(plan.model.entry.record.geometry)


def measure_splits(
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
    predictors = fit_predictors(train, reporter)
    return {
        split: measure_predictors(each, predictors, options, reporter, TESTS[split], ceilings=True)
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
    judged: Geometry | None = None,
) -> GateAnswer:
    """One gate on the windows of ``val`` and ``ood``, judged for one class, or for all."""
    table = metric_tables.get(gate.split, metric_tables["val"])
    cosines = {
        name: table.estimate(name, "cos_next").value
        for name, metrics in table.measured.items()
        if metrics.predictor.kind == "baseline" and name != "random"
    }
    missing = ""
    if gate.metric.partition(".")[0] == "latency" or gate.metric in registry.names("metric"):
        missing = "needs a run"
    elif asks_for_ood(gate) and "ood" not in metric_tables:
        missing = "needs text of another source"
    known = evidence(registry, metric_tables, "", None)
    return gate_answer(gate, known, cosines, classes, judged, missing)


def tables(answers: list[GateAnswer]) -> tuple[Table, ...]:
    """A row for each gate, with the ceiling of each class of models; then who meets it."""
    rows = []
    for a in answers:
        sign = "≥" if a.gate.at_most is None else "≤"
        over = f"{a.gate.against} " if a.gate.against else ""
        ceilings = [
            f"{'✗' if c in a.out_of_reach else ' '}{number(v.ceiling and v.ceiling[1].value):>6}"
            for c, v in a.verdicts.items()
        ]
        asks, direct = f"{sign} {over}{signed(bound(a.gate), 2)}", a.any.direct
        rows.append((a.gate.name, asks, a.status, direct and number(direct.value), *ceilings))
    statuses = {a.status for a in answers}
    means = "; ".join(f"{s}: {text}" for s, text in STATUSES.items() if s in statuses)
    classes = tuple(answers[0].verdicts)
    met = tuple((a.gate.name, ", ".join(a.met_by) or "-", a.change or "-") for a in answers)
    return (
        Table(
            ("gate", "asks", "status", "direct", *classes),
            tuple(rows),
            note=f"{CEILINGS} {means}.",
        ),
        Table(("gate", "met by", "what would change it"), met, "Who meets the gates", detail=True),
    )
