"""Split parity for a reader: tables and a plot of the lag curves."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lvmctl.core.diagnosis import Table
from lvmctl.core.formatting import MISSING, estimate, interval, number, p_value, signed

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
    found = [_traits(splits, figures["horizon"])]
    for other, differences in figures["differences"].items():
        informs = "" if other == "val" else " (informs, does not decide)"
        rows = tuple(
            (
                label(name),
                signed(own["value"], DIGITS),
                interval(own["ci"], DIGITS, signed=True) or MISSING,
                interval(own["simultaneous"], DIGITS, signed=True) or MISSING,
                own["threshold"],
                p_value(own["p"]),
            )
            for name, own in differences.items()
        )
        together = f"{100 * (1 - figures['level']):g} % for all together"
        header = ("trait", "difference", "95 % interval", together, "threshold", "p (max)")
        found.append(Table(header, rows, f"train - {other}{informs}"))
    found.append(_quantiles(splits))
    rows = tuple(
        (
            f"train, {other}",
            number(own["value"], DIGITS),
            number(own["relative"]),
            number(own["chance"], DIGITS),
            p_value(own["p"]),
        )
        for other, own in figures["energy"].items()
        if own is not None
    )
    header = ("splits", "distance", "relative", "95 % of chance below", "p")
    found.append(Table(header, rows, "Energy distance of chunk vectors (informs)"))
    return tuple(table for table in found if table.rows)


def curves(figures: dict[str, Any]) -> Figure:
    """The lag curves of the splits with their 95 % intervals."""
    from matplotlib.figure import Figure
    from matplotlib.ticker import MaxNLocator

    figure = Figure(figsize=(6, 4), layout="constrained")
    axes = figure.subplots()
    for name, own in figures["splits"].items():
        color, line, marker = LOOKS[name]
        curve = own["lag_curve"]
        lags = [int(lag) for lag in curve]
        values = [point["value"] for point in curve.values()]
        text = f"{name} ({own['articles']:,} articles)"
        axes.plot(lags, values, color=color, linestyle=line, marker=marker, label=text)
        ends = [point["ci"] or [point["value"]] * 2 for point in curve.values()]
        low, high = zip(*ends)
        axes.fill_between(lags, low, high, color=color, alpha=0.15, linewidth=0)
    axes.set(xlabel="lag (chunks)", ylabel="mean cosine", title="Lag curves with 95 % intervals")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.legend(frameon=False)
    return figure


def _traits(splits: dict[str, Any], horizon: int) -> Table:
    rows = [
        ("articles", *(f"{own['articles']:,}" for own in splits.values())),
        ("windows", *(f"{own['windows']:,}" for own in splits.values())),
    ]
    for lag in next(iter(splits.values()))["lag_curve"]:
        values = (_value(own["lag_curve"][lag]) for own in splits.values())
        rows.append((label(f"lag_{lag}"), *values))
    for name, text in LABELS.items():
        if name == "forward":
            text += ": telescopes to 0" if horizon == 1 else ": recency"
        rows.append((text, *(_value(own[name]) for own in splits.values())))
    return Table(("trait", *splits), tuple(rows), "Means over windows [95 % interval by article]")


def _quantiles(splits: dict[str, Any]) -> Table:
    rows = tuple(
        (label(name), split, *(number(value) for value in own["quantiles"][name].values()))
        for name in next(iter(splits.values()))["quantiles"]
        for split, own in splits.items()
    )
    shares = next(iter(next(iter(splits.values()))["quantiles"].values()))
    return Table(("trait", "split", *shares), rows, "Quantiles over windows")


def _value(own: dict[str, Any] | None) -> str:
    """``.4140 [.4030, .4250]``, ``-`` where there is none."""
    return MISSING if own is None else estimate(own["value"], own["ci"], DIGITS)
