"""Split parity for a reader: tables and a plot of the lag curves."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lvmctl.core.diagnosis import Table
from lvmctl.core.formatting import MISSING, interval, number, p_value, signed
from lvmctl.diagnostics.estimates import format_estimate

if TYPE_CHECKING:
    from matplotlib.figure import Figure

LABELS = {
    "cos_first": "cos(c_0, y)",
    "cos_last": "cos(c_last, y)",
    "delta": "recency Δ",
    "delta_positive": "the share of windows with Δ > 0",
    "coherence": "the coherence of adjacent chunks",
    "forward": "cos(c_last, y) - cos(c_last, c_second_last)",
}
LOOKS = {
    "train": ("black", "-", "o"),
    "val": ("#0072B2", "--", "s"),
    "test": ("#009E73", ":", "D"),
    "ood": ("#D55E00", "-.", "^"),
}
"""Colour, line and marker of each split (Okabe and Ito's palette)."""

DIGITS = 4
"""Of means and differences of cosines."""


def label(name: str) -> str:
    """What a trait is, for a reader."""
    if name.startswith("lag_"):
        return f"the cosine at lag {name.removeprefix('lag_')}"
    return LABELS[name]


def tables(figures: dict[str, Any]) -> tuple[Table, ...]:
    """Traits of each split, differences from train, quantiles, energy distance."""
    splits = figures["splits"]
    made = [_traits(splits, figures["horizon"])]
    for other, differences in figures["differences"].items():
        informs = "" if other == "val" else " (informs, does not decide)"
        rows = tuple(
            (
                label(name),
                signed(record["value"], DIGITS),
                interval(record["ci"], DIGITS, signed=True) or MISSING,
                interval(record["simultaneous"], DIGITS, signed=True) or MISSING,
                record["threshold"],
                p_value(record["p"]),
            )
            for name, record in differences.items()
        )
        together = f"{100 * (1 - figures['level']):g} % for all together"
        header = ("trait", "difference", "95 % interval", together, "threshold", "p (max)")
        made.append(Table(header, rows, f"train - {other}{informs}"))
    first = next(iter(splits.values()))["quantiles"]
    rows = tuple(
        (label(name), split, *map(number, record["quantiles"][name].values()))
        for name in first
        for split, record in splits.items()
    )
    shares = next(iter(first.values()))
    made.append(Table(("trait", "split", *shares), rows, "Quantiles over windows"))
    rows = tuple(
        (
            f"train, {other}",
            number(record["value"], DIGITS),
            number(record["relative"]),
            number(record["chance"], DIGITS),
            p_value(record["p"]),
        )
        for other, record in figures["energy"].items()
        if record is not None
    )
    header = ("splits", "distance", "relative", "95 % of chance below", "p")
    made.append(Table(header, rows, "Energy distance of chunk vectors (informs)"))
    return tuple(table for table in made if table.rows)


def _traits(splits: dict[str, Any], horizon: int) -> Table:
    """A row for each trait, a column for each split."""
    rows = [
        (what, *(f"{split[what]:,}" for split in splits.values()))
        for what in ("articles", "windows")
    ]
    for lag in next(iter(splits.values()))["lag_curve"]:
        records = (split["lag_curve"][lag] for split in splits.values())
        rows.append((label(f"lag_{lag}"), *(format_estimate(r, DIGITS) for r in records)))
    for name, text in LABELS.items():
        if name == "forward":
            text += ": telescopes to 0" if horizon == 1 else ": recency"
        cells = (format_estimate(split[name], DIGITS) for split in splits.values())
        rows.append((text, *cells))
    return Table(("trait", *splits), tuple(rows), "Means over windows [95 % interval by article]")


def plot_curves(splits: dict[str, Any]) -> Figure:
    """The lag curves of the splits with their 95 % intervals."""
    from matplotlib.figure import Figure
    from matplotlib.ticker import MaxNLocator

    figure = Figure(figsize=(6, 4), layout="constrained")
    axes = figure.subplots()
    for name, split in splits.items():
        color, line, marker = LOOKS[name]
        lags, points = list(map(int, split["lag_curve"])), split["lag_curve"].values()
        values = [point["value"] for point in points]
        text = f"{name} ({split['articles']:,} articles)"
        axes.plot(lags, values, color=color, linestyle=line, marker=marker, label=text)
        low, high = zip(*(point["ci"] or [point["value"]] * 2 for point in points))
        axes.fill_between(lags, low, high, color=color, alpha=0.15, linewidth=0)
    axes.set(xlabel="lag (chunks)", ylabel="mean cosine", title="Lag curves with 95 % intervals")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.legend(frameon=False)
    return figure
