"""How a store's chunks lie on the sphere, and whether moving them would help retrieval."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from lvmctl.core.diagnosis import Diagnosis
from lvmctl.core.errors import DataError
from lvmctl.core.hashes import read_record, require_recorded
from lvmctl.core.reporter import Reporter
from lvmctl.data import Split, Windows
from lvmctl.data.moments import Moments, moments
from lvmctl.data.splits.assign import seeded_articles
from lvmctl.data.store.arrays import blocks, open_npy, release, unit
from lvmctl.data.store.writer import NORMS
from lvmctl.data.transforms import transforms
from lvmctl.diagnostics.data.spectrum import eigenvalues as spectrum
from lvmctl.diagnostics.data.spectrum.hubness import (
    isotropic_rows,
    k_occurrences,
    skewness,
    skewness_terms,
)
from lvmctl.diagnostics.data.spectrum.spectrum_view import change, plot_spectrum, sentence, tables
from lvmctl.diagnostics.data.spectrum.transform_trial import best, trial
from lvmctl.diagnostics.records import GeometryOptions
from lvmctl.evaluation.statistics.intervals import Resampling

QUANTILES = (0.0, 0.05, 0.5, 0.95, 1.0)
COLLAPSED = 0.9
"""Mean cosine of different articles from which on all chunks say the same."""
LEANING = 0.05
"""Mean cosine of different articles from which on a store is not isotropic."""
ARTICLES = 4
"""Chunks of whole articles, per chunk of the sample, whose hubs within articles are counted."""
FILLED = 0.5
"""Share of an isotropic store's participation below which a store is not isotropic."""


class StoreGeometry:
    """Norms, anisotropy, effective rank, hubs, and transforms of a store.

    The verdict is COLLAPSED where chunks of different articles have a mean cosine above .9,
    ANISOTROPIC where it is above .05 or the participation ratio is below half of an isotropic
    store's, else ISOTROPIC. Every figure of the spectrum stands beside its interval and beside what
    independent isotropic chunks of that number and width have.

    Transforms are fitted on the train articles, where the store has any and others beside them, and
    tried on the others; else both on all articles, which is reported.
    """

    def __init__(self, options: GeometryOptions) -> None:
        self.options = options

    def __call__(self, subject: Split, reporter: Reporter) -> Diagnosis:
        """DataError where there are fewer than two chunks."""
        if subject.chunks < 2:
            what = f"holds {subject.chunks} chunk(s), which have no geometry"
            raise DataError(what, where=subject.name, hint="give a store of more chunks")
        with reporter.progress("spectrum", "chunks", subject.chunks) as done:
            groups = spectrum.grouped(subject, self.options.seed, done)
        whole = spectrum.summed(groups)
        ends = spectrum.intervals(groups, self.options.seed)
        by_chance = spectrum.isotropic(whole.chunks, subject.dim)
        values = {
            name: {"value": value, "ci": list(ends[name]), "isotropic": by_chance.get(name)}
            for name, value in spectrum.figures(whole).items()
        }
        hubs, counts = self._hubs(subject, reporter)
        figures = {
            "articles": len(subject.lengths),
            "chunks": subject.chunks,
            "dim": subject.dim,
            "norms": norms(subject),
            "spectrum": values,
            "eigenvalues": whole.eigenvalues.tolist(),
            "hubness": hubs,
            "retrieval": self._retrieval(subject, whole, reporter),
        }
        return Diagnosis(
            verdict=verdict(values),
            sentence=sentence(values, subject.dim),
            figures=figures,
            tables=tables(figures),
            change=change(figures["retrieval"]),
            plot=lambda: plot_spectrum(
                whole.shares, subject.chunks, counts, self.options.neighbours
            ),
        )

    def _hubs(
        self, split: Split, reporter: Reporter
    ) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
        """Skewness of k-occurrences within articles and in a sample, and the sample's counts."""
        options, k = self.options, self.options.neighbours
        rng = np.random.default_rng(options.seed)
        rows = split.rows()
        article = np.repeat(np.arange(len(split.lengths)), split.lengths)
        chosen = np.sort(rng.choice(len(rows), min(options.sample, len(rows)), replace=False))
        shortest = max(options.min_article, k + 2)  # chunks have more others than neighbours
        chunks = np.where(split.lengths >= shortest, split.lengths, 0)
        within = seeded_articles(chunks, ARTICLES * options.sample, options.seed, "hubness")
        within = np.sort(within)
        lengths = np.minimum(split.lengths, ARTICLES * options.sample)  # the begin of a long one
        total = 2 * len(chosen) + 2 * int(lengths[within].sum())
        with reporter.progress("hubs", "chunks", total) as done:
            counts = k_occurrences(unit(split.vectors[rows[chosen]]), k, done)
            chance = k_occurrences(isotropic_rows(len(chosen), split.dim, rng), k, done)
            inside, usual = np.empty(len(within)), np.empty(len(within))
            for place, index in enumerate(within):
                start, length = split.starts[index], lengths[index]
                rows_of_article = split.unit_rows(start, start + length)
                inside[place] = skewness(k_occurrences(rows_of_article, k, done))
                random = isotropic_rows(length, split.dim, rng)
                usual[place] = skewness(k_occurrences(random, k, done))
        draws = Resampling(len(split.lengths), options.seed)
        store = {
            "sample": len(chosen),
            "value": skewness(counts),
            "ci": list(draws.interval(skewness_terms(counts), article[chosen])),
            "isotropic": skewness(chance),
            "never": float((counts == 0).mean()),
            "largest": int(counts.max()),
        }
        articles: dict[str, Any] = {"articles": len(within)}
        if len(within):
            articles["value"] = float(inside.mean())
            articles["ci"] = list(draws.interval(inside, within))
            articles["isotropic"] = float(usual.mean())
        hubs = {"k": k, "in_article": articles, "store": store}
        return hubs, {"this store": counts, "isotropic": chance}

    def _retrieval(self, split: Split, whole: Moments, reporter: Reporter) -> dict[str, Any]:
        """What transforms change in ``direct``, or the reason why it is not known."""
        options = self.options
        named = np.array([article.get("split") or "" for article in split.articles])
        held, train = np.flatnonzero((named != "train") & (named != "")), named == "train"
        if len(held) and train.any():
            fitted_on, train_split = "train", split.take(np.flatnonzero(train))
            with reporter.progress("transforms", "chunks", train_split.chunks) as done:
                fitted = moments(train_split, done)
        else:
            fitted_on, fitted, held = "all", whole, np.arange(len(named))
            reporter.info(
                f"{split.name} has no train articles beside others: transforms are fitted on the "
                "articles they are tried on, which flatters them a little"
            )
        held = held[split.lengths[held] >= options.min_article]
        if not len(held):
            reason = f"no article has {options.min_article} chunks or more"
            return {"fitted_on": fitted_on, "reason": reason}
        shape, ranked = (options.context, options.horizon), split.take(held)
        try:
            Windows(ranked, *shape)  # an article is long enough
            chosen = ranked.subset(options.windows, *shape, options.seed)
            candidates, shape = transforms(fitted), (*shape, options.windows)
            total = (1 + len(candidates)) * len(Windows(chosen, *shape))
            with reporter.progress("retrieval", "windows", total) as done:
                tried = trial(chosen, shape, candidates, options.seed, done)
        except DataError as error:
            return {"fitted_on": fitted_on, "reason": str(error)}
        return {"fitted_on": fitted_on, "best": best(tried), **tried}


def verdict(values: dict[str, dict[str, Any]]) -> str:
    """One word for figures of the spectrum."""
    cosine = values["mean_cosine"]["value"]
    if np.isnan(cosine):  # of one article
        cosine = values["mean_norm"]["value"] ** 2
    filled = values["participation"]
    if cosine > COLLAPSED or np.isnan(filled["value"]):
        return "COLLAPSED"
    even = filled["value"] >= FILLED * filled["isotropic"]
    return "ISOTROPIC" if even and cosine <= LEANING else "ANISOTROPIC"


def norms(split: Split) -> dict[str, dict[str, float]]:
    """Quantiles of the rows' norms: ``stored``, and ``encoder``, before they were normalised, where
    the store has kept those."""
    rows = split.rows()
    stored = np.empty(len(rows))
    for low, high in blocks(len(rows), 8 * split.dim):
        part = split.vectors[rows[low:high]].astype(np.float64)
        stored[low:high] = np.linalg.norm(part, axis=1)
        release(split.vectors)
    quantiles = {"stored": quantiles_of(stored)}
    path = Path(split.source.get("path", "")) / NORMS
    if path.is_file() and "joined" not in split.source:
        require_recorded(path, read_record(path.parent, DataError), DataError)
        before = open_npy(path)
        if before.shape == (len(split.vectors),):
            quantiles["encoder"] = quantiles_of(np.asarray(before[rows], np.float64))
    return quantiles


def quantiles_of(values: np.ndarray) -> dict[str, float]:
    """Mean, standard deviation and QUANTILES of (n,) ``values``."""
    quantiles = zip(QUANTILES, np.quantile(values, QUANTILES).tolist())
    return {"mean": float(values.mean()), "sd": float(values.std())} | {
        f"q{q:g}": value for q, value in quantiles
    }
