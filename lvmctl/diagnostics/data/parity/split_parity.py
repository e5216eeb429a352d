"""Are validation windows made like training windows? (docs/methods.md#telescoping,
#recency, #uncertainty)

The rule is in :mod:`lvmctl.diagnostics.data.parity.parity_verdict`.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from lvmctl.core.diagnosis import Diagnosis
from lvmctl.core.errors import DataError, UsageError
from lvmctl.core.formatting import number, p_value
from lvmctl.core.reporter import Reporter
from lvmctl.data.splits.open import Splits
from lvmctl.data.splits.split import Split
from lvmctl.data.windows import Windows
from lvmctl.diagnostics.data.parity.energy_distance import energy_distance
from lvmctl.diagnostics.data.parity.largest_difference import Comparison, compare
from lvmctl.diagnostics.data.parity.parity_verdict import Limit, judge, limits
from lvmctl.diagnostics.data.parity.parity_view import plot_curves, tables
from lvmctl.diagnostics.data.parity.window_traits import Traits, lag_name, measure, pairs
from lvmctl.diagnostics.estimates import estimate_record
from lvmctl.diagnostics.records import SplitParityOptions
from lvmctl.evaluation.statistics.intervals import Resampled, Resampling

DRAWN_ARTICLES = 4 * 10**7
"""Articles drawn for the intervals of a split, in all; splits of many articles get fewer draws."""
LABELS = 10**8
"""Articles permuted, in all; beyond that permutations are fewer, but at least MIN_PERMUTATIONS."""
MIN_PERMUTATIONS = 1000
LEVEL = 0.95
"""Of the interval of each figure alone."""


class SplitParity:
    """Compares training windows with validation windows, and reports those of other splits."""

    def __init__(self, options: SplitParityOptions) -> None:
        if options.significance * (options.permutations + 1) < 1:
            raise UsageError(
                f"{options.permutations} permutations cannot show a significance of "
                f"{options.significance:g}",
                hint=f"use at least {int(np.ceil(1 / options.significance)) - 1} permutations",
            )
        self.options = options

    def __call__(self, subject: Splits, reporter: Reporter) -> Diagnosis:
        """DataError where train or val holds no window of this context and horizon."""
        options, splits = self.options, subject.by_name
        windows = {name: self._windows(splits[name]) for name in ("train", "val")}
        notes = []
        for name in [name for name in splits if name not in windows]:
            try:
                windows[name] = self._windows(splits[name])
            except DataError as error:  # it informs and does not decide
                notes.append(f"{name} is left out: {error}")
        traits = {}
        for name, part in windows.items():
            with reporter.progress(f"{name} windows", "windows", len(part)) as done:
                traits[name] = measure(part, done)
        notes += data_notes(traits, options.context)
        for note in notes:
            reporter.info(note)
        train, others = traits["train"], [name for name in traits if name != "train"]
        tested = limits(train, options)
        resampled = resample(traits, options.seed)
        compared = {name: self._compare(train, traits[name], list(tested)) for name in others}
        energy = {
            name: energy_distance(splits["train"], splits[name], options.permutations, options.seed)
            for name in others
        }
        figures: dict[str, Any] = {
            "context": options.context,
            "horizon": options.horizon,
            "splits": {
                name: split_figures(traits[name], resampled[name], windows[name]) for name in traits
            },
            "differences": {
                name: difference_figures(
                    compared[name],
                    tested,
                    resampled["train"].minus(resampled[name]),
                    list(traits[name].sums),
                )
                for name in others
            },
            "energy": energy,
            "level": options.significance,
            "permutations": self._permutations(train, traits["val"]),
            "notes": notes,
        }
        verdict = judge(compared["val"], tested, train, traits["val"])
        sentence, distance = verdict.sentence, energy["val"]
        if verdict.word == "MATCH" and distance and distance["p"] <= options.significance:
            sentence = (
                f"{sentence[:-1]}; their vectors differ (energy distance "
                f"{number(distance['value'])}, p = {p_value(distance['p'])})."
            )
        return Diagnosis(
            verdict=verdict.word,
            sentence=sentence,
            figures=figures,
            tables=tables(figures),
            change=verdict.change,
            failed=verdict.word == "MISMATCH",
            plot=lambda: plot_curves(figures["splits"]),
        )

    def _windows(self, split: Split) -> Windows:
        return Windows(split, self.options.context, self.options.horizon)

    def _compare(self, first: Traits, second: Traits, names: list[str]) -> Comparison:
        return compare(
            tuple(np.stack([t.sums[name] for name in names], axis=1) for t in (first, second)),
            (first.windows, second.windows),
            self.options.significance,
            self._permutations(first, second),
            self.options.seed,
        )

    def _permutations(self, first: Traits, second: Traits) -> int:
        most = max(MIN_PERMUTATIONS, LABELS // (first.articles + second.articles))
        return min(self.options.permutations, most)


def resample(traits: dict[str, Traits], seed: int) -> dict[str, Resampled]:
    """All traits of each split in equally many draws of its articles."""
    most = max(t.articles for t in traits.values())
    draws = int(np.clip(DRAWN_ARTICLES // most, 200, 2000))
    return {
        name: Resampling(t.articles, seed, draws).resampled(
            [(sums, np.arange(t.articles), t.windows) for sums in t.sums.values()]
        )
        for name, t in traits.items()
    }


def data_notes(traits: dict[str, Traits], context: int) -> list[str]:
    """What the reader should know of windows that are separate or have one chunk."""
    notes = []
    separate = [name for name, t in traits.items() if t.separate]
    if separate:
        notes.append(
            f"{', '.join(separate)}: separate windows count as an article each; where they "
            "overlap, intervals are too narrow and p too small"
        )
    if context == 1:
        notes.append(
            "a context of 1 chunk has no older chunk: recency Δ, its share, coherence and the "
            "forward signal need --context 2 or more"
        )
    return notes


def split_figures(traits: Traits, resampled: Resampled, windows: Windows) -> dict[str, Any]:
    """Everything measured on one split, as plain data."""
    ends = zip(traits.sums, resampled.intervals(LEVEL))
    values = {name: estimate_record(traits.mean(name), interval) for name, interval in ends}
    k, h = windows.context_length, windows.horizon
    figures: dict[str, Any] = {
        "name": windows.split.name,
        "articles": traits.articles,
        "windows": len(windows),
        "separate_windows": traits.separate,
        "lag_curve": {str(pair.lag): values[lag_name(pair.lag)] for pair in pairs(windows)},
        "cos_first": values[lag_name(k - 1 + h)],
        "cos_last": values[lag_name(h)],
        **{name: values.get(name) for name in ("delta", "delta_positive", "coherence", "forward")},
        "quantiles": traits.quantiles,
    }
    if k > 1 and h == 1 and not traits.separate:
        figures["forward"]["bound"] = 2 * traits.articles / len(windows)
    return figures


def difference_figures(
    comparison: Comparison, tested: dict[str, Limit], resampled: Resampled, names: list[str]
) -> dict[str, dict[str, Any]]:
    """Train minus another split by trait; ``simultaneous`` are the intervals that decide."""
    ends = dict(zip(names, resampled.intervals(LEVEL)))
    columns = zip(
        tested.items(), comparison.difference, comparison.reach, comparison.p, strict=True
    )
    return {
        name: estimate_record(value, ends[name])
        | {
            "simultaneous": estimate_record(value, (value - reach, value + reach))["ci"],
            "threshold": limit.threshold,
            "p": None if np.isnan(p) else float(p),
        }
        for (name, limit), value, reach, p in columns
    }
