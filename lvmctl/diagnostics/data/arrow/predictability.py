"""Is the next chunk easier to predict than the previous one? (docs/methods.md#arrow)

The same procedure runs on the articles and on the articles reversed, window by window on the same
chunks: only their order of reading differs.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from torch import Tensor

from lvmctl.baselines.options import RidgeOptions
from lvmctl.baselines.ridge import Ridge
from lvmctl.data.sampling import epoch_order, step_windows, steps_per_epoch
from lvmctl.data.splits.assign import seeded_articles
from lvmctl.data.splits.split import Split, windows_per_article
from lvmctl.data.windows import Windows
from lvmctl.diagnostics.estimates import estimate_record
from lvmctl.evaluation.statistics.intervals import Resampling
from lvmctl.nn.linear_head import LinearHead
from lvmctl.nn.sequence.options import SequenceOptions
from lvmctl.registry.specs import Shape
from lvmctl.sphere import cosine

FOLDS = 3
SMALL = SequenceOptions(width=128, layers=2, heads=4, feedforward=256, dropout=0.0)
BATCH, RATE = 128, 1e-3

EQUAL = (
    "Equal predictability is no evidence against an arrow of time: a process may be as predictable "
    "backward as forward and still never run backward (docs/methods.md#arrow)."
)

Predictor = Callable[[Tensor], Tensor]
"""Context (B, K, D) → prediction (B, D) of unit norm."""

Fit = Callable[[Windows], Predictor]
"""Fits a predictor on windows."""


def predictability(
    split: Split,
    fit: Fit,
    context: int,
    max_windows: int,
    seed: int = 0,
    *,
    rounds: int = FOLDS,
    done: Callable[[int], object] = lambda count: None,
) -> dict[str, Any] | None:
    """Mean cosine of predictions in both directions, articles held out in turn.

    Args:
        split: articles in reading order; not a store of separate windows.
        max_windows: whole articles are taken in a seeded order until they hold so many.
        rounds: how many of the :data:`FOLDS` parts are held out in turn.
        done: called with 1 after every fit.

    Returns:
        Each with ``value`` in [-1, 1] and ``ci``: ``forward`` of the next chunk from the K before
        it; ``backward`` of the previous chunk from the K after it; their ``difference`` on the same
        chunks; ``margin_forward`` and ``margin_backward``, cosine to the target minus cosine to the
        window's ``last`` chunk (positive where the sequence moves, which a reversible one may too,
        docs/methods.md#best-prediction). And the held-out ``windows`` and ``articles`` of all
        folds. None where fewer than two articles hold a window. The intervals are over the articles
        held out: that other articles, or another seed, would have fitted other predictors is not in
        them, so a small difference whose interval leaves out 0 is no proof of anything.
    """
    counts = windows_per_article(split, context, 1)
    order = seeded_articles(counts, max_windows, seed, "arrow")
    if len(order) < 2:
        return None
    folds = min(FOLDS, len(order))
    values, article = [], []
    for fold in range(min(rounds, folds)):
        held = np.arange(len(order)) % folds == fold
        train, test = split.take(order[~held]), split.take(order[held])
        values.append(both_ways(train, test, fit, context, done))
        article.append(np.repeat(order[held], counts[order[held]]))
    names, place = np.unique(np.concatenate(article), return_inverse=True)
    (forward, forward_last), (backward, backward_last) = np.concatenate(values, axis=2)
    cosines = {
        "forward": forward,
        "backward": backward,
        "difference": forward - backward,
        "margin_forward": forward - forward_last,
        "margin_backward": backward - backward_last,
    }
    samples = {name: (cosine, place) for name, cosine in cosines.items()}
    ends = Resampling(len(names), seed).intervals(samples)
    records = {name: estimate_record(cosines[name].mean(), ends[name]) for name in cosines}
    return records | {"windows": len(place), "articles": len(names)}


def reversed_split(split: Split) -> Split:
    """A copy of a split's own chunks with every article in reverse order.

    Articles of a store of windows keep their target last, so they cannot be reversed: the caller
    has checked ``split.separate``.
    """
    ends = split.starts + split.lengths
    rows = [np.arange(end - 1, start - 1, -1) for start, end in zip(split.starts, ends)]
    starts = np.cumsum(split.lengths) - split.lengths
    vectors = np.ascontiguousarray(split.vectors[np.concatenate(rows)])
    return replace(split, vectors=vectors, starts=starts, name=f"{split.name}, reversed")


def both_ways(
    train: Split, test: Split, fit: Fit, context: int, done: Callable[[int], object]
) -> np.ndarray:
    """:func:`cosines` on ``test``, forward and backward, of the same chunks: (2, 2, W)."""
    forward = cosines(fit(Windows(train, context, 1)), Windows(test, context, 1))
    done(1)
    backward = cosines(
        fit(Windows(reversed_split(train), context, 1)), Windows(reversed_split(test), context, 1)
    )
    done(1)
    # The first window of an article read backward holds the chunks of its last one.
    counts = windows_per_article(test, context, 1)
    articles = np.split(backward, np.cumsum(counts)[:-1], axis=1)
    return np.stack([forward, np.concatenate([part[:, ::-1] for part in articles], axis=1)])


def cosines(predict: Predictor, windows: Windows) -> np.ndarray:
    """Cosine of each prediction to its target, and to its window's ``last``: (2, W) float64."""
    both = np.empty((2, len(windows)))
    with torch.no_grad():
        for low in range(0, len(windows), 1024):
            index = np.arange(low, min(low + 1024, len(windows)))
            context = torch.from_numpy(windows.context(index))
            predicted = predict(context)
            for row, chunk in enumerate((windows.target(index), windows.previous("last", index))):
                both[row, index] = cosine(predicted, torch.from_numpy(chunk)).double().numpy()
    return both


def ridge(seed: int = 0) -> Fit:
    """The linear map of the whole window, its penalty chosen on held-out articles."""

    def fit(windows: Windows) -> Predictor:
        shape = Shape(windows.split.dim, windows.context_length)
        return Ridge(RidgeOptions(seed=seed), shape).fit(windows)

    return fit


def transformer(epochs: int = 3, seed: int = 0) -> Fit:
    """A small free transformer, trained on the cosine of its prediction.

    Weights, order and batches are those of ``seed`` in both directions. The global generator of
    torch is left as it was.
    """

    def fit(windows: Windows) -> Predictor:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            model = LinearHead(SMALL, Shape(windows.split.dim, windows.context_length))
        adam = torch.optim.AdamW(model.parameters(), lr=RATE, weight_decay=0.01)
        for epoch in range(epochs):
            order = epoch_order(len(windows), seed, epoch)
            for step in range(steps_per_epoch(len(windows), BATCH)):
                index = step_windows(order, BATCH, step)
                target = torch.from_numpy(windows.target(index))
                q = model(torch.from_numpy(windows.context(index))).q
                adam.zero_grad()
                (1 - cosine(q, target)).mean().backward()
                adam.step()
        model.eval()
        return lambda context: model(context).q

    return fit
