"""How much arrow of time a store holds (METHODS §2.1-2.3, §2.8).

Recency, movement and the arrow of time are measured apart; the verdict is of the arrow alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lvmctl.core.diagnosis import Diagnosis
from lvmctl.core.errors import DataError
from lvmctl.core.reporter import Reporter
from lvmctl.data.splits.split import Split
from lvmctl.diagnostics.data.arrow.antisymmetry import antisymmetry
from lvmctl.diagnostics.data.arrow.arrow_classifier import (
    classify,
    network_accuracy,
    sample_windows,
)
from lvmctl.diagnostics.data.arrow.direction_options import DirectionOptions
from lvmctl.diagnostics.data.arrow.direction_text import change, figures, sentence, tables, verdict
from lvmctl.diagnostics.data.arrow.lags import lag_curve, recency
from lvmctl.diagnostics.data.arrow.measurements import Readings
from lvmctl.diagnostics.data.arrow.predictability import (
    FOLDS,
    predictability,
    ridge,
    transformer,
)
from lvmctl.evaluation.statistics.intervals import Resampling

if TYPE_CHECKING:
    from matplotlib.figure import Figure


class Direction:
    """Is the store's text, read backward, another process?

    The verdict's p is of the largest A_k over the lags, so that it holds its level; the effect is
    A_1 without its noise.
    """

    def __init__(self, options: DirectionOptions) -> None:
        self.options = options

    def __call__(self, split: Split, reporter: Reporter) -> Diagnosis:
        """Diagnose a store.

        Raises:
            DataError: separate windows, or no article of two chunks.
        """
        found = self.read(split, reporter)
        return Diagnosis(
            verdict(found),
            sentence(found),
            figures(found),
            tables(found),
            change(found),
            plot=lambda: drawn(found),
        )

    def read(self, split: Split, reporter: Reporter) -> Readings:
        """Measure everything, one seed for all."""
        options, seed = self.options, self.options.seed
        check(split)
        resampling = Resampling(len(split.lengths), seed)
        total = 4 + 2 * FOLDS + 2 * options.transformer
        with reporter.progress("forward and backward", "steps", total) as done:
            curve, telescoping = lag_curve(split, resampling)
            near = recency(split, resampling, options.context)
            done(1)
            lags, p = antisymmetry(split, permutations=options.permutations, seed=seed)
            done(1)
            sample = sample_windows(split, options.context + 1, options.windows, seed)
            classifier = None if sample is None else classify(sample, options.refits, seed)
            done(1)
            network = None if sample is None else network_accuracy(sample, seed)
            done(1)
            common: dict[str, Any] = {"context": options.context, "most": options.windows}
            common |= {"seed": seed, "done": done}
            predicted = {"ridge": predictability(split, ridge(seed), **common)}
            if options.transformer:
                # One part of the articles is held out: fitting it three times shows little more.
                fit = transformer(options.epochs, seed)
                predicted["transformer"] = predictability(split, fit, rounds=1, **common)
        return Readings(
            articles=len(split.lengths),
            chunks=split.chunks,
            context=options.context,
            curve=curve,
            telescoping=telescoping,
            recency=near,
            lags=lags,
            p=p,
            classifier=classifier,
            network=network,
            predicted=predicted,
        )


def check(split: Split) -> None:
    """Refuse what cannot be read in two directions.

    Raises:
        DataError: separate windows, or no article of two chunks.
    """
    if split.separate:
        raise DataError(
            "holds separate windows, which have no direction apart from their articles'",
            where=split.name,
            hint="import files with article_ids and target_indices",
        )
    if not (split.lengths > 1).any():
        raise DataError(
            "no article has two chunks, so there is no order",
            where=split.name,
            hint="use a store of longer articles",
        )


def drawn(found: Readings) -> Figure:
    """The lag curve above, A_k against reversed articles below."""
    from matplotlib.figure import Figure

    figure = Figure((6, 6), layout="constrained")
    above, below = figure.subplots(2)
    lags = list(found.curve)
    low, high = zip(*(found.curve[lag].ci for lag in lags))
    above.fill_between(lags, low, high, color="#cccccc", label="95 % interval over articles")
    above.plot(lags, [found.curve[lag].value for lag in lags], "ko-", markersize=4, label="r(k)")
    above.set(xlabel="lag k", ylabel="mean cosine", title="Recency: the same in both directions")
    above.legend(frameon=False)
    each = found.lags
    below.errorbar(
        list(each),
        [one.null_mean for one in each.values()],
        [2 * one.null_std for one in each.values()],
        fmt="s",
        color="#0072B2",
        markerfacecolor="white",
        capsize=4,
        label="articles reversed at random, ± 2 standard deviations",
    )
    below.plot(list(each), [one.value for one in each.values()], "ko", label="A_k as measured")
    below.set(xlabel="lag k", ylabel="A_k", title="Arrow of time", xticks=list(each))
    below.set_ylim(bottom=0)
    below.legend(frameon=False)
    return figure
