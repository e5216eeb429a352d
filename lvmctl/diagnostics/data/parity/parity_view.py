"""Split parity for a reader: tables and a plot of the lag curves."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lvmctl.core.diagnosis import Table
from lvmctl.core.formatting import count, number, p_value
from lvmctl.diagnostics.estimates import format_estimate

if TYPE_CHECKING:
    from matplotlib.figure import Figure

LABELS = {
    "cos_first": "cos(c_0, y)",
    "cos_last": "cos(c_last, y)",
    "delta": "recency Δ",
    "delta_positive": "share with Δ > 0",
    "coherence": "coherence",
    "forward": "forward signal",
}
LOOKS = {
    "train": ("black", "-", "o"),
    "val": ("#0072B2", "--", "s"),
    "test": ("#009E73", ":", "D"),
    "ood": ("#D55E00", "-.", "^"),
}
"""Colour, line and marker of each split (Okabe and Ito's palette)."""

TRAITS = """c_0 to c_last are the window's chunks, y is its target. recency Δ: cos(c_last, y) \
- cos(c_0, y). coherence: mean cosine of neighbours in the window. A mismatch is a difference \
beyond its threshold with p at most {level}; p is of the largest of all differences, articles \
permuted. Intervals are 95 % ones and resample articles."""
FORWARD = """forward signal: cos(c_last, y) - cos(c_last, c_second_last), which {says}."""


def label(name: str) -> str:
    """What a trait is, for a reader."""
    if name.startswith("lag_"):
        return f"cosine at lag {name.removeprefix('lag_')}"
    return LABELS[name]


def tables(figures: dict[str, Any]) -> tuple[Table, ...]:
    """Differences from train, then traits of each split, quantiles, energy distance."""
    splits, differences = figures["splits"], figures["differences"]
    made = [_differences(figures, other) for other in differences]
    together = f"Differences, {100 * (1 - figures['level']):g} % intervals for all together"
    rows = tuple(
        (label(name), *(_together(record[name]) for record in differences.values()))
        for name in differences["val"]
    )
    header = ("trait", *(f"train - {other}" for other in differences))
    made += [Table(header, rows, together, detail=True), _traits(splits, figures["horizon"])]
    first = splits["train"]["quantiles"]
    rows = tuple(
        (label(name), split, *map(number, record["quantiles"][name].values()))
        for name in first
        for split, record in splits.items()
    )
    shares = next(iter(first.values()))
    header = ("trait", "split", *shares)
    made.append(Table(header, rows, "Quantiles over windows", detail=True))
    rows = tuple(
        (
            f"train, {other}",
            *(number(record[name]) for name in ("value", "relative", "chance")),
            p_value(record["p"]),
        )
        for other, record in figures["energy"].items()
        if record is not None
    )
    header = ("splits", "distance", "relative", "95 % of chance below", "p")
    made.append(Table(header, rows, "Energy distance of chunk vectors (informs)", detail=True))
    return tuple(table for table in made if table.rows)


def _differences(figures: dict[str, Any], other: str) -> Table:
    """A row for each trait that is compared; ``val`` decides."""
    splits = figures["splits"]["train"], figures["splits"][other]

    def value(split: dict[str, Any], name: str) -> str:
        lag = name.removeprefix("lag_")
        return number((split["lag_curve"][lag] if lag != name else split[name])["value"])

    rows = tuple(
        (
            label(name),
            *(value(split, name) for split in splits),
            format_estimate(record, signed=True),
            number(record["threshold"]),
            p_value(record["p"]),
        )
        for name, record in figures["differences"][other].items()
    )
    header = ("trait", "train", other, "difference", "threshold", "p")
    if other != "val":
        return Table(header, rows, f"train - {other} (informs, does not decide)", detail=True)
    size = " and ".join(
        f"{count(s['articles'], 'article')}, {count(s['windows'], 'window')}" for s in splits
    )
    note = TRAITS.format(level=number(figures["level"], 2))
    return Table(header, rows, f"train and val: {size}", note)


def _together(record: dict[str, Any]) -> str:
    return format_estimate(record | {"ci": record["simultaneous"]}, signed=True)


def _traits(splits: dict[str, Any], horizon: int) -> Table:
    """A row for each trait, a column for each split."""
    rows = [
        (what, *(f"{split[what]:,}" for split in splits.values()))
        for what in ("articles", "windows")
    ]
    for lag in splits["train"]["lag_curve"]:
        records = (split["lag_curve"][lag] for split in splits.values())
        rows.append((label(f"lag_{lag}"), *map(format_estimate, records)))
    for name, text in LABELS.items():
        rows.append((text, *(format_estimate(split[name]) for split in splits.values())))
    note = FORWARD.format(says="telescopes to about 0" if horizon == 1 else "is recency")
    return Table(("trait", *splits), tuple(rows), "Means over windows", note, detail=True)


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
        text = f"{name} ({count(split['articles'], 'article')})"
        axes.plot(lags, values, color=color, linestyle=line, marker=marker, label=text)
        low, high = zip(*(point["ci"] or [point["value"]] * 2 for point in points))
        axes.fill_between(lags, low, high, color=color, alpha=0.15, linewidth=0)
    axes.set(xlabel="lag (chunks)", ylabel="mean cosine", title="Lag curves with 95 % intervals")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.legend(frameon=False)
    return figure
