"""The diagnostics core declares, and their options."""

from __future__ import annotations

from dataclasses import dataclass

from lvmctl.config.options import MANY, option
from lvmctl.registry.specs import DiagnosticSpec


@dataclass(frozen=True, kw_only=True)
class ShapeOptions:
    """The shape of windows."""

    context: int = option(5, "K, chunks in a window", low=1, high=1_000_000)
    horizon: int = option(1, "h, the target is the h-th unseen chunk", low=1, high=1_000_000)


@dataclass(frozen=True, kw_only=True)
class WindowOptions(ShapeOptions):
    """Which windows, and which articles are ranked in."""

    min_article: int = option(
        20, "shortest article, in chunks, of in-article retrieval", low=2, high=1_000_000
    )


@dataclass(frozen=True, kw_only=True)
class SplitParityOptions(ShapeOptions):
    """Which windows are compared, and which differences matter."""

    cosine_threshold: float = option(
        0.02, "difference of mean cosines that matters", low=1e-4, high=2.0
    )
    delta_threshold: float = option(
        0.01, "difference of the recency Δ that matters", low=1e-4, high=4.0
    )
    share_threshold: float = option(
        0.05, "difference of the share of windows with Δ > 0 that matters", low=1e-4, high=1.0
    )
    significance: float = option(
        0.01, "chance that splits of the same articles are called different", low=1e-3, high=0.2
    )
    permutations: int = option(
        2000, "permutations of articles; above 50,000 articles fewer", low=99, high=1_000_000
    )
    seed: int = option(
        0, "of permutations, intervals and the energy distance's sample", low=0, high=2**63 - 1
    )


@dataclass(frozen=True, kw_only=True)
class LeakageOptions(ShapeOptions):
    """What counts as repeated text, and how much of it is shown."""

    threshold: float = option(0.98, "cosine above which two chunks repeat", low=0.0, high=1.0)
    tolerated: float = option(
        0.0, "share of held-out chunks that may repeat in training", low=0.0, high=1.0
    )
    boilerplate: int = option(
        3, "articles that hold a chunk which counts as boilerplate", low=2, high=10**9
    )
    examples: int = option(10, "articles and chunks shown of each kind", low=0, high=10_000)
    seed: int = option(0, "seed of intervals and of the random pairs", low=0, high=2**63 - 1)


@dataclass(frozen=True, kw_only=True)
class GeometryOptions(WindowOptions):
    """How much is looked at, and in which windows transforms are tried."""

    neighbours: int = option(10, "k, nearest neighbours that hubness counts", low=1, high=1000)
    sample: int = option(5000, "chunks among which hubs are looked for", low=2, high=100_000)
    windows: int = option(
        20_000, "windows, of whole articles, in which transforms are tried", low=1, high=10**9
    )
    seed: int = option(0, "seed of samples and intervals", low=0, high=2**63 - 1)


@dataclass(frozen=True, kw_only=True)
class DirectionOptions:
    """How a store is read forward and backward."""

    context: int = option(5, "K, chunks that a prediction is made from", low=1, high=1_000)
    windows: int = option(
        20_000,
        "windows of the classifier and the predictors, whole articles",
        low=100,
        high=10_000_000,
    )
    permutations: int = option(
        999, "random reversals of articles behind a p-value", low=19, high=100_000
    )
    refits: int = option(
        199, "random reversals of articles on which the classifier is fitted", low=19, high=10_000
    )
    transformer: bool = option(
        True, "train a small transformer forward and backward too, as an effect size"
    )
    epochs: int = option(3, "passes over the windows of that transformer", low=1, high=1_000)
    seed: int = option(0, "of reversals, folds, weights and resampling", low=0, high=2**31 - 1)


@dataclass(frozen=True, kw_only=True)
class FeasibilityOptions(WindowOptions):
    """Which gates are asked about."""

    profile: str = option("fair", "whose gates; `lvmctl plugins list --kind profile` has them")
    recipe: str | None = option(None, "only the class of this recipe's model, its K and its h")


@dataclass(frozen=True, kw_only=True)
class MetricOptions(WindowOptions):
    """Which synthetic worlds stand beside the store."""

    articles: int = option(200, "articles of each synthetic world", low=2, high=100_000)
    chunks: int = option(30, "chunks of each of their articles", low=8, high=10_000)
    seed: int = option(0, "of the synthetic worlds", low=0, high=2**31 - 1)


@dataclass(frozen=True, kw_only=True)
class RunOptions:
    """How closely a run is looked at."""

    windows: int = option(
        1000, "validation windows whose predictions are looked at, whole articles", low=2, high=MANY
    )
    reference_windows: int = option(
        2000,
        "training windows of the linear prediction that copying is compared with",
        low=2,
        high=MANY,
    )
    batches: int = option(8, "training batches whose gradients are looked at", low=1, high=10_000)
    significance: float = option(
        0.05, "probability of calling noise a change-point", low=1e-4, high=0.5
    )
    permutations: int = option(
        999, "orders of the epochs that a change-point is compared with", low=19, high=1_000_000
    )
    seed: int = option(0, "of permutations, resamples and batches", low=0, high=2**31 - 1)


DIAGNOSTICS = (
    DiagnosticSpec(
        name="split-parity",
        summary="Whether validation windows are made like training windows.",
        target="lvmctl.diagnostics.data.parity.split_parity:SplitParity",
        options=SplitParityOptions,
        takes="splits",
    ),
    DiagnosticSpec(
        name="leakage",
        summary="What training and held-out articles share, and what makes retrieval trivial.",
        target="lvmctl.diagnostics.data.leakage.leakage:Leakage",
        options=LeakageOptions,
        takes="splits",
    ),
    DiagnosticSpec(
        name="geometry",
        summary="Norms, spectrum and hubs of a store, and what moving its chunks would change.",
        target="lvmctl.diagnostics.data.spectrum.spectrum:StoreGeometry",
        options=GeometryOptions,
    ),
    DiagnosticSpec(
        name="direction",
        summary="How much arrow of time a store holds; recency and movement apart from it.",
        target="lvmctl.diagnostics.data.arrow.direction:Direction",
        options=DirectionOptions,
    ),
    DiagnosticSpec(
        name="ceilings",
        summary="What the best of each class of models can reach on this data.",
        target="lvmctl.diagnostics.data.ceilings:Ceilings",
        options=WindowOptions,
        takes="splits",
    ),
    DiagnosticSpec(
        name="feasibility",
        summary="Which gates of a profile can be met here, by which class of models.",
        target="lvmctl.diagnostics.data.feasibility:Feasibility",
        options=FeasibilityOptions,
        takes="splits",
    ),
    DiagnosticSpec(
        name="metrics",
        summary="How the published and the fair rules rank a perfect predictor and three others.",
        target="lvmctl.diagnostics.data.metric_audit:MetricAudit",
        options=MetricOptions,
        takes="splits",
    ),
    DiagnosticSpec(
        name="run",
        summary="What went wrong in a run, the cause first.",
        target="lvmctl.diagnostics.runs.run:RunDiagnosis",
        options=RunOptions,
        takes="run",
    ),
)
