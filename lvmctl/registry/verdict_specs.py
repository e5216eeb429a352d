"""The records of what is judged after a training: gates, profiles, and metrics."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf
from typing import ClassVar, Literal

from lvmctl.registry.record import Record
from lvmctl.registry.specs import Curriculum, KillRule, SampleWeight


@dataclass(frozen=True, kw_only=True)
class VerdictGate(Record):
    """A gate that judges a figure after training: a metric against a bound.

    Attributes:
        metric: figure that is judged, as a dotted path: ``margin.last``,
            ``in_article.filtered.r@5`` (docs/evaluation.md lists them).
        seed_metric: the figure that the published rule judges, where it is another one.
        at_least, at_most: the bound; exactly one is given.
        marginal: between this value and the bound the verdict is MARGINAL.
        against: a baseline whose own figure is subtracted first, window by window.
        require_interval: the end of the 95 % interval has to meet the bound, not only the figure.
        split: ``val`` or ``ood``, the windows it is judged on.
        category: A to E, the 5CAT test it belongs to; empty for others.
        optional: shown, never counted.
        reference: of ``latency.ratio``, the model whose time is 1, built with the run's options
            where it has them; core's ``free`` by default.
        source: where the number comes from.
    """

    metric: str
    seed_metric: str | None = None
    at_least: float | None = None
    at_most: float | None = None
    marginal: float | None = None
    against: str | None = None
    require_interval: bool = False
    split: Literal["val", "ood"] = "val"
    category: str = ""
    optional: bool = False
    reference: str = ""
    source: str = ""

    kind: ClassVar[str] = "gate"
    role: ClassVar[str] = "verdict"


@dataclass(frozen=True, kw_only=True)
class ProfileSpec(Record):
    """A profile, what ``--profile`` names: verdict gates, and how many tests have to pass.

    Attributes:
        gates: names of verdict gates, the plugin's own or qualified ones of others.
        needed: how many of its tests have to pass; None means all. A test is a 5CAT category, or a
            gate that has none.
        source: whose rules these are.
    """

    gates: tuple[str, ...]
    needed: int | None = None
    source: str = ""

    kind: ClassVar[str] = "profile"


@dataclass(frozen=True, kw_only=True)
class MetricSpec(Record):
    """What is known of a figure that a loss or a model logs under ``name``.

    Attributes:
        low, high: the least and the largest value that it can have.
        chance: what guessing has; None where there is no such thing.
        scheduled: the recipe's schedule sets it: its steps are events of a training.
        ceiling: what it is called that a gate on this metric is held against, and
        target: where that is: ``target(train, windows)``, both :class:`lvmctl.Windows`, gives what
            a good predictor has, one value for each of the windows, (W,). A model may do better.
    """

    low: float = -inf
    high: float = inf
    chance: float | None = None
    scheduled: bool = False
    ceiling: str = ""
    target: str = ""

    kind: ClassVar[str] = "metric"


Gates = VerdictGate | KillRule | SampleWeight | Curriculum
"""What ``lvmctl_gates`` returns."""
