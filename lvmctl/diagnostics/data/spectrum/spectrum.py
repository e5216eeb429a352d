"""How a store's chunks lie on the sphere, and whether moving them would help retrieval."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from lvmctl.core.diagnosis import Diagnosis
from lvmctl.core.errors import DataError
from lvmctl.core.reporter import Reporter
from lvmctl.data import Split, Windows
from lvmctl.data.moments import Moments, moments
from lvmctl.data.splits.assign import seeded_articles
from lvmctl.data.store.arrays import BLOCK_BYTES, open_npy, release, unit
from lvmctl.data.store.writer import NORMS
from lvmctl.data.transforms import transforms
from lvmctl.diagnostics.data.spectrum import eigenvalues as spectrum
from lvmctl.diagnostics.data.spectrum.hubness import (
    isotropic_rows,
    k_occurrences,
    skewness,
    skewness_terms,
)
from lvmctl.diagnostics.data.spectrum.spectrum_view import change, drawn, sentence, tables
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
    tried on the others; else both on all articles, which the reporter is told.
    """

    def __init__(self, options: GeometryOptions) -> None:
        self.options = options

    def __call__(self, subject: Split, reporter: Reporter) -> Diagnosis:
        """Look at all articles of ``subject``.

        Raises:
            DataError: it holds fewer than two chunks.
        """
        if subject.chunks < 2:
            what = f"holds {subject.chunks} chunk(s), which have no geometry"
            raise DataError(what, where=subject.name, hint="give a store of more chunks")
        with reporter.progress("spectrum", "chunks", subject.chunks) as done:
            groups = spectrum.grouped(subject, self.options.seed, done)
        whole = spectrum.summed(groups)
        hubs, counts = self._hubs(subject, reporter)
        spread = self._spectrum(groups, whole)
        figures = {
            "articles": len(subject.lengths),
            "chunks": subject.chunks,
            "dim": subject.dim,
            "norms": norms(subject),
            "spectrum": spread,
            "eigenvalues": whole.eigenvalues.tolist(),
            "hubness": hubs,
            "retrieval": self._retrieval(subject, whole, reporter),
        }
        return Diagnosis(
            verdict=verdict(spread),
            sentence=sentence(spread, subject.dim),
            figures=figures,
            tables=tables(figures),
            change=change(figures["retrieval"]),
            plot=lambda: drawn(whole.shares, subject.chunks, counts, self.options.neighbours),
        )

    def _spectrum(self, groups: list[Moments], whole: Moments) -> dict[str, dict[str, Any]]:
        """Each figure with its interval and, where it is known, its isotropic value."""
        ends = spectrum.intervals(groups, self.options.seed)
        by_chance = spectrum.isotropic(whole.chunks, len(whole.total))
        return {
            name: {"value": value, "ci": list(ends[name]), "isotropic": by_chance.get(name)}
            for name, value in spectrum.figures(whole).items()
        }

    def _hubs(
        self, split: Split, reporter: Reporter
    ) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
        """Skewness of k-occurrences within articles and in a sample, and the counts themselves."""
        k, rng = self.options.neighbours, np.random.default_rng(self.options.seed)
        rows = split.rows()
        article = np.repeat(np.arange(len(split.lengths)), split.lengths)
        chosen = rng.choice(len(rows), min(self.options.sample, len(rows)), replace=False)
        chosen.sort()
        within = self._ranked_articles(split)
        total = 2 * len(chosen) + 2 * int(split.lengths[within].sum())
        with reporter.progress("hubs", "chunks", total) as done:
            counts = k_occurrences(unit(split.vectors[rows[chosen]]), k, done)
            chance = k_occurrences(isotropic_rows(len(chosen), split.dim, rng), k, done)
            inside, usual = [], []
            for start, length in zip(split.starts[within], split.lengths[within]):
                own = split.unit_rows(start, start + length)
                inside.append(k_occurrences(own, k, done))
                usual.append(k_occurrences(isotropic_rows(length, split.dim, rng), k, done))
        draws = Resampling(len(split.lengths), self.options.seed)
        store = {
            "sample": len(chosen),
            "value": skewness(counts),
            "ci": list(draws.interval(skewness_terms(counts), article[chosen])),
            "isotropic": skewness(chance),
            "never": float((counts == 0).mean()),
            "largest": int(counts.max()),
        }
        values = np.array([skewness(found) for found in inside])
        articles: dict[str, Any] = {"articles": len(within)}
        if len(within):
            articles["value"] = float(values.mean())
            articles["ci"] = list(draws.interval(values, within))
            articles["isotropic"] = float(np.mean([skewness(found) for found in usual]))
        shown = {"store": counts, "isotropic": chance}
        return {"k": k, "in_article": articles, "store": store}, shown

    def _ranked_articles(self, split: Split) -> np.ndarray:
        """Articles in which chunks have more others than neighbours, as many as the sample allows
        and one at least, ascending."""
        shortest = max(self.options.min_article, self.options.neighbours + 2)
        chunks = np.where(split.lengths >= shortest, split.lengths, 0)
        room = ARTICLES * self.options.sample
        return np.sort(seeded_articles(chunks, room, self.options.seed, "hubness"))

    def _retrieval(self, split: Split, whole: Moments, reporter: Reporter) -> dict[str, Any]:
        """What transforms change in ``direct``, or the reason why it cannot be said."""
        options = self.options
        named = np.array([article.get("split") or "" for article in split.articles])
        held = np.flatnonzero((named != "train") & (named != ""))
        fitted_on = "train" if len(held) and (named == "train").any() else "all"
        fitted = whole
        if fitted_on == "train":
            train = split.take(np.flatnonzero(named == "train"))
            with reporter.progress("transforms", "chunks", train.chunks) as done:
                fitted = moments(train, done)
        else:
            held = np.arange(len(named))
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
            Windows(ranked, *shape)
            some = ranked.subset(options.windows, *shape, options.seed)
            tried = transforms(fitted)
            with reporter.progress("retrieval", "transforms", 1 + len(tried)) as done:
                found = trial(some, shape, tried, options.seed, done)
        except DataError as error:
            return {"fitted_on": fitted_on, "reason": str(error)}
        return {"fitted_on": fitted_on, "best": best(found), **found}


def verdict(spread: dict[str, dict[str, Any]]) -> str:
    """One word for figures of the spectrum."""
    cosine = spread["mean_cosine"]["value"]
    if np.isnan(cosine):  # of one article
        cosine = spread["mean_norm"]["value"] ** 2
    filled = spread["participation"]
    if cosine > COLLAPSED or np.isnan(filled["value"]):
        return "COLLAPSED"
    even = filled["value"] >= FILLED * filled["isotropic"]
    return "ISOTROPIC" if even and cosine <= LEANING else "ANISOTROPIC"


def norms(split: Split) -> dict[str, dict[str, float]]:
    """Quantiles of the rows' norms: ``stored``, and ``encoder``, before they were normalised, where
    the store has kept those."""
    rows = split.rows()
    stored = np.empty(len(rows))
    step = max(BLOCK_BYTES // (8 * split.dim), 1)
    for low in range(0, len(rows), step):
        part = slice(low, low + step)
        stored[part] = np.linalg.norm(split.vectors[rows[part]].astype(np.float64), axis=1)
        release(split.vectors)
    found = {"stored": quantiles(stored)}
    path = Path(split.source.get("path", "")) / NORMS
    if path.is_file() and "joined" not in split.source:
        kept = open_npy(path)
        if kept.shape == (len(split.vectors),):
            found["encoder"] = quantiles(np.asarray(kept[rows], np.float64))
    return found


def quantiles(values: np.ndarray) -> dict[str, float]:
    """Mean, standard deviation and QUANTILES of (n,) ``values``."""
    found = {"mean": float(values.mean()), "sd": float(values.std())}
    return found | {f"q{q:g}": float(v) for q, v in zip(QUANTILES, np.quantile(values, QUANTILES))}
