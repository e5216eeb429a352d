"""How near a prediction will be to the true next chunk, as it was on validation windows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from lvmctl import Model, Split, Windows

WINDOWS = 4000
"""Windows that are looked at, evenly spaced over the split."""

BINS = 20
SMALLEST_BIN = 50


def closeness(q: np.ndarray, contexts: Sequence[np.ndarray]) -> np.ndarray:
    """(B,) mean cosine of a prediction to the chunks it was made from, known without the truth.

    Args:
        q: (B, D) unit vectors.
        contexts: B contexts (k, D) of unit chunks, which may differ in length.
    """
    return np.array([float((rows @ vector).mean()) for vector, rows in zip(q, contexts)])


@dataclass(frozen=True)
class Confidence:
    """The cosine to the true next chunk that windows of a like closeness had.

    Windows are sorted by :func:`closeness` into bins of equal count; between the means of two bins
    the value is interpolated.

    Attributes:
        closeness: (bins,) mean closeness of each bin.
        cosine: (bins,) mean cosine of prediction and true next chunk.
        windows: how many windows it is from.
    """

    closeness: np.ndarray
    cosine: np.ndarray
    windows: int

    @classmethod
    def fit(cls, model: Model, split: Split) -> Confidence:
        """Calibrate on the windows of a split that the model was not trained on."""
        return cls.of(*measured(model, split))

    @classmethod
    def of(cls, near: np.ndarray, cosines: np.ndarray) -> Confidence:
        """Calibrate on closeness and cosine (W,) of windows: at most 20 bins of at least 50."""
        count = int(np.clip(len(near) // SMALLEST_BIN, 1, BINS))
        bins = np.array_split(np.argsort(near, kind="stable"), count)
        means = [np.array([values[rows].mean() for rows in bins]) for values in (near, cosines)]
        return cls(means[0], means[1], len(near))

    def __call__(self, near: np.ndarray) -> np.ndarray:
        """Confidence (B,) of predictions by their closeness."""
        return np.interp(near, self.closeness, self.cosine)


def measured(model: Model, split: Split) -> tuple[np.ndarray, np.ndarray]:
    """Closeness and cosine to the true next chunk, (W,) each, of windows of a split."""
    windows = Windows(split, model.context_length, model.horizon)
    index = np.linspace(0, len(windows) - 1, min(WINDOWS, len(windows))).astype(np.int64)
    contexts, target = windows.context(index), model.transform(windows.target(index))
    q = model.predict(contexts, read=windows.at(windows.inside(index)))
    if model.transformed:
        contexts = np.stack([model.transform(rows) for rows in contexts])
    return closeness(q, list(contexts)), np.einsum("nd,nd->n", q, target)


def calibration_error(confidence: np.ndarray, cosines: np.ndarray, bins: int = 10) -> float:
    """Expected calibration error: windows sorted by confidence into bins of equal count; the mean
    over bins of |mean confidence - mean cosine|, weighted by their windows.

    Source:
        Naeini, Cooper, Hauskrecht, *Obtaining well calibrated probabilities using Bayesian
        binning*, AAAI 2015, with a cosine in the place of a probability.
    """
    parts = np.array_split(np.argsort(confidence, kind="stable"), min(bins, len(confidence)))
    off = [len(rows) * abs(confidence[rows].mean() - cosines[rows].mean()) for rows in parts]
    return float(sum(off) / len(confidence))
