"""What a verdict gate can judge: the figures of baselines and of a run on tiny splits."""

from __future__ import annotations

from functools import lru_cache

from lvmctl.core.errors import nearest
from lvmctl.data import Windows
from lvmctl.evaluation.fivecat.evidence import evidence
from lvmctl.evaluation.fivecat.run import TESTS
from lvmctl.evaluation.gates.bounds import Estimate
from lvmctl.evaluation.gates.verdicts import Evidence
from lvmctl.evaluation.measure import Protocol
from lvmctl.evaluation.metric_table import MetricTable
from lvmctl.evaluation.predictors import Predictor, centred, raw, row_name
from lvmctl.registry import Registry
from lvmctl.registry.specs import Shape
from lvmctl.registry.verdict_specs import VerdictGate
from lvmctl.testing.check import CheckFailed
from lvmctl.testing.samples import textlike

RUN = "direct"
"""Who stands for a run: every figure that a model without extras has, it has."""

OF_RUNS = ("latency.ratio", "coherence.gap")
"""Figures that stand in no table of predictors: of a model that tells the order of chunks, of its
speed, and of two splits."""

SHAPE = Shape(dim=16, context_length=3)

RANGES = {
    "cos_next": (-1, 1),
    "cos_anchor": (-1, 1),
    "cos_prev": (-1, 1),
    "margin": (-2, 2),
    "offsets": (-2, 2),
    "offsets.accuracy": (0, 1),
    "in_article": (0, 1),
    "global": (0, 1),
    "ablations": (-2, 2),
    "rollout": (-1, 1),
    "coherence": (-1, 1),
    "coherence.gap": (0, 2),
    "latency": (0, float("inf")),
}
"""Smallest and largest value of each family of figures, or of one figure."""


def value_range(registry: Registry, gate: VerdictGate) -> tuple[float, float] | None:
    """Between which values what ``gate`` judges lies; None where it is not declared."""
    metrics = (entry.record for entry in registry.entries("metric"))
    declared = {metric.name: (metric.low, metric.high) for metric in metrics}
    family = gate.metric.partition(".")[0]
    ranges = RANGES | declared
    low, high = ranges.get(gate.metric) or ranges.get(family) or (None, None)
    if low is None:
        return None
    return (low - high, high - low) if gate.against else (low, high)


def figure_of(registry: Registry, gate: VerdictGate, name: str, path: str) -> Estimate | None:
    """What ``gate`` judges of the predictor ``name`` at ``path``, None where there is none."""
    return measured(registry, gate.against or RUN)[0].of(gate, name, path)


def figure_names(registry: Registry) -> list[str]:
    """Every figure there is, by its path."""
    return [*measured(registry, RUN)[1], *OF_RUNS, *registry.names("metric")]


@lru_cache(maxsize=4)
def measured(registry: Registry, against: str) -> tuple[Evidence, list[str]]:
    """The figures of :data:`RUN`, ``random``, ``oracle`` and the baseline ``against``, measured as
    ``lvmctl eval 5cat`` measures, and the paths of those that stand in its tables."""
    train, val, ood = (Windows(textlike(dim=16, seed=seed), 3, 1) for seed in (1, 2, 3))
    predictors = {
        name: raw(registry, registry.get("baseline", f"core/{name}"), name, SHAPE, train)
        for name in (RUN, "random", "oracle")
    }
    if against not in predictors:
        predictors[against] = baseline(registry, against, train)
    tables = {}
    for split, windows in {"val": val, "ood": ood}.items():
        protocol = Protocol(everywhere=split == "val", tests=TESTS[split])
        tables[split] = MetricTable(windows, protocol)
        for predictor in predictors.values():
            tables[split].add(predictor)
    judged = evidence(registry, tables, RUN, Estimate(1.0))
    return judged, list(tables["val"].measured[RUN].metrics)


def baseline(registry: Registry, name: str, train: Windows) -> Predictor:
    """The baseline that evaluation shows as ``name``."""
    for entry in registry.entries("baseline"):
        shown = row_name(registry, entry)
        if name == shown:
            return raw(registry, entry, name, SHAPE, train)
        if entry.record.centred and name == f"{shown}-centred":
            return centred(registry, entry, name, SHAPE, train, train.split.mean())
    known = [row_name(registry, entry) for entry in registry.entries("baseline")]
    close = nearest(name, known)
    hint = f"did you mean {close!r}" if close else f"there are {', '.join(known)}"
    raise CheckFailed(f"it judges against {name!r}, which is not a baseline; {hint}")
