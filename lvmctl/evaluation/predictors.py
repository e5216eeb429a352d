"""Trained runs, baselines and oracles as one thing: what predicts q from a context."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
import torch
from torch import Tensor

from lvmctl.core.batch import Pool
from lvmctl.core.chunks import Chunks
from lvmctl.core.errors import PluginError
from lvmctl.core.reporter import SILENT, Reporter
from lvmctl.data.windows import Windows
from lvmctl.evaluation.retrieval.ties import one_score_for_equals
from lvmctl.registry import Entry, Registry
from lvmctl.registry.build import build
from lvmctl.registry.faults import attribute_errors
from lvmctl.registry.find import CORE
from lvmctl.registry.specs import BaselineSpec, Geometry, Shape
from lvmctl.sphere import unit

BATCH = 1024


@dataclass(frozen=True)
class Predictor:
    """One row of every table.

    Attributes:
        name: ``p8``, ``direct``, ``ridge-centred``, ``span-oracle``, …
        kind: a trained ``run``, a causal ``baseline`` or an ``oracle`` that is shown the target.
        call: contexts (B, K, D) → q (B, D) of unit norm; an oracle takes the target (B, D) too.
        score: (context, :class:`~lvmctl.core.batch.Pool`) → (B, N); None means cos(q, candidate).
        geometry: what q can be, see :class:`~lvmctl.registry.specs.ModelSpec`.
        optional: a plugin's baseline, which an evaluation does without where it fails.
        reads: what its score reads of chunks beside their vectors.
        q_reads: its ``call`` reads that too, and takes the contexts' chunks (B, K).
    """

    name: str
    call: Callable[..., Tensor]
    kind: Literal["run", "baseline", "oracle"] = "baseline"
    score: Callable[[Tensor, Pool], Tensor] | None = None
    geometry: Geometry = "unit"
    optional: bool = False
    reads: tuple[str, ...] = ()
    q_reads: bool = False

    @property
    def is_ranker(self) -> bool:
        """Whether this is a run that ranks by its own score, not by the cosines of q."""
        return self.kind == "run" and self.score is not None

    @property
    def by_cosine(self) -> bool:
        """Whether candidates are ranked by cos(q, candidate) too, or by nothing else."""
        return self.score is None or self.is_ranker

    def __call__(self, windows: Windows, index: np.ndarray | None = None) -> np.ndarray:
        """Predictions (W, D) float32 for the windows ``index``, all by default."""
        index = np.arange(len(windows)) if index is None else index
        q = np.empty((len(index), windows.split.dim), dtype=np.float32)
        for low in range(0, len(index), BATCH):
            batch = index[low : low + BATCH]
            tensors = (torch.from_numpy(x(batch)) for x in (windows.context, windows.target))
            q[low : low + BATCH] = self.ask(*tensors, windows.at(windows.inside(batch)))
        return q

    def ask(self, context: Tensor, target: Tensor, window: Chunks | None = None) -> np.ndarray:
        """q (B, D) float32 for contexts (B, K, D); only an oracle is shown the targets (B, D), and
        only who reads more than vectors the chunks of the contexts (B, K)."""
        shown = (target,) if self.kind == "oracle" else (window,) if self.q_reads else ()
        with torch.inference_mode():
            q = self.call(context, *shown)
        return q.float().cpu().numpy()


def reading_newest(predictor: Predictor, context: int) -> Predictor:
    """``predictor`` as it is shown the newest ``context`` chunks of longer windows."""

    def call(window: Tensor, *shown: Any) -> Tensor:
        newest = (each[:, -context:] if predictor.q_reads else each for each in shown)
        return predictor.call(window[:, -context:], *newest)

    def score(window: Tensor, pool: Pool) -> Tensor:
        newest = pool.window and pool.window[:, -context:]
        return predictor.score(window[:, -context:], replace(pool, window=newest))

    return replace(predictor, call=call, score=predictor.score and score)


def row_name(registry: Registry, entry: Entry) -> str:
    """What a baseline's row is called. Core's keep their names, which gates judge against, also
    where a plugin declares another baseline of that name."""
    return entry.name if entry.plugin.origin == CORE else registry.address(entry)


def baselines(
    registry: Registry,
    shape: Shape,
    train: Windows | None = None,
    reporter: Reporter = SILENT,
) -> tuple[list[Predictor], list[str]]:
    """Every registered baseline and oracle, fitted where it learns.

    Args:
        registry: where the records come from.
        shape: what they are built for.
        train: windows to fit on and to take the mean chunk from; without them, what needs them is
            left out.
        reporter: told why a plugin's baseline that failed is left out, and the progress.

    Returns:
        The predictors, and the names of those left out.
    """
    predictors: list[Predictor] = []
    left_out: list[str] = []
    mean = None if train is None else train.split.mean()
    with reporter.progress("baselines", "predictors", len(baseline_names(registry))) as done:
        for entry in registry.entries("baseline"):
            record: BaselineSpec = entry.record
            name = row_name(registry, entry)
            ways = [(name, record.fitted, functools.partial(raw, train=train))]
            if record.centred:
                ways.append(
                    (f"{name}-centred", True, functools.partial(centred, train=train, mean=mean))
                )
            for called, learns, make in ways:
                try:
                    if train is None and learns:
                        left_out.append(called)
                    else:
                        predictors.append(make(registry, entry, called, shape))
                except PluginError as error:
                    if entry.plugin.origin == CORE:
                        raise
                    left_out.append(called)
                    reporter.info(f"{called} is left out: {error}")
                done(1)
    return predictors, left_out


def baseline_names(registry: Registry) -> list[str]:
    """What the rows of all baselines and oracles are called."""
    names = []
    for entry in registry.entries("baseline"):
        name = row_name(registry, entry)
        names += [name, f"{name}-centred"] if entry.record.centred else [name]
    return names


def raw(
    registry: Registry, entry: Entry, name: str, shape: Shape, train: Windows | None
) -> Predictor:
    """A baseline or an oracle as declared."""
    made = fitted(registry, entry, shape, train)
    kind = "oracle" if entry.record.oracle else "baseline"
    optional = entry.plugin.origin != CORE
    call = guarded(entry, finite(made) if optional else made, predicted)
    score = own_score(entry, made)
    return Predictor(name, call, kind, score, optional=optional)


def centred(
    registry: Registry, entry: Entry, name: str, shape: Shape, train: Windows, mean: np.ndarray
) -> Predictor:
    """A baseline that works on chunks minus the mean of the training chunks.

    Its prediction is the estimate plus that mean; candidates are ranked by the cosine of what is
    left when the mean is taken off both.
    """
    made = fitted(registry, entry, shape, Centred(train, mean))
    shift = torch.from_numpy(mean)

    estimated = guarded(entry, made.estimate, predicted)

    def estimate(context: Tensor) -> Tensor:
        return estimated(context - shift)

    def call(context: Tensor) -> Tensor:
        return unit(estimate(context) + shift)

    @functools.lru_cache(maxsize=1)  # a pool is asked for block by block
    def without_mean(vectors: Tensor) -> Tensor:
        return unit(vectors - shift)

    @functools.lru_cache(maxsize=1)  # windows are asked in one pool of their article after another
    def query(context: Tensor) -> Tensor:
        return unit(estimate(context))

    def score(context: Tensor, pool: Pool) -> Tensor:
        return one_score_for_equals(query(context) @ without_mean(pool.vectors).T, pool)

    return Predictor(name, call, "baseline", score, optional=entry.plugin.origin != CORE)


class Centred:
    """Windows whose chunks have ``mean`` (D,) taken off; what a centred baseline is fitted on."""

    def __init__(self, windows: Windows, mean: np.ndarray) -> None:
        self.windows, self.mean = windows, mean

    def __len__(self) -> int:
        return len(self.windows)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.windows, name)

    def context(self, index: np.ndarray) -> np.ndarray:
        """(B, K, D) float32."""
        return self.windows.context(index) - self.mean

    def target(self, index: np.ndarray) -> np.ndarray:
        """(B, D) float32."""
        return self.windows.target(index) - self.mean


def fitted(registry: Registry, entry: Entry, shape: Shape, train: Any) -> Any:
    """The baseline of a record with its default options, fitted if it learns."""
    made = build(registry, entry, options=entry.record.options(), shape=shape)
    if entry.record.fitted:
        with attribute_errors(entry):
            made.fit(train)
    return made


def own_score(entry: Entry, made: Any) -> Callable[[Tensor, Pool], Tensor] | None:
    """The ``score`` of a plugin's object, if it has one, which is given what its record reads, and
    of which equal candidates have one."""
    score, reads = getattr(made, "score", None), getattr(entry.record, "reads", ())
    if score is None:
        return None

    def reading(context: Tensor, pool: Pool) -> Tensor:
        return score(context, pool.for_reader(reads))

    guarded_score = guarded(entry, reading, scored)

    def alike(context: Tensor, pool: Pool) -> Tensor:
        scores = guarded_score(context, pool)
        return one_score_for_equals(scores, pool.for_reader(reads), reads)

    return alike


def guarded(
    entry: Entry, function: Callable[..., Tensor], expected_shape: Callable[..., tuple[int, ...]]
) -> Callable[..., Tensor]:
    """A plugin's function whose faults carry its name, a result of another shape among them."""

    def call(*args: Any) -> Tensor:
        with attribute_errors(entry):
            result = function(*args)
            shape, expected = tuple(result.shape), expected_shape(*args)
            if shape != expected:
                raise ValueError(f"it returned shape {shape}, not {expected}")
        return result

    return call


def finite(baseline: Callable[..., Tensor]) -> Callable[..., Tensor]:
    """A baseline whose predictions have to be numbers."""

    def call(*args: Tensor) -> Tensor:
        prediction = baseline(*args)
        if not prediction.isfinite().all():
            raise ValueError("its predictions contain NaN or infinity")
        return prediction

    return call


def predicted(context: Tensor, *_: Tensor) -> tuple[int, ...]:
    """The shape of predictions, (B, D)."""
    return len(context), context.shape[-1]


def scored(context: Tensor, pool: Pool) -> tuple[int, ...]:
    """The shape of scores, (B, N)."""
    return tuple(pool.candidates.shape)


def named(predictors: Sequence[Predictor], name: str) -> Predictor:
    """The predictor called ``name``."""
    return next(predictor for predictor in predictors if predictor.name == name)
