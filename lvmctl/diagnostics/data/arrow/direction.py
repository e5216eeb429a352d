"""How much arrow of time a store holds (docs/methods.md#what-margins-say, #arrow).

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
from lvmctl.diagnostics.data.arrow.direction_text import (
    change,
    sentence,
    strongest,
    tables,
    verdict,
)
from lvmctl.diagnostics.data.arrow.lags import LIMIT, lag_curve, recency
from lvmctl.diagnostics.data.arrow.predictability import FOLDS, predictability, ridge, transformer
from lvmctl.diagnostics.records import DirectionOptions
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
        """DataError for separate windows, and where no article has two chunks."""
        refuse_unordered(split)
        figures = self.measure(split, reporter)
        return Diagnosis(
            verdict(figures),
            sentence(figures),
            figures,
            tables(figures),
            change(figures),
            plot=lambda: plot_lags(figures),
        )

    def measure(self, split: Split, reporter: Reporter) -> dict[str, Any]:
        """All figures as plain data; what the articles are too few or too short for is left out."""
        options, seed = self.options, self.options.seed
        resampling = Resampling(len(split.lengths), seed)
        total = 4 + 2 * FOLDS + 2 * options.transformer
        with reporter.progress("forward and backward", "steps", total) as done:
            curve, telescoping = lag_curve(split, resampling)
            nearness = recency(split, resampling, options.context)
            done(1)
            lags, p = antisymmetry(split, permutations=options.permutations, seed=seed)
            done(1)
            lag = strongest(lags, p)
            figures = {
                "articles": len(split.lengths),
                "chunks": split.chunks,
                "context": options.context,
                "effect": lags[lag]["corrected"] | {"lag": lag, "p": p},
                "lag_curve": curve,
                "lags": {str(lag): record for lag, record in lags.items()},
            }
            if telescoping:
                figures["telescoping"] = telescoping | {"limit": LIMIT}
            if nearness:
                figures["recency"] = nearness
            sample = sample_windows(split, options.context + 1, options.windows, seed)
            if sample is not None:
                figures["classifier"] = {"chance": 0.5, **classify(sample, options.refits, seed)}
            done(1)
            if sample is not None:
                figures["network"] = {"chance": 0.5, "accuracy": network_accuracy(sample, seed)}
            done(1)
            common: dict[str, Any] = {"context": options.context, "max_windows": options.windows}
            common |= {"seed": seed, "done": done}
            predicted = {"ridge": predictability(split, ridge(seed), **common)}
            if options.transformer:
                # One part of the articles is held out: fitting it three times shows little more.
                fit = transformer(options.epochs, seed)
                predicted["transformer"] = predictability(split, fit, rounds=1, **common)
        figures["predictability"] = {name: each for name, each in predicted.items() if each}
        return figures


def refuse_unordered(split: Split) -> None:
    """Refuse what cannot be read in two directions."""
    if split.separate:
        raise DataError(
            "holds separate windows, whose order in their articles is unknown",
            where=split.name,
            hint="import files with article_ids and target_indices",
        )
    if not (split.lengths > 1).any():
        raise DataError(
            "no article has two chunks, so there is no order",
            where=split.name,
            hint="use a store of longer articles",
        )


def plot_lags(figures: dict[str, Any]) -> Figure:
    """The lag curve above, A_k against reversed articles below."""
    from matplotlib.figure import Figure

    figure = Figure((6, 6), layout="constrained")
    above, below = figure.subplots(2)
    curve, nowhere = figures["lag_curve"], [float("nan")] * 2
    lags = list(map(int, curve))
    low, high = zip(*(point["ci"] or nowhere for point in curve.values()))
    above.fill_between(lags, low, high, color="#cccccc", label="95 % interval over articles")
    values = [point["value"] for point in curve.values()]
    above.plot(lags, values, "ko-", markersize=4, label="r(k)")
    above.set(xlabel="lag k", ylabel="mean cosine", title="Recency: the same in both directions")
    above.legend(frameon=False)
    records = figures["lags"].values()
    lags = list(map(int, figures["lags"]))
    below.errorbar(
        lags,
        [record["null_mean"] for record in records],
        [2 * record["null_std"] for record in records],
        fmt="s",
        color="#0072B2",
        markerfacecolor="white",
        capsize=4,
        label="articles reversed at random, ± 2 standard deviations",
    )
    below.plot(lags, [record["A"] for record in records], "ko", label="A_k as measured")
    below.set(xlabel="lag k", ylabel="A_k", title="Arrow of time", xticks=lags)
    below.set_ylim(bottom=0)
    below.legend(frameon=False)
    return figure
