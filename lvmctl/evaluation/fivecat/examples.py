"""Windows to read: some whose next chunk a run ranks first in its article, some where far down."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from lvmctl.core.batch import Pool
from lvmctl.data.windows import Windows
from lvmctl.evaluation.measure import PRIMARY, PredictorMetrics
from lvmctl.evaluation.retrieval.ranks import pool_mask

SHOWN = 3
"""Of each kind."""


def examples(windows: Windows, metrics: PredictorMetrics, q: np.ndarray) -> dict[str, Any]:
    """Hits (the target is first of its primary pool) and misses (it is in the lower half).

    Which are shown depends on their order alone: of each kind, in the order of the windows, the
    middle one of each third. ``q`` (W, D) float32 are the run's predictions.

    Returns:
        ``hits`` and ``misses``, each with its ``count`` and what is ``shown``: the rows in the
        store of the ``last`` chunk read, of the ``target`` and of the chunk ranked ``first``, the
        target's ``rank``, the ``pool`` size and the ``article``.
    """
    ranked = metrics.ranks[PRIMARY]
    choice = ranked.sizes > 1  # the only candidate is neither
    kinds = {
        "hits": choice & (ranked.ranks == 1),
        "misses": choice & (ranked.ranks > ranked.sizes / 2),
    }
    return {
        kind: {
            "count": int(chosen.sum()),
            "shown": [
                {
                    **places(windows, metrics, q, int(ranked.rows[i])),
                    "rank": float(ranked.ranks[i]),
                    "pool": int(ranked.sizes[i]),
                }
                for i in spaced(np.flatnonzero(chosen))
            ],
        }
        for kind, chosen in kinds.items()
    }


def spaced(index: np.ndarray) -> np.ndarray:
    """The middle one of each third of ``index`` (n,); all of it where n is 3 or less."""
    if len(index) <= SHOWN:
        return index
    return index[(np.arange(SHOWN) * 2 + 1) * len(index) // (2 * SHOWN)]


def places(windows: Windows, metrics: PredictorMetrics, q: np.ndarray, row: int) -> dict[str, Any]:
    """Rows of the chunks to read of window ``row``, and what its article is called."""
    number = windows.article[row]
    start, length = (int(x[number]) for x in (windows.split.starts, windows.split.lengths))
    chunks = torch.from_numpy(windows.split.unit_rows(start, start + length))
    first_chunk, every = windows.position[[row]], slice(0, length)
    inside = pool_mask("filtered", first_chunk, every, windows.context_length)
    if metrics.predictor.score is None:
        scores = torch.from_numpy(q[[row]]) @ chunks.T
    else:
        window = windows.inside(np.array([row]))
        read = windows.at(window), windows.at(np.arange(start, start + length))
        pool = Pool(chunks, torch.from_numpy(inside), None, *read)
        with torch.inference_mode():
            scores = metrics.predictor.score(torch.from_numpy(windows.chunks(window)), pool)
    scores = scores[0].float().cpu().numpy()
    best = int(np.where(inside[0] & np.isfinite(scores), scores, -np.inf).argmax())
    first = int(windows.rows[row])
    article = windows.split.articles[number]
    return {
        "article": str(article.get("title") or article.get("id") or number),
        "last": windows.split.store_row(number, first + windows.context_length - 1),
        "target": windows.split.store_row(number, first + windows.target_offset),
        "first": windows.split.store_row(number, start + best),
    }
