"""Are validation windows made like training windows? (METHODS §2.1, §2.2, §3 Uncertainty)

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
from lvmctl.data.windows import Windows
from lvmctl.diagnostics.data.parity.energy_distance import Energy, energy_distance
from lvmctl.diagnostics.data.parity.largest_difference import Comparison, compare
from lvmctl.diagnostics.data.parity.parity_verdict import Limit, Verdict, judge, limits
from lvmctl.diagnostics.data.parity.parity_view import DIGITS, curves, tables
from lvmctl.diagnostics.data.parity.window_traits import Traits, lag_name, measure, pairs
from lvmctl.diagnostics.records import SplitParityOptions
from lvmctl.evaluation.statistics.intervals import Resampled, Resampling

DRAWN = 4 * 10**7
"""Articles drawn for the intervals of a split, in all; splits of many articles get fewer draws."""
LABELS = 10**8
"""Articles permuted, in all; beyond that permutations are fewer, but not below FEWEST."""
FEWEST = 1000
LEVEL = 0.95
"""Of the interval of each figure alone."""


class SplitParity:
    """Compare the windows of training and validation articles, and tell of those of the others."""

    def __init__(self, options: SplitParityOptions) -> None:
        if options.level * (options.permutations + 1) < 1:
            raise UsageError(
                f"{options.permutations} permutations cannot show a level of {options.level:g}",
                hint=f"use at least {int(np.ceil(1 / options.level)) - 1} permutations",
            )
        self.options = options

    def __call__(self, subject: Splits, reporter: Reporter) -> Diagnosis:
        """Diagnose ``subject``.

        Raises:
            DataError: train or val holds no window of this context and horizon.
        """
        options = self.options
        windows = {"train": self._windows(subject.train), "val": self._windows(subject.val)}
        notes = []
        for name in [name for name in subject.by_name if name not in windows]:
            try:
                windows[name] = self._windows(subject.by_name[name])
            except DataError as error:  # it informs and does not decide
                notes.append(f"{name} is left out: {error}")
        traits = {name: self._traits(name, own, reporter) for name, own in windows.items()}
        drawn = self._resampled(traits)
        notes += _notes(traits, options.context)
        for note in notes:
            reporter.info(note)
        tested = limits(traits["train"], options)
        compared, energies = {}, {}
        for other in [name for name in traits if name != "train"]:
            compared[other] = self._compare(traits["train"], traits[other], list(tested))
            energies[other] = energy_distance(
                subject.train, getattr(subject, other), options.permutations, options.seed
            )
        figures: dict[str, Any] = {
            "context": options.context,
            "horizon": options.horizon,
            "splits": {
                name: _split_figures(own, drawn[name], windows[name])
                for name, own in traits.items()
            },
            "differences": {
                other: _difference_figures(
                    comparison, tested, drawn["train"].minus(drawn[other]), list(traits[other].sums)
                )
                for other, comparison in compared.items()
            },
            "energy": {other: _energy_figures(energy) for other, energy in energies.items()},
            "level": options.level,
            "permutations": self._permutations(traits["train"], traits["val"]),
            "notes": notes,
        }
        verdict = judge(compared["val"], tested, traits["train"], traits["val"])
        return Diagnosis(
            verdict=verdict.word,
            sentence=verdict.sentence + _aside(verdict, energies["val"], options.level),
            figures=figures,
            tables=tables(figures),
            change=verdict.change,
            failed=verdict.word == "MISMATCH",
            plot=lambda: curves(figures),
        )

    def _windows(self, split: Any) -> Windows:
        return Windows(split, self.options.context, self.options.horizon)

    def _traits(self, name: str, windows: Windows, reporter: Reporter) -> Traits:
        with reporter.progress(f"{name} windows", "windows", len(windows)) as done:
            return measure(windows, done)

    def _compare(self, one: Traits, other: Traits, names: list[str]) -> Comparison:
        options = self.options
        return compare(
            tuple(np.stack([own.sums[name] for name in names], axis=1) for own in (one, other)),
            (one.windows, other.windows),
            options.level,
            self._permutations(one, other),
            options.seed,
        )

    def _permutations(self, one: Traits, other: Traits) -> int:
        most = max(FEWEST, LABELS // (one.articles + other.articles))
        return min(self.options.permutations, most)

    def _resampled(self, traits: dict[str, Traits]) -> dict[str, Resampled]:
        most = max(own.articles for own in traits.values())
        draws = int(np.clip(DRAWN // most, 200, 2000))
        return {
            name: Resampling(own.articles, self.options.seed, draws).resampled(
                [(sums, np.arange(own.articles), own.windows) for sums in own.sums.values()]
            )
            for name, own in traits.items()
        }


def _aside(verdict: Verdict, energy: Energy, level: float) -> str:
    """What a match leaves open, where the subjects of the splits differ."""
    if verdict.word != "MATCH" or not energy.p <= level:
        return ""
    return (
        f" Their vectors differ (energy distance {number(energy.distance, DIGITS)}, "
        f"p = {p_value(energy.p)}): other subjects, in sequences made alike."
    )


def _notes(traits: dict[str, Traits], context: int) -> list[str]:
    notes = []
    separate = [name for name, own in traits.items() if own.separate]
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


def _split_figures(own: Traits, drawn: Resampled, windows: Windows) -> dict[str, Any]:
    """Everything measured on one split, as plain data."""
    ends = dict(zip(own.sums, drawn.intervals(LEVEL)))
    values = {name: {"value": own.mean(name), "ci": _ends(ends[name])} for name in own.sums}
    k, h = windows.context_length, windows.horizon
    figures: dict[str, Any] = {
        "name": windows.split.name,
        "articles": own.articles,
        "windows": len(windows),
        "separate_windows": own.separate,
        "lag_curve": {str(pair.lag): values[lag_name(pair.lag)] for pair in pairs(windows)},
        "cos_first": values[lag_name(k - 1 + h)],
        "cos_last": values[lag_name(h)],
        **{name: values.get(name) for name in ("delta", "delta_positive", "coherence", "forward")},
        "quantiles": own.quantiles,
    }
    if k > 1 and h == 1 and not own.separate:
        figures["forward"]["bound"] = 2 * own.articles / len(windows)
    return figures


def _difference_figures(
    found: Comparison, tested: dict[str, Limit], resampled: Resampled, names: list[str]
) -> dict[str, dict[str, Any]]:
    """Train minus another split by trait; ``simultaneous`` are the intervals that decide."""
    ends = dict(zip(names, resampled.intervals(LEVEL)))
    columns = zip(tested.items(), found.difference, found.reach, found.p, strict=True)
    return {
        name: {
            "value": float(value),
            "ci": _ends(ends[name]),
            "simultaneous": _ends((value - reach, value + reach)),
            "threshold": limit.threshold,
            "p": None if np.isnan(p) else float(p),
        }
        for (name, limit), value, reach, p in columns
    }


def _energy_figures(energy: Energy) -> dict[str, Any] | None:
    """None where a split has fewer than two articles."""
    if np.isnan(energy.distance):
        return None
    return {
        "value": energy.distance,
        "relative": energy.relative,
        "p": energy.p,
        "chance": energy.chance,
        "articles": list(energy.articles),
    }


def _ends(interval: tuple[float, float]) -> list[float] | None:
    """``[low, high]``, None where articles are too few for an interval."""
    low, high = map(float, interval)
    return None if np.isnan(low) or np.isnan(high) else [low, high]
