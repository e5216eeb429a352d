"""The figures of a store's geometry for a reader: sentences, tables and a plot."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from lvmctl.core.diagnosis import Table
from lvmctl.core.formatting import count, estimate, number
from lvmctl.diagnostics.estimates import format_estimate

if TYPE_CHECKING:
    from matplotlib.figure import Figure

NAMES = {
    "mean_norm": "norm of the mean chunk",
    "mean_cosine": "mean cosine, different articles",
    "top_1": "variance on 1 axis",
    "top_3": "variance on 3 axes",
    "top_10": "variance on 10 axes",
    "effective_rank": "effective rank, by entropy",
    "participation": "effective rank, participation",
}
HOW = {
    "centred": "taking the mean off",
    "minus-1": "taking off the mean and the leading component",
    "minus-2": "taking off the mean and the 2 leading components",
    "minus-3": "taking off the mean and the 3 leading components",
    "whitened": "whitening",
}
SPECTRUM = """isotropic: what as many chunks spread evenly would have. Effective rank: in how \
many directions the variance is. 95 % intervals resample articles."""
TRANSFORMS = """minus-n: less the mean and the n leading components; whitened: as much variance \
in every direction. change: less raw, 95 % interval."""
LABELS = {"r@5": "R@5", "mrr@10": "MRR@10"}


def sentence(spread: dict[str, dict[str, Any]], dim: int) -> str:
    """The verdict on the spectrum in one sentence."""
    cosine, rank, norm = (spread[n] for n in ("mean_cosine", "participation", "mean_norm"))
    if np.isnan(rank["value"]):
        return "All chunks are one vector."
    if np.isnan(cosine["value"]):
        ordinary = number(norm["isotropic"])
        lean = f"The mean chunk has norm {number(norm['value'])} (isotropic: {ordinary})"
    else:
        alike = format_estimate(cosine)
        lean = f"Chunks of different articles have mean cosine {alike} (isotropic: 0)"
    return (
        f"{lean}, and their variance fills {format_estimate(rank, 1)} of {dim} directions "
        f"(isotropic: {number(rank['isotropic'], 1)})."
    )


def change(retrieval: dict[str, Any]) -> str:
    """The transform that helps ``direct`` most, with what it changes, or that none does."""
    if "reason" in retrieval:
        return f"what a transform would change is unknown: {retrieval['reason']}"
    tried, name = retrieval["transforms"], retrieval["best"]
    if not tried:
        return ""
    top = name or max(tried, key=lambda other: tried[other]["r@5"]["difference"])
    changes = " and ".join(
        f"{LABELS[figure]} by {estimate(record['difference'], record['ci'], signed=True)} to "
        f"{number(record['value'])}"
        for figure, record in tried[top].items()
    )
    if name is None:
        return (
            f"no transform surely helps `direct` in its article; the best, {HOW[top]}, changes "
            f"{changes}"
        )
    fitted = "the train articles" if retrieval["fitted_on"] == "train" else "all articles"
    return (
        f"{HOW[top]}, fitted on {fitted}, changes {changes} for `direct` in its article "
        f"(lvmctl train --set transform={top})"
    )


def tables(figures: dict[str, Any]) -> tuple[Table, ...]:
    """Spectrum and transforms; norms and hubs are details."""
    norms, hubs, retrieval = figures["norms"], figures["hubness"], figures["retrieval"]

    def row(name: str, record: dict[str, Any], digits: int = 3) -> tuple[Any, ...]:
        usual = number(record["isotropic"], digits)
        return name, format_estimate(record, digits), usual

    spread = tuple(
        row(NAMES[name], record, 1 if "rank" in NAMES[name] else 3)
        for name, record in figures["spectrum"].items()
    )
    made = [Table(("figure", "value", "isotropic"), spread, "Mean and spectrum", SPECTRUM)]
    if raw := retrieval.get("raw"):
        rows = [
            ("raw", *(cell for record in raw.values() for cell in (number(record["value"]), "")))
        ]
        for name, by_figure in retrieval["transforms"].items():
            cells = []
            for record in by_figure.values():
                gained = estimate(record["difference"], record["ci"], signed=True)
                cells += [number(record["value"]), gained]
            rows.append((name, *cells))
        head = ("chunks", *(name for figure in raw for name in (LABELS[figure], "change")))
        chance = ", ".join(f"{LABELS[f]} {number(record['chance'])}" for f, record in raw.items())
        title = (
            f"`direct` in its article, {count(retrieval['windows'], 'window')}; chance: {chance}"
        )
        made.append(Table(head, tuple(rows), title, TRANSFORMS))
    places = {"within articles": hubs["in_article"], "in a sample of the store": hubs["store"]}
    skew = tuple(row(place, record) for place, record in places.items() if "value" in record)
    lengths = tuple((name, *map(number, each.values())) for name, each in norms.items())
    return (
        *made,
        Table(("norms", *norms["stored"]), lengths, "Norms of the vectors", detail=True),
        Table(
            ("skewness", "value", "isotropic"),
            skew,
            f"Hubs among {hubs['k']} neighbours",
            detail=True,
        ),
    )


def plot_spectrum(shares: np.ndarray, chunks: int, counts: dict[str, np.ndarray], k: int) -> Figure:
    """``shares`` (D,), eigenvalues of N ``chunks`` divided by their sum, beside those of isotropic
    ones; and ``counts``, how often chunks of a sample, and isotropic ones, are among k
    neighbours."""
    from matplotlib.figure import Figure

    shares = np.nan_to_num(shares)  # of chunks that are all alike
    figure = Figure((9, 4), layout="constrained")
    left, right = figure.subplots(1, 2)
    left.plot(np.arange(1, len(shares) + 1), shares, ".-", label="this store")
    left.axhline(1 / len(shares), color="black", linestyle="--", label="isotropic")
    left.set(xscale="log", xlabel="component", ylabel="share of the variance")
    if (shares > 0).any():
        left.set_yscale("log")
        left.set_ylim(shares[shares > 1e-6].min() / 2, 1)  # the rest is rounding
    left.set_title(f"Spectrum of {chunks:,} chunks")
    edges = np.arange(max(each.max() for each in counts.values()) + 2) - 0.5
    for (label, each), style in zip(counts.items(), ("-", "--")):
        share = np.histogram(each, edges)[0] / len(each)
        right.step(edges[:-1] + 0.5, share, where="mid", linestyle=style, label=label)
    right.axvline(k, color="grey", linewidth=0.8)
    right.set(xlabel=f"times among the {k} nearest of others", ylabel="share of chunks")
    right.set_title("Hubs")
    for axes in (left, right):
        axes.legend(frameon=False)
    return figure
