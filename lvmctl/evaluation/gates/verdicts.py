"""Verdicts: estimates against gates, and what could pass them (docs/methods.md#feasibility).

Nothing is measured. Estimates come by predictor, split and path, and so do the ceilings: a gate
is held against the estimates that ``ceilings`` names, at its own path.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from lvmctl.core.files import jsonable
from lvmctl.core.formatting import interval, number
from lvmctl.evaluation.gates.bounds import Estimate, Status, bound, judge
from lvmctl.evaluation.gates.ceilings import ceilings, chance_matters
from lvmctl.registry.specs import Geometry
from lvmctl.registry.verdict_specs import VerdictGate


@dataclass(frozen=True)
class Evidence:
    """Where estimates come from; None says that there is none.

    Attributes:
        estimate: (predictor, split, path) → Estimate.
        difference: (predictor, baseline, split, path) → Estimate of how much more the predictor has
            than the baseline, window by window.
        is_ranker: predictor → whether it ranks by its own score.
        ceilings: names of the ceilings of plugins' metrics, by metric.
    """

    estimate: Callable[[str, str, str], Estimate | None]
    difference: Callable[[str, str, str, str], Estimate | None]
    is_ranker: Callable[[str], bool] = lambda predictor: False
    ceilings: Mapping[str, str] = field(default_factory=dict)

    def of(self, gate: VerdictGate, predictor: str, path: str) -> Estimate | None:
        """What ``gate`` judges of a predictor: its estimate, or what it has over a baseline."""
        if gate.against:
            return self.difference(predictor, gate.against, gate.split, path)
        return self.estimate(predictor, gate.split, path)


class Outcome(NamedTuple):
    """A gate by one rule, whether or not it could be passed."""

    metric: str
    estimate: Estimate | None
    status: Status

    def record(self) -> dict[str, Any]:
        """As plain data."""
        return {"metric": self.metric, **numbers(self.estimate), "status": self.status}


@dataclass(frozen=True)
class GateVerdict:
    """A gate by both rules, with what it was held against.

    Attributes:
        gate: the record.
        seed: by the published rule: their estimate, and no interval is asked for.
        fair: by the fair rule.
        judged: the one of them whose rule is in force; what follows belongs to it.
        status: its status, or by the fair rule INFEASIBLE or VACUOUS.
        why: one clause for a status that says nothing about the model, else empty.
        ceiling: name of the best ceiling and what the gate judges of it.
        random: what the gate judges of ``random``.
        direct: the estimate of ``direct`` itself, also where the gate judges differences.
    """

    gate: VerdictGate
    seed: Outcome
    fair: Outcome
    judged: Outcome
    status: Status
    why: str
    ceiling: tuple[str, Estimate] | None
    random: Estimate | None
    direct: Estimate | None

    def record(self) -> dict[str, Any]:
        """As plain data; a number that is not finite is None."""
        gate = self.gate
        name, top = self.ceiling or (None, None)
        return {
            "name": gate.name,
            "category": gate.category,
            "metric": self.judged.metric,
            "split": gate.split,
            "against": gate.against,
            "op": ">=" if gate.at_most is None else "<=",
            "bound": bound(gate),
            "marginal": gate.marginal,
            "require_interval": gate.require_interval,
            **numbers(self.judged.estimate),
            "seed": self.seed.record(),
            "fair": self.fair.record(),
            "status": self.status,
            "why": self.why,
            "ceiling": top and {"name": name, "value": jsonable(top.value)},
            "random": self.random and jsonable(self.random.value),
            "direct": self.direct and jsonable(self.direct.value),
            "source": gate.source,
            "optional": gate.optional,
        }


def gate_verdict(
    gate: VerdictGate,
    predictor: str,
    geometry: Geometry,
    evidence: Evidence,
    published_rules: bool = False,
) -> GateVerdict:
    """One gate, asked of ``predictor``, of its ceiling and of ``random``.

    A gate that a random prediction passes is VACUOUS; one that its ceiling does not pass is
    INFEASIBLE. Both are judged as a model would be, interval and all. The fair rule judges a
    ranker by its ranks, see :func:`asked_of_ranker`.
    """
    ranker = evidence.is_ranker(predictor)
    metric = asked_of_ranker(gate) if ranker else gate.metric
    seed_metric = gate.seed_metric or gate.metric
    fair, seed = (path and evidence.of(gate, predictor, path) for path in (metric, seed_metric))
    by_fair = Outcome(metric or gate.metric, fair, judge(gate, fair, gate.require_interval))
    by_seed = Outcome(seed_metric, seed, judge(gate, seed, require_interval=False))
    judged = by_seed if published_rules else by_fair

    held = ceilings(judged.metric, geometry, evidence.ceilings)
    ceiling = best(gate, {name: evidence.of(gate, name, judged.metric) for name in held.names})
    random = evidence.of(gate, "random", judged.metric) if chance_matters(gate.metric) else None
    status, why = judged.status, ""
    # A lead on wiener is not out of reach because wiener has none on itself.
    proven = held.beatable and (status == "PASS" or gate.against in held.names)
    if status == "ABSENT":
        why = (
            absence(gate, judged.metric, evidence) if metric or published_rules else NOT_OF_RANKERS
        )
    elif status == "UNDECIDED":
        estimate = judged.estimate
        why = f"its interval {interval((estimate.low, estimate.high))} holds the bound"
    elif published_rules or not math.isfinite(judged.estimate.value):
        pass
    elif judge(gate, random, gate.require_interval) == "PASS":
        status, why = "VACUOUS", f"random has {number(random.value)}"
    elif ceiling and not proven and not reached(gate, ceiling[1]):
        status, why = "INFEASIBLE", f"{ceiling[0]} has {number(ceiling[1].value)}"
    return GateVerdict(
        gate=gate,
        seed=by_seed,
        fair=by_fair,
        judged=judged,
        status=status,
        why=why,
        ceiling=ceiling,
        random=random,
        direct=evidence.estimate("direct", gate.split, judged.metric),
    )


def reached(gate: VerdictGate, top: Estimate) -> bool:
    """Whether a ceiling passes; without an interval (one article) its estimate has to do."""
    return judge(gate, top, gate.require_interval and math.isfinite(top.low)) == "PASS"


def best(gate: VerdictGate, estimates: dict[str, Estimate | None]) -> tuple[str, Estimate] | None:
    """The estimate that does best by ``gate`` and whose it is; None when there is none."""
    sign = 1 if gate.at_most is None else -1
    there = [
        (name, f) for name, f in estimates.items() if f and f.windows and not math.isnan(f.value)
    ]

    def order(named: tuple[str, Estimate]) -> tuple[bool, float]:
        estimate = named[1]
        return judge(gate, estimate, gate.require_interval) == "PASS", sign * estimate.value

    return max(there, key=order, default=None)


def asked_of_ranker(gate: VerdictGate) -> str | None:
    """The estimate that the fair rule of a gate judges of a predictor with its own score
    (docs/methods.md#protocol, 5CAT); None where the gate is not asked of one.

    What it loses when its window is perturbed, beside what a baseline loses, are ranks. A published
    bound on that loss is one of cosine, and stays. Nothing can be fed back but a vector.
    """
    family, _, name = gate.metric.partition(".")
    if family == "rollout":
        return None
    if family == "ablations" and gate.against:
        return f"ablations.mrr@10.{name}"
    return gate.metric


NOT_OF_RANKERS = "asked of models whose answer is a vector, a ranker's is an order"


def absence(gate: VerdictGate, metric: str, evidence: Evidence) -> str:
    """Why there is no estimate at ``metric`` to judge."""
    family = metric.partition(".")[0]
    shown = evidence.estimate("direct", gate.split, "cos_next")
    if family == "coherence" or (gate.split == "ood" and shown is None):
        return "no OOD windows"
    measured = evidence.estimate("direct", gate.split, gate.metric)
    if family == "ablations" and shown is not None and measured is None:
        return "a window of one chunk has no order"
    if gate.against and evidence.estimate(gate.against, gate.split, "cos_next") is None:
        return f"{gate.against} was not measured"
    if gate.metric in evidence.ceilings:
        return "the run does not log it"
    if family == "rollout" and measured is not None:
        return "the run reads more than vectors, which its own predictions do not have"
    outside = evidence.estimate("direct", gate.split, "offsets.fair")
    return {
        "offsets": "no chunk outside the window"
        if outside is None
        else "no article has three chunks before a window and three after its target",
        "latency": "not timed",
        "in_article": "no article is long enough",
        "ablations": "no article is long enough",
        "rollout": "no article is long enough",
    }.get(family, "not measured")


def numbers(estimate: Estimate | None) -> dict[str, Any]:
    """``value`` and ``ci`` of an estimate as plain data."""
    return {"value": None, "ci": None} if estimate is None else jsonable(estimate.record())
