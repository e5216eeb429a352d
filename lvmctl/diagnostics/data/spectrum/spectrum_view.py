"""The figures of a store's geometry for a reader: sentences, tables and a plot."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from lvmctl.core.diagnosis import Table
from lvmctl.core.formatting import estimate, number
from lvmctl.diagnostics.data.spectrum.transform_trial import SHOWN

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
LABELS = {"r@5": "R@5", "mrr@10": "MRR@10"}


def sentence(spread: dict[str, dict[str, Any]], dim: int) -> str:
    """The verdict on the spectrum in one sentence."""
    cosine, rank = spread["mean_cosine"], spread["participation"]
    norm = spread["mean_norm"]
    if np.isnan(rank["value"]):
        return "All chunks are one vector."
    alike = estimate(cosine["value"], cosine["ci"])
    lean = f"chunks of different articles have mean cosine {alike} (isotropic: 0)"
    if np.isnan(cosine["value"]):
        length, ordinary = number(norm["value"]), number(norm["isotropic"])
        lean = f"the mean chunk has norm {length} (isotropic: {ordinary})"
    return (
        f"{lean[0].upper()}{lean[1:]}, and their variance fills "
        f"{estimate(rank['value'], rank['ci'], 1)} of {dim} directions "
        f"(isotropic: {number(rank['isotropic'], 1)})."
    )


def change(retrieval: dict[str, Any]) -> str:
    """The transform that helps ``direct`` most, with what it changes, or that none does."""
    if "reason" in retrieval:
        return f"what a transform would change cannot be said: {retrieval['reason']}"
    tried = retrieval["transforms"]
    if not tried:
        return ""
    name = retrieval["best"]
    top = name or max(tried, key=lambda other: tried[other]["r@5"]["difference"])
    told = " and ".join(
        f"{LABELS[figure]} by {signed(tried[top][figure])} to {number(tried[top][figure]['value'])}"
        for figure in SHOWN
    )
    fitted = "the train articles" if retrieval["fitted_on"] == "train" else "all articles"
    if name is None:
        return (
            f"no transform surely helps `direct` in its article; the best, {HOW[top]}, changes "
            f"{told}"
        )
    return (
        f"{HOW[top]}, fitted on {fitted}, changes {told} for `direct` in its article "
        f"(lvmctl train --set transform={top})"
    )


def signed(figure: dict[str, Any]) -> str:
    """``+.012 [+.008, +.016]``."""
    return estimate(figure["difference"], figure["ci"], signed=True)


def tables(figures: dict[str, Any]) -> tuple[Table, ...]:
    """Norms, spectrum, hubs and transforms."""
    norms = figures["norms"]
    quantities = tuple(next(iter(norms.values())))
    norm_rows = tuple((name, *found.values()) for name, found in norms.items())
    spread = tuple(
        (NAMES[name], found["value"], *found["ci"], found["isotropic"])
        for name, found in figures["spectrum"].items()
    )
    hubs = tuple(
        (what, found["value"], *found["ci"], found["isotropic"])
        for what, found in (
            ("within articles", figures["hubness"]["in_article"]),
            ("in a sample of the store", figures["hubness"]["store"]),
        )
        if "value" in found
    )
    beside = ("value", "low", "high", "isotropic")
    found = [
        Table(("norms", *quantities), norm_rows, "Norms of the vectors"),
        Table(("figure", *beside), spread, "Mean and spectrum"),
        Table(("skewness", *beside), hubs, f"Hubs among {figures['hubness']['k']} neighbours"),
    ]
    retrieval = figures["retrieval"]
    if "raw" in retrieval:
        raw = tuple(("raw", LABELS[f], retrieval["raw"][f]["value"], "", "", "") for f in SHOWN)
        tried = tuple(
            (name, LABELS[f], by[f]["value"], by[f]["difference"], *by[f]["ci"])
            for name, by in retrieval["transforms"].items()
            for f in SHOWN
        )
        head = ("chunks", "figure", "value", "change", "low", "high")
        chance = ", ".join(f"{LABELS[f]} {number(retrieval['raw'][f]['chance'])}" for f in SHOWN)
        title = f"`direct` in its article, {retrieval['windows']:,} windows; chance: {chance}"
        found.append(Table(head, raw + tried, title))
    return tuple(found)


def drawn(shares: np.ndarray, chunks: int, counts: dict[str, np.ndarray], k: int) -> Figure:
    """Eigenvalues beside those of isotropic chunks, and how often chunks are neighbours.

    Args:
        shares: (D,) eigenvalues divided by their sum.
        chunks: N, the number of chunks they come from.
        counts: k-occurrences of a sample, and of as many isotropic chunks.
        k: neighbours.
    """
    from matplotlib.figure import Figure

    shares = np.nan_to_num(shares)  # of chunks that are all alike
    figure = Figure((9, 4), layout="constrained")
    left, right = figure.subplots(1, 2)
    rank = np.arange(1, len(shares) + 1)
    left.plot(rank, shares, ".-", label="this store")
    left.axhline(1 / len(shares), color="black", linestyle="--", label="isotropic")
    left.set(xscale="log", xlabel="component", ylabel="share of the variance")
    if (shares > 0).any():
        left.set_yscale("log")
        left.set_ylim(shares[shares > 1e-6].min() / 2, 1)  # the rest is rounding
    left.set_title(f"Spectrum of {chunks:,} chunks")
    edges = np.arange(max(found.max() for found in counts.values()) + 2) - 0.5
    for (name, found), style in zip(counts.items(), ("-", "--")):
        label = "this store" if name == "store" else "isotropic"
        share = np.histogram(found, edges)[0] / len(found)
        right.step(edges[:-1] + 0.5, share, where="mid", linestyle=style, label=label)
    right.axvline(k, color="grey", linewidth=0.8)
    right.set(xlabel=f"times among the {k} nearest of others", ylabel="share of chunks")
    right.set_title("Hubs")
    for axes in (left, right):
        axes.legend(frameon=False)
    return figure
