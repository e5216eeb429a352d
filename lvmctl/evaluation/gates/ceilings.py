"""What is held against a gate before a model is (docs/methods.md#feasibility)."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

from lvmctl.registry.specs import Geometry


class Ceilings(NamedTuple):
    """Whose metrics are the ceiling of a gate.

    Attributes:
        names: predictors; the best of them is the ceiling.
        beatable: they are good, not perfect: a model that passes where they fail has shown that
            the gate can be passed.
    """

    names: tuple[str, ...] = ()
    beatable: bool = False


def reach(geometry: Geometry) -> Geometry:
    """The class whose ceilings are a geometry's: an anchored model reaches the whole sphere
    (λ > ½), like one of geometry ``unit``."""
    return "unit" if geometry == "anchored" else geometry


def ceilings(
    metric: str, geometry: Geometry, declared: Mapping[str, str] = MappingProxyType({})
) -> Ceilings:
    """The predictors whose metric at ``metric`` is the ceiling of a class of models.

    - Cosines: the cosine oracle, ``oracle``, ``span-oracle`` or ``cone-oracle``.
    - Margins: ``unit-margin-ceiling``, ``span-margin-ceiling`` or ``cone-margin-ceiling``. It is
      no predictor but the exact bound, the mean over windows of the largest q·(y - p) in the
      class, for the gate's own previous p (docs/methods.md#ceilings).
    - Ranks, and the offset accuracy, which is one too: ``oracle``, the target itself; cosine
      ceilings do not bound ranks.
    - Margins over other offsets have no exact bound: what the cosine oracle reaches, or
      ``cone-margin-oracle`` for mixtures, if that reaches more. A model may do better.
    - Ablations and rollout: ``wiener`` and ``ridge``. A model may do better than these.
    - What a plugin measures: the one that its metric's record names, ``declared`` by metric. A
      model may do better.
    - Coherence and latency: none.
    """
    family = metric.partition(".")[0]
    reached = reach(geometry)
    cosine = "oracle" if reached == "unit" else f"{reached}-oracle"
    if family in ("cos_next", "cos_anchor"):
        return Ceilings((cosine,))
    if family == "margin":
        return Ceilings((f"{reached}-margin-ceiling",))
    if family in ("in_article", "global") or metric == "offsets.accuracy":
        return Ceilings(("oracle",))
    if family == "offsets":
        names = (cosine,) if reached == "unit" else (cosine, "cone-margin-oracle")
        return Ceilings(names, beatable=True)
    if family in ("ablations", "rollout"):
        return Ceilings(("wiener", "ridge"), beatable=True)
    if metric in declared:
        return Ceilings((declared[metric],), beatable=True)
    return Ceilings()


def chance_matters(metric: str) -> bool:
    """Whether a gate that ``random`` passes is VACUOUS: not for stability and latency."""
    return metric.partition(".")[0] not in ("coherence", "latency")
